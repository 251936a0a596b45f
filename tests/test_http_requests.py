"""Every HTTP request that is made by hand says who makes it: firewalls refuse those that don't."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
_BY_HAND = re.compile(
    r"urllib\.request\.urlopen\(|http\.client\.HTTPS?Connection\(|AWSRequest\(\W|websockets\.connect\("
)
ONLY_SIGNS = "deploy/selador_deploy/smoke/smoke.py"
"""It signs a URL, which another module opens."""


def modules() -> Iterator[str]:
    """Yield the modules that open a connection for a request of their own; AWS's clients say who they are."""
    for folder in ("functions", "deploy", "local", "client", "packaging"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            module = str(path.relative_to(PROJECT))
            if module != ONLY_SIGNS and _BY_HAND.search(path.read_text()):
                yield module


@pytest.mark.parametrize("module", list(modules()))
def test_a_request_by_hand_has_a_user_agent(module: str) -> None:
    text = (PROJECT / module).read_text()

    assert "User-Agent" in text or "user_agent_header" in text
