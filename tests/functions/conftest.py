"""What tests of several functions need: AWS's events as files, and credentials that are good for nothing."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

EVENTS = Path(__file__).parents[1] / "events"


@pytest.fixture
def aws_event() -> Callable[[str], dict[str, Any]]:
    """Read an event of AWS's by the name of its file."""

    def read(name: str) -> dict[str, Any]:
        event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
        return event

    return read


@pytest.fixture(autouse=True, scope="session")
def _no_logger_is_kept() -> Iterator[None]:
    """A logger that is kept writes to the stdout of the test that used it first, which is closed by then."""
    configure = structlog.configure

    def configure_without_keeping(**settings: Any) -> None:
        configure(**settings | {"cache_logger_on_first_use": False})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", configure_without_keeping)
        yield


@pytest.fixture(autouse=True)
def _dummy_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may reach a real account, whatever this machine is logged in to."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)


def offering(event: dict[str, Any], *lines: tuple[str, str]) -> dict[str, Any]:
    """Return a `$connect` event whose client sent these header lines for its subprotocols, and no other.

    `headers` has the last line of a name, `multiValueHeaders` all of them, each name as the client wrote it.
    """
    return event | {
        "headers": _others(event["headers"]) | dict(lines),
        "multiValueHeaders": _others(event["multiValueHeaders"])
        | {name: [value for other, value in lines if other == name] for name, _ in lines},
    }


def _others(headers: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in headers.items() if name.lower() != "sec-websocket-protocol"}
