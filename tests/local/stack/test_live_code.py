"""New zips in running functions, in a real control plane."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from selador_local.control_plane_client.client import ControlPlane
from selador_local.stack.live_code import LiveCode, zips


def zip_of(source: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("handler.py"), source)  # the same bytes at any time
    return content.getvalue()


def build(artifacts: Path, **sources: str) -> None:
    """Make the zips and their manifest."""
    made = {name: zip_of(source) for name, source in sources.items()}
    for name, content in made.items():
        (artifacts / f"{name}.zip").write_bytes(content)
    described = {
        name: {"path": f"{name}.zip", "sha256": hashlib.sha256(content).hexdigest()} for name, content in made.items()
    }
    (artifacts / "manifest.json").write_text(json.dumps({"artifacts": described}))


@pytest.fixture
def name(tmp_path: Path) -> str:
    """A word that no other test's functions have."""
    return tmp_path.name.replace("_", "-")[-40:]


def create(terraform: Any, name: str, content: bytes) -> None:
    """A function with a version and the alias `live`."""
    role = terraform.role(f"role-{name}", {"Action": "sqs:*", "Resource": "*"})
    terraform.lambda_.create_function(
        FunctionName=name, Runtime="python3.13", Role=role, Handler="h.h", Code={"ZipFile": content}, Publish=True
    )
    terraform.lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")


def code_of(terraform: Any, name: str) -> str:
    found: str = terraform.lambda_.get_function(FunctionName=name, Qualifier="live")["Configuration"]["CodeSha256"]
    return found


def test_every_function_of_a_changed_zip_serves_it_and_no_other(
    control_plane: ControlPlane, terraform: Any, tmp_path: Path, name: str
) -> None:
    """Two functions may share a zip."""
    build(tmp_path, main=f"# {name}: main", handler=f"# {name}: handler")
    for function, artifact in (("main", "main"), ("handler", "handler"), ("twin", "handler")):
        create(terraform, f"{name}-{function}", (tmp_path / f"{artifact}.zip").read_bytes())
    before, main = zips(tmp_path), code_of(terraform, f"{name}-main")

    build(tmp_path, main=f"# {name}: main", handler=f"# {name}: handler, changed")
    replaced = LiveCode(tmp_path, control_plane).replace(before)

    assert sorted(replaced) == [f"{name}-handler", f"{name}-twin"]
    assert code_of(terraform, f"{name}-main") == main
    assert code_of(terraform, f"{name}-handler") == code_of(terraform, f"{name}-twin") != main


def test_a_version_that_nobody_serves_any_more_goes(
    control_plane: ControlPlane, terraform: Any, tmp_path: Path, name: str
) -> None:
    build(tmp_path, main=f"# {name}: 0")
    create(terraform, name, (tmp_path / "main.zip").read_bytes())

    for number in (1, 2, 3):
        before = zips(tmp_path)
        build(tmp_path, main=f"# {name}: {number}")
        LiveCode(tmp_path, control_plane).replace(before)

    versions = terraform.lambda_.list_versions_by_function(FunctionName=name)["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "4"]
    assert code_of(terraform, name) == versions[1]["CodeSha256"]


def test_an_alias_on_an_older_version_stays_there(
    control_plane: ControlPlane, terraform: Any, tmp_path: Path, name: str
) -> None:
    build(tmp_path, main=f"# {name}: first")
    create(terraform, name, (tmp_path / "main.zip").read_bytes())
    first = code_of(terraform, name)
    build(tmp_path, main=f"# {name}: second")
    terraform.lambda_.update_function_code(
        FunctionName=name, ZipFile=(tmp_path / "main.zip").read_bytes(), Publish=True
    )
    before = zips(tmp_path)

    build(tmp_path, main=f"# {name}: third")
    replaced = LiveCode(tmp_path, control_plane).replace(before)

    assert replaced == [name]
    assert code_of(terraform, name) == first


def test_an_unchanged_zip_makes_no_version(
    control_plane: ControlPlane, terraform: Any, tmp_path: Path, name: str
) -> None:
    build(tmp_path, main=f"# {name}")
    create(terraform, name, (tmp_path / "main.zip").read_bytes())

    assert LiveCode(tmp_path, control_plane).replace(zips(tmp_path)) == []

    versions = terraform.lambda_.list_versions_by_function(FunctionName=name)["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1"]
