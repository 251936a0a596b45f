"""The entry point as people and CI run it, on the project's own lock; wheels come from the index or build/wheels."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ARTIFACTS = ("websocket_handler.zip", "main.zip")
EVERYTHING = {*ARTIFACTS, "manifest.json"}

# A Python in which folders list backwards and zlib compresses differently than here; it also reaches `python -m build`.
STRANGE_PYTHON = """
import os, zlib

_scandir, _listdir, _compressobj = os.scandir, os.listdir, zlib.compressobj

class Backwards:
    def __init__(self, path="."):
        with _scandir(path) as entries:
            self.entries = iter(sorted(entries, key=lambda entry: entry.name, reverse=True))
    def __iter__(self): return self.entries
    def __next__(self): return next(self.entries)
    def __enter__(self): return self
    def __exit__(self, *exception): pass
    def close(self): pass

def compressobj(level=-1, *arguments, **keywords):
    return _compressobj(1, *arguments, **keywords)

os.scandir, zlib.compressobj = Backwards, compressobj
os.listdir = lambda path=".": sorted(_listdir(path), reverse=True)
"""

type Run = subprocess.CompletedProcess[str]
type CopyProject = Callable[[Path], Path]


@pytest.fixture(scope="module")
def copy_project(project_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> CopyProject:
    """Copies of one snapshot of the sources (they may be edited meanwhile) that share the project's cache of wheels."""
    snapshot = tmp_path_factory.mktemp("snapshot")
    for folder in ("functions", "packaging"):
        shutil.copytree(project_folder / folder, snapshot / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(project_folder / "requirements.txt", snapshot)
    (snapshot / "build").mkdir()
    cache = project_folder / "build" / "wheels"
    cache.mkdir(parents=True, exist_ok=True)
    (snapshot / "build" / "wheels").symlink_to(cache)

    def copy(destination: Path) -> Path:
        return shutil.copytree(snapshot, destination, symlinks=True, copy_function=shutil.copyfile)

    return copy


@pytest.fixture(scope="module")
def host_build(copy_project: CopyProject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of one build for this machine's architecture."""
    folder = tmp_path_factory.mktemp("host")
    run = build(copy_project(folder / "project"), "--architecture", "host", "--output", str(folder / "dist"))
    assert run.returncode == 0, run.stderr
    return folder / "dist"


def build(
    project: Path,
    *arguments: str,
    cwd: Path | None = None,
    umask: int = 0o022,
    environment: Mapping[str, str] | None = None,
) -> Run:
    return subprocess.run(
        [sys.executable, str(project / "packaging" / "build_artifacts.py"), *arguments],
        cwd=cwd or project,
        umask=umask,
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_directory_umask_time_zone_locale_order_and_zlib_give_the_same_bytes(
    copy_project: CopyProject, host_build: Path, tmp_path: Path
) -> None:
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "sitecustomize.py").write_text(STRANGE_PYTHON)
    umask = os.umask(0o077)  # the files of the copy, too, are made under it
    try:
        project = copy_project(tmp_path / "a longer way" / "to the project")
    finally:
        os.umask(umask)
    for file in (project / "functions").rglob("*.py"):
        os.utime(file, (1_500_000_000, 1_500_000_000))

    run = build(
        project,
        *("--architecture", "host", "--output", "other"),
        cwd=tmp_path,
        umask=0o077,
        environment={
            "LC_ALL": "C",
            "PYTHONHASHSEED": "4711",
            "PYTHONPATH": str(tmp_path / "strange"),
            "SOURCE_DATE_EPOCH": "1700000000",
            "TZ": "Pacific/Kiritimati",
        },
    )

    assert run.returncode == 0, run.stderr
    for name in ARTIFACTS:  # member by member first: a failure then names the file
        assert members(tmp_path / "other" / name) == members(host_build / name)
    for name in EVERYTHING:
        assert (tmp_path / "other" / name).read_bytes() == (host_build / name).read_bytes(), name


def members(path: Path) -> dict[str, tuple[object, ...]]:
    with zipfile.ZipFile(path) as archive:
        return {
            info.filename: (info.external_attr, info.compress_type, info.compress_size, info.CRC)
            for info in archive.infolist()
        }


def test_the_manifest_tells_the_truth(host_build: Path) -> None:
    manifest = json.loads((host_build / "manifest.json").read_text())

    assert {artifact["path"] for artifact in manifest["artifacts"].values()} == set(ARTIFACTS)
    for artifact in manifest["artifacts"].values():
        content = (host_build / artifact["path"]).read_bytes()
        assert (artifact["size"], artifact["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_first_party_members_are_stored_and_the_rest_as_in_their_wheels(host_build: Path) -> None:
    with zipfile.ZipFile(host_build / "main.zip") as archive:
        methods = {info.filename: info.compress_type for info in archive.infolist()}

    assert {method for name, method in methods.items() if name.startswith("selador_")} == {zipfile.ZIP_STORED}
    assert methods["botocore/client.py"] == zipfile.ZIP_DEFLATED


def test_each_function_has_its_own_code_and_no_trace_of_an_installation(host_build: Path) -> None:
    packages, endings = {}, set()
    for name in ARTIFACTS:
        with zipfile.ZipFile(host_build / name) as archive:
            packages[name] = {path.partition("/")[0] for path in archive.namelist()}
            endings |= {path.rpartition("/")[2] for path in archive.namelist()}

    assert "selador_main" not in packages["websocket_handler.zip"]
    assert "selador_websocket_handler" not in packages["main.zip"]
    assert {"selador_shared", "botocore", "pydantic_core"} <= packages["main.zip"] & packages["websocket_handler.zip"]
    assert packages["websocket_handler.zip"] & {"jwt", "cryptography", "boto3"} == {"jwt", "cryptography"}
    assert packages["main.zip"] & {"jwt", "cryptography", "boto3"} == {"boto3"}
    assert not {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"} & endings
    assert "bin" not in packages["main.zip"]


@pytest.mark.parametrize("name", ARTIFACTS)
def test_third_party_packages_import_from_the_artifact_in_a_bare_interpreter(
    host_build: Path, tmp_path: Path, name: str
) -> None:
    """-S and -E: only the standard library and the unzipped artifact are there, as under /var/task."""
    with zipfile.ZipFile(host_build / name) as archive:
        archive.extractall(tmp_path)
    packages = ["botocore.crt", "dateutil.tz", "pydantic", "pydantic_core._pydantic_core"]
    packages += ["pydantic_settings", "structlog", "urllib3"]
    packages += ["boto3"] if name == "main.zip" else ["jwt", "cryptography.hazmat.bindings._rust"]
    script = (
        f"import importlib, sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        f"for package in {packages}: print(importlib.import_module(package).__file__)\n"
    )

    python = str(Path(sys.base_prefix) / "bin" / "python3.13")
    run = subprocess.run([python, "-S", "-E", "-c", script], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) == len(packages)
    assert all(line.startswith(str(tmp_path)) for line in run.stdout.splitlines())


@pytest.mark.parametrize(("architecture", "machine"), [("arm64", "aarch64"), ("x86_64", "x86_64")])
def test_both_architectures_build_each_with_its_own_extension_modules(
    copy_project: CopyProject, tmp_path: Path, architecture: str, machine: str
) -> None:
    project = copy_project(tmp_path / "project")

    run = build(project, "--architecture", architecture, "--json")

    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == json.loads((project / "dist" / "manifest.json").read_text())
    assert json.loads(run.stdout)["target"] == {"python": "3.13", "architecture": architecture}
    for name in ARTIFACTS:
        with zipfile.ZipFile(project / "dist" / name) as archive:
            extensions = [path for path in archive.namelist() if path.endswith(".so")]
        assert f"pydantic_core/_pydantic_core.cpython-313-{machine}-linux-gnu.so" in extensions
        assert all(machine in path for path in extensions if not path.endswith(".abi3.so"))  # which name no machine


def test_a_second_build_touches_nothing_and_prints_the_table(copy_project: CopyProject, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    first = build(project)
    times = {path.name: path.stat().st_mtime_ns for path in (project / "dist").iterdir()}

    second = build(project)

    assert (first.returncode, second.returncode) == (0, 0)
    assert "nothing changed, for Python 3.13 on Linux arm64" in second.stderr
    assert [line.split()[0] for line in second.stdout.splitlines()] == ["artifact", *ARTIFACTS]
    assert {path.name: path.stat().st_mtime_ns for path in (project / "dist").iterdir()} == times
    assert set(times) == EVERYTHING


def test_ctrl_c_leaves_the_old_artifacts_and_nothing_half_written(copy_project: CopyProject, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    (project / "dist").mkdir()
    for name in EVERYTHING:
        (project / "dist" / name).write_text("old")

    with subprocess.Popen(
        [sys.executable, str(project / "packaging" / "build_artifacts.py")],
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts background jobs with SIGINT ignored, and Python would keep it so.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 no threads here
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("building the wheel of"):
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()

    assert process.returncode == 130
    assert rest.splitlines()[-1] == "build_artifacts: interrupted"
    assert "Traceback" not in rest
    assert {path.name: path.read_text() for path in (project / "dist").iterdir()} == dict.fromkeys(EVERYTHING, "old")
    assert [path.name for path in (project / "build").iterdir()] == ["wheels"]


def test_a_refused_lock_is_one_sentence_and_leaves_the_old_artifacts(copy_project: CopyProject, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    (project / "requirements.txt").write_text("boto3==1.0\n")
    (project / "dist").mkdir()
    (project / "dist" / "main.zip").write_text("old")

    run = build(project)

    assert run.returncode == 1
    assert run.stderr == "build_artifacts: requirements.txt, line 1: boto3==1.0 has no --hash; run make lock\n"
    assert (run.stdout, (project / "dist" / "main.zip").read_text()) == ("", "old")


def test_a_requirement_missing_from_the_lock_is_named_with_who_needs_it(
    copy_project: CopyProject, tmp_path: Path
) -> None:
    project = copy_project(tmp_path / "project")
    lock = project / "requirements.txt"
    before, _, release_and_after = lock.read_text().partition("jmespath==")
    lock.write_text(before + release_and_after[release_and_after.index("\npycparser==") :])

    run = build(project)

    assert run.returncode == 1
    assert "botocore requires jmespath, which is not locked; add it to requirements.in and run make lock" in run.stderr


def test_a_folder_that_cannot_be_used_is_one_sentence(copy_project: CopyProject, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    shutil.rmtree(project / "functions")
    (project / "build" / "wheels").unlink()
    (project / "build").rmdir()
    (project / "build").touch()

    run = build(project)

    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith(f"build_artifacts: cannot use {project / 'build'}")
    assert "Traceback" not in run.stderr


def test_wrong_usage_exits_2(project_folder: Path) -> None:
    run = build(project_folder, "--architecture", "riscv64")

    assert run.returncode == 2
    assert "invalid choice: 'riscv64'" in run.stderr


def test_help_tells_the_defaults(project_folder: Path) -> None:
    run = build(project_folder, "--help")

    assert run.returncode == 0
    assert "default: arm64" in run.stdout
    assert "default: dist" in run.stdout
