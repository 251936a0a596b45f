"""Which packages wheels name for somebody to import by such a name."""

import hashlib
from functools import partial
from pathlib import Path

import pytest
from packaging.utils import NormalizedName

from selador_packaging.cache import Cache
from selador_packaging.inspection import inspect_wheel
from selador_packaging.naming import find_named
from selador_packaging.wheels import read_wheel

from .conftest import WriteWheel

LOADER = b"def load(name): return import_module(name)\n"
NAMES = b"NAMES = ['plug', 'thing', 'loader']\n"


@pytest.mark.parametrize(
    ("own", "thing", "requires", "named"),
    [
        (LOADER + NAMES, b"", (), {"own": {"plug", "thing", "loader"}, "loader": set()}),
        (NAMES, b"", ("loader",), {"own": {"plug", "thing", "loader"}, "loader": set()}),
        (NAMES, b"", ("thing",), {"loader": set()}),
        (b"", LOADER + NAMES, (), {"thing": {"plug", "loader"}, "loader": set()}),
        (b"", NAMES, ("thing",), {"loader": set()}),
    ],
    ids=["it loads", "it requires what loads", "nobody loads", "another loads", "another requires nothing"],
)
def test_names_count_for_who_loads_by_them(
    write_wheel: WriteWheel,
    tmp_path: Path,
    own: bytes,
    thing: bytes,
    requires: tuple[str, ...],
    named: dict[str, set[str]],
) -> None:
    paths = {
        "own": write_wheel("own", files={"own.py": own}, requires=requires),
        "thing": write_wheel("thing", files={"thing.py": thing}),
        "loader": write_wheel("loader", files={"loader.py": LOADER}),
        "plug": write_wheel("plug", files={"plug/__init__.py": b""}),
    }
    cache = Cache(tmp_path / "cache", "test")
    wheels = {
        NormalizedName(name): inspect_wheel(
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.name,
            partial(read_wheel, path),
            cache,
            is_own=name == "own",
        )
        for name, path in paths.items()
    }

    assert find_named(wheels) == named
