"""One small AWS for all cases: APIs, functions and queues made by plain boto3, run by the laptop stack.

A case names the facts of docs/aws-facts.md that it shows: `@pytest.mark.fact("WS-54")`. One that the stack gets wrong
is a strict `xfail`, with the reason. docs/local-fidelity.md is made from both, and from without_a_case.toml.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selador_local.clock import StackClock
from selador_local.data_plane.emulation import Emulation

from .clients import CLIENTS, Client
from .deployment import Deployment
from .stack import ACCOUNT_CONCURRENCY, Stack, running

FACTS = Path(__file__).parents[2] / "docs" / "aws-facts.md"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a case that names no fact, or one that isn't there."""
    known = set(re.findall(r"^- <a id=.+?></a>\*\*(.+?)\*\*", FACTS.read_text(encoding="utf-8"), re.MULTILINE))
    for item in items:
        if item.path.parent == Path(__file__).parent:
            named = {code for marker in item.iter_markers("fact") for code in marker.args}
            if not named or not named <= known:
                raise pytest.UsageError(f"{item.nodeid} names {named or 'no fact'}; facts are in {FACTS}")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("stack"), Emulation(account_concurrency=ACCOUNT_CONCURRENCY)) as stack:
        yield stack


@pytest.fixture(scope="session")
def deployment(stack: Stack) -> Deployment:
    deployed = Deployment(stack)
    stack.load()
    return deployed


@pytest.fixture(scope="session")
def fast_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose minute takes a tenth of a second."""
    clock = StackClock(600, time.time())
    with running(tmp_path_factory.mktemp("fast"), Emulation(clock=clock)) as stack:
        yield stack


@pytest.fixture(scope="session")
def fast_deployment(fast_stack: Stack) -> Deployment:
    deployed = Deployment(fast_stack)
    fast_stack.load()
    return deployed


@pytest.fixture(params=sorted(CLIENTS))
def client(request: pytest.FixtureRequest) -> Client:
    """A WebSocket client; each case runs with every one of them."""
    made: Client = CLIENTS[request.param]()
    return made


@pytest.fixture
def sqs(stack: Stack) -> Any:
    return stack.client("sqs")
