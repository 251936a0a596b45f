"""What one module tells by itself is read once."""

from pathlib import Path

import pytest

from selador_packaging import module_facts
from selador_packaging.cache import Cache
from selador_packaging.errors import PackagingError
from selador_packaging.module_facts import Facts, Origin, get_facts

CODE = b"""import boto3

def send(queue):
    import later.part
    boto3.client("sqs").send_message(QueueUrl=queue)
"""


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", "test")


def test_facts_of_an_own_module_are_read_once(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    first = get_facts(CODE, "own.py", Origin.OWN, cache)

    monkeypatch.setattr(module_facts, "read_imports", lambda source, path: pytest.fail("it was read again"))

    assert first.services == {"sqs"}
    assert "later.part" in first.imports.later
    assert get_facts(CODE, "own.py", Origin.OWN, cache) == first


@pytest.mark.parametrize(
    ("source", "path"), [(CODE.replace(b"sqs", b"sns"), "own.py"), (b"from . import a", "below/own.py")]
)
def test_another_source_or_place_has_facts_of_its_own(source: bytes, path: str, cache: Cache) -> None:
    """A relative import means another module elsewhere."""
    known = [get_facts(it, "own.py", Origin.OWN, cache) for it in (CODE, b"from . import a")]

    assert get_facts(source, path, Origin.OWN, cache) not in known


@pytest.mark.parametrize(
    ("origin", "services", "names"),
    [
        (Origin.OWN, {"sqs"}, True),
        (Origin.CALLER, {"sqs"}, True),
        (Origin.SDK, set(), True),
        (Origin.OTHER, set(), False),
    ],
)
def test_an_origin_decides_what_is_looked_for(origin: Origin, services: set[str], names: bool, cache: Cache) -> None:
    facts = get_facts(CODE, "a.py", origin, cache)

    assert facts.services == services
    assert ("send_message" in facts.names) is names
    assert "boto3" in facts.imports.at_start


@pytest.mark.parametrize("source", [b"def f(:\n", b"\0"])
@pytest.mark.parametrize("origin", [Origin.CALLER, Origin.SDK, Origin.OTHER])
def test_anothers_module_that_is_no_python_tells_nothing(source: bytes, origin: Origin, cache: Cache) -> None:
    assert get_facts(source, "a.py", origin, cache) == Facts()


@pytest.mark.parametrize("source", [b"def f(:\n", b"\0"])
def test_an_own_module_that_is_no_python_is_refused(source: bytes, cache: Cache) -> None:
    with pytest.raises(PackagingError, match=r"^own\.py"):
        get_facts(source, "own.py", Origin.OWN, cache)
