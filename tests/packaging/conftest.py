import base64
import hashlib
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from selador_packaging.artifacts import Artifact, Build, WheelSource, make_artifact
from selador_packaging.bytecode import Interpreter
from selador_packaging.cache import Cache
from selador_packaging.inspection import inspect_wheel
from selador_packaging.target import Target
from selador_packaging.wheels import read_wheel

PROJECT = Path(__file__).resolve().parents[2]

type WriteWheel = Callable[..., Path]
type Make = Callable[..., Artifact]


@pytest.fixture(scope="session")
def project_folder() -> Path:
    return PROJECT


@pytest.fixture
def write_wheel(tmp_path: Path) -> WriteWheel:
    """Write a real wheel, true in every respect but those that a test names."""

    def write(
        name: str = "thing",
        version: str = "1.0",
        files: Mapping[str, bytes] | None = None,
        *,
        tag: str = "py3-none-any",
        requires: tuple[str, ...] = (),
        headers: tuple[str, ...] = (),
        record: Mapping[str, str | None] | None = None,
        method: int = zipfile.ZIP_DEFLATED,
        mode: int = 0o644,
        wheel: bytes = b"Wheel-Version: 1.0",
        folder: Path = tmp_path,
    ) -> Path:
        """`headers` are lines of METADATA, with surrogates for what is no UTF-8.

        `record` replaces lines of RECORD by path (None: leaves the line out).

        `mode` is that of every file, `wheel` the first line of WHEEL.
        """
        dist_info = f"{name}-{version}.dist-info"
        metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        metadata += [*headers, *(f"Requires-Dist: {requirement}" for requirement in requires)]
        contents = {f"{name}/__init__.py": b""} if files is None else dict(files)
        contents[f"{dist_info}/WHEEL"] = wheel + f"\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()
        contents[f"{dist_info}/METADATA"] = ("\n".join(metadata) + "\n\n# A thing\n").encode(errors="surrogateescape")
        lines: dict[str, str | None] = {path: record_line(path, content) for path, content in contents.items()}
        lines |= {f"{dist_info}/RECORD": f"{dist_info}/RECORD,,"} | dict(record or {})
        contents[f"{dist_info}/RECORD"] = "\n".join(line for line in lines.values() if line is not None).encode()
        path = folder / f"{name}-{version}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in contents.items():
                info = zipfile.ZipInfo(member)
                info.external_attr = mode << 16
                archive.writestr(info, content, compress_type=method)
        return path

    return write


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make the artifact of the first of some wheels, which is the project's own and names what it wants kept."""

    def make(*paths: Path, keep: tuple[str, ...] = ()) -> Artifact:
        cache = Cache(tmp_path / "cache", "test")
        sources = {}
        for path in paths:
            read = partial(read_wheel, path)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            inspected = inspect_wheel(digest, path.name, read, cache, is_own=path is paths[0])
            sources[inspected.metadata.name] = WheelSource(inspected, read, keep if path is paths[0] else ())
        clock = map(float, count(10)).__next__
        return make_artifact("main", next(iter(sources)), sources, Target("arm64"), cache, clock=clock)

    return make


@pytest.fixture
def artifact(make: Make, write_wheel: WriteWheel) -> Artifact:
    """`own`, which requires `needed`, whose second module is imported later."""
    own = write_wheel("own", files={"own.py": b"import needed\n# longer than the other\n" * 9}, requires=("needed",))
    return make(own, write_wheel("needed", files={"needed.py": b"def f():\n  import more\n", "more.py": b""}))


@pytest.fixture
def build(artifact: Artifact) -> Build:
    return Build((artifact,), Target("arm64"), Interpreter("CPython", "3.13.0"), "ab" * 32)


def record_line(path: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(content)}"
