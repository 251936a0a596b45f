"""The entry point as people and CI run it, on the project's own lock; wheels come from the index or build/wheels."""

import errno
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import jsonschema
import pytest

from selador_deploy.artifacts import check_zips, read_artifacts
from selador_deploy.errors import DeployError
from selador_packaging import build_command, output, verify_command
from selador_packaging import manifest as manifest_module
from selador_packaging.circumstances import built_by, circumstances, other_pythons
from selador_packaging.comparison import compare_to_manifest
from selador_packaging.imports import module_name, read_imports
from selador_packaging.target import architecture_of

ARTIFACTS = ("websocket_handler.zip", "authorizer.zip", "main.zip")
SBOMS = ("websocket_handler.cdx.json", "authorizer.cdx.json", "main.cdx.json")
EVERYTHING = {*ARTIFACTS, *SBOMS, "manifest.json", "provenance.intoto.json"}

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


def verify(project: Path, *arguments: str) -> Run:
    command = [sys.executable, str(project / "packaging" / "verify_artifacts.py"), *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def test_no_circumstance_of_a_build_changes_a_byte(
    copy_project: CopyProject, host_build: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All at once; `make verify-artifacts` also tries each alone, to name the one that does."""
    project = copy_project(tmp_path / "project")

    status = verify_command.verify(project, host_build, [circumstances()[-1]])

    assert capsys.readouterr().out.splitlines()[0].startswith("same     all of these at once")
    assert status == 0


def test_an_interpreter_without_packages_builds_the_same(
    copy_project: CopyProject, host_build: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one that this environment was made by: it is lent the packages that a build imports."""
    python = str(Path(sys.base_prefix) / "bin" / "python3.13")

    status = verify_command.verify(copy_project(tmp_path / "project"), host_build, [built_by(python)])

    assert status == 0, capsys.readouterr().out


def test_each_other_interpreter_on_this_machine_builds_the_same_but_for_bytecode(
    copy_project: CopyProject, host_build: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [built_by(python) for python in other_pythons()]
    if not rows:
        pytest.skip("this machine has one CPython 3.13")

    status = verify_command.verify(copy_project(tmp_path / "project"), host_build, rows)

    assert status == 0, capsys.readouterr().out


def test_artifacts_that_were_handed_over_are_verified_member_by_member(
    copy_project: CopyProject, host_build: Path, tmp_path: Path
) -> None:
    project = copy_project(tmp_path / "project")
    handler = project / "functions" / "main" / "selador_main" / "handler.py"
    handler.write_text(handler.read_text() + "\nOTHER = 1\n")

    run = verify(project, "--against", str(host_build))

    assert run.returncode == 1
    named = [line.split()[1] for line in run.stdout.splitlines() if "main.zip: selador_main" in line]
    assert named == ["selador_main/__pycache__/handler.cpython-313.pyc", "selador_main/handler.py"]


def test_a_zip_that_is_not_what_its_manifest_says_is_not_even_rebuilt(
    copy_project: CopyProject, host_build: Path, tmp_path: Path
) -> None:
    handed = shutil.copytree(host_build, tmp_path / "handed")
    (handed / "main.zip").write_bytes(b"evil")

    run = verify(copy_project(tmp_path / "project"), "--against", str(handed))

    assert run.returncode == 1
    said, difference, *_ = run.stderr.splitlines()
    assert said.startswith(f"verify_artifacts: {handed} doesn't hold one whole build; run make artifacts, or get again")
    assert difference.startswith(f"{handed / 'main.zip'} has SHA-256")


def test_folders_are_compared_without_a_build(copy_project: CopyProject, host_build: Path, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")

    same = verify(project, "--same", str(host_build), str(shutil.copytree(host_build, tmp_path / "copy")))

    assert same.returncode == 0
    assert [line.split()[0] for line in same.stdout.splitlines()] == ["same", "same"]


def test_the_manifest_tells_the_truth(host_build: Path) -> None:
    manifest = json.loads((host_build / "manifest.json").read_text())

    assert {artifact["path"] for artifact in manifest["artifacts"].values()} == set(ARTIFACTS)
    for artifact in manifest["artifacts"].values():
        content = (host_build / artifact["path"]).read_bytes()
        assert (artifact["size"], artifact["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_streams_of_others_are_copied_from_their_wheels(project_folder: Path, host_build: Path) -> None:
    [path] = (project_folder / "build" / "wheels").glob(f"botocore-*-{architecture_of(platform.machine())}-*/*.whl")
    with zipfile.ZipFile(path) as wheel, zipfile.ZipFile(host_build / "main.zip") as archive:
        sizes = {info.filename: (info.CRC, info.compress_size) for info in wheel.infolist()}
        copied = [info for info in archive.infolist() if re.fullmatch(r"botocore/\w+\.py", info.filename)]

    assert len(copied) > 20
    assert [info.filename for info in copied if (info.CRC, info.compress_size) != sizes[info.filename]] == []


def test_each_artifact_has_data_of_the_services_that_its_function_names(host_build: Path) -> None:
    services = {}
    for name in ARTIFACTS:
        with zipfile.ZipFile(host_build / name) as archive:
            data = [path.split("/") for path in archive.namelist() if path.startswith("botocore/data/")]
        services[name] = {parts[2] for parts in data if len(parts) > 3}

    manifest = json.loads((host_build / "manifest.json").read_text())["artifacts"]
    assert services == {it["path"]: set(it["services"]) for it in manifest.values()}
    assert services["websocket_handler.zip"] == {"sqs"}
    assert services["authorizer.zip"] == set()
    assert "sqs" in services["main.zip"]


def test_the_manifest_follows_its_schema(host_build: Path) -> None:
    schema = json.loads(Path(manifest_module.__file__).with_name("manifest.schema.json").read_text())

    jsonschema.validate(json.loads((host_build / "manifest.json").read_text()), schema)


def test_the_provenance_names_every_file_but_itself(host_build: Path) -> None:
    statement = json.loads((host_build / "provenance.intoto.json").read_text())

    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    assert subjects == {
        name: hashlib.sha256((host_build / name).read_bytes()).hexdigest()
        for name in (*ARTIFACTS, *SBOMS, "manifest.json")
    }


@pytest.mark.parametrize("name", SBOMS)
def test_every_distribution_has_a_licence_and_compiled_code_its_parts(host_build: Path, name: str) -> None:
    document = json.loads((host_build / name).read_text())

    assert [it["name"] for it in document["components"] if not it.get("licenses")] == []
    parts = {it["name"]: {part["name"] for part in it.get("components", [])} for it in document["components"]}
    assert {"pyo3", "serde_json"} <= parts["pydantic-core"]
    assert {"openssl", "cryptography-rust"} <= parts.get("cryptography", {"openssl", "cryptography-rust"})


def test_each_function_has_its_own_code_and_no_trace_of_an_installation(host_build: Path) -> None:
    packages, endings = {}, set()
    for name in ARTIFACTS:
        with zipfile.ZipFile(host_build / name) as archive:
            packages[name] = {path.partition("/")[0] for path in archive.namelist()}
            endings |= {path.rpartition("/")[2] for path in archive.namelist()}

    some = {
        "boto3",
        "botocore",
        "cryptography",
        "jwt",
        "selador_authorizer",
        "selador_main",
        "selador_websocket_handler",
    }
    assert {name: packages[name] & some for name in ARTIFACTS} == {
        "websocket_handler.zip": {"botocore", "selador_websocket_handler"},
        "authorizer.zip": {"cryptography", "jwt", "selador_authorizer"},
        "main.zip": {"boto3", "botocore", "selador_main"},
    }
    assert {"selador_shared", "pydantic_core"} <= set.intersection(*packages.values())
    assert not {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"} & endings
    assert "bin" not in packages["main.zip"]


HANDLERS = {
    "websocket_handler.zip": "selador_websocket_handler.handler",
    "authorizer.zip": "selador_authorizer.handler",
    "main.zip": "selador_main.handler",
}
WITH_CLIENTS = [name for name in ARTIFACTS if name != "authorizer.zip"]
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "dummy",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "AWS_SECRET_ACCESS_KEY": "dummy",
    "AWS_SESSION_TOKEN": "dummy",
    "CALLBACK_URL": "https://abc.execute-api.eu-central-1.amazonaws.com/dev",
    "DEADLINE_SECONDS": "900",
    "JWKS_URL": "https://issuer.example/jwks.json",
    "JWT_ALGORITHMS": "RS256",
    "JWT_AUDIENCES": "selador",
    "JWT_ISSUER": "https://issuer.example/",
    "KNOWLEDGE_BASE_ID": "ABCDEFGHIJ",
    "MAX_ATTEMPTS": "3",
    "MODEL_ARN": "arn:aws:bedrock:eu-central-1::foundation-model/some.model",
    "QUERY_TEXT_LIMIT": "1000",
    "REQUEST_MAX_AGE_SECONDS": "600",
    "SQS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/queue",
}


def run_bare(task: Path, script: str) -> Run:
    """-S: only the standard library and the unzipped artifact are there, as under /var/task."""
    python = str(Path(sys.base_prefix) / "bin" / "python3.13")
    return subprocess.run(
        [python, "-S", "-B", "-c", script],
        env=ENVIRONMENT | {"PYTHONPATH": str(task), "HOME": str(task)},
        capture_output=True,
        text=True,
        check=False,
    )


OPERATIONS = {
    "websocket_handler": {"sqs": ["SendMessage"]},
    "main": {
        "bedrock-agent-runtime": [
            "AgenticRetrieveStream",
            "CreateSession",  # this and others are names in the SDK, whose code calls clients as well
            "GetSession",
            "Retrieve",
            "RetrieveAndGenerateStream",
        ],
        "bedrock-agentcore": ["Evaluate", "InvokeAgentRuntime"],
        "bedrock-runtime": ["ConverseStream", "InvokeModelWithBidirectionalStream"],
        "sqs": ["ChangeMessageVisibility", "DeleteMessage"],
    },
}


@pytest.mark.parametrize("name", ["websocket_handler", "main"])
def test_a_function_has_the_operations_that_its_code_names(host_build: Path, name: str) -> None:
    found = {}
    with zipfile.ZipFile(host_build / f"{name}.zip") as archive:
        for path in archive.namelist():
            if path.endswith("service-2.json"):
                found[path.split("/")[2]] = sorted(json.loads(archive.read(path))["operations"])

    assert found == OPERATIONS[name]


@pytest.mark.parametrize("name", WITH_CLIENTS)
def test_the_handler_starts_from_its_artifact_with_every_client_that_it_uses(
    host_build: Path, tmp_path: Path, name: str
) -> None:
    """Clients are made when the handler is imported; each has its endpoint, credentials and operations."""
    with zipfile.ZipFile(host_build / name) as archive:
        archive.extractall(tmp_path)
    manifest = json.loads((host_build / "manifest.json").read_text())
    services = manifest["artifacts"][name.removesuffix(".zip")]["services"]
    script = (
        f"import {HANDLERS[name]} as handler, botocore.crt, botocore.session\n"
        "assert callable(handler.handle)\n"
        f"for service in {services}:\n"
        "    client = botocore.session.get_session().create_client(service)\n"
        "    assert client.meta.endpoint_url.startswith('https://'), client.meta.endpoint_url\n"
        "    assert client._request_signer._credentials.token == 'dummy'\n"
        "    assert client.meta.service_model.operation_names\n"
        "    client.waiter_names, [client.can_paginate(it) for it in client.meta.method_to_api_mapping]\n"
        "print('started')"
    )

    run = run_bare(tmp_path, script)

    assert (run.stdout, run.stderr) == ("started\n", "")


def test_the_authorizer_starts_from_its_artifact_and_verifies_signatures(host_build: Path, tmp_path: Path) -> None:
    """Its cryptography is compiled, and imports by itself what no source of it names."""
    with zipfile.ZipFile(host_build / "authorizer.zip") as archive:
        archive.extractall(tmp_path)
    script = (
        "import selador_authorizer.handler as authorizer\n"
        "from cryptography.hazmat.primitives.asymmetric import ec, rsa\n"
        "from jwt.algorithms import ECAlgorithm, RSAAlgorithm\n"
        "for algorithm, key in ((RSAAlgorithm(RSAAlgorithm.SHA256), rsa.generate_private_key(65537, 2048)),\n"
        "                       (ECAlgorithm(ECAlgorithm.SHA256), ec.generate_private_key(ec.SECP256R1()))):\n"
        "    assert algorithm.verify(b'x', key.public_key(), algorithm.sign(b'x', key))\n"
        "print(callable(authorizer.handle))"
    )

    run = run_bare(tmp_path, script)

    assert (run.stdout, run.stderr) == ("True\n", "")


@pytest.mark.parametrize("name", ARTIFACTS)
def test_a_start_compiles_almost_nothing(host_build: Path, tmp_path: Path, name: str) -> None:
    """What a function imports while it runs has no bytecode; all that stands outside of functions has."""
    with zipfile.ZipFile(host_build / name) as archive:
        archive.extractall(tmp_path)
    script = (
        f"import {HANDLERS[name]}, os, sys\n"
        "files = [it.__cached__ for it in sys.modules.values() if getattr(it, '__cached__', None)]\n"
        f"ours = [it for it in files if it.startswith({str(tmp_path)!r})]\n"
        "print(len(ours), *[it for it in ours if not os.path.exists(it)])"
    )

    run = run_bare(tmp_path, script)

    imported, *compiled = run.stdout.split()
    assert int(imported) > 150
    assert [Path(it).name for it in compiled] in ([], ["_loader.cpython-313.pyc"])  # pydantic asks for plugins


@pytest.mark.parametrize("name", ARTIFACTS)
def test_what_a_start_makes_is_never_looked_through_for_garbage(host_build: Path, tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(host_build / name) as archive:
        archive.extractall(tmp_path)
    script = f"import {HANDLERS[name]}, gc\nprint(gc.isenabled(), gc.get_freeze_count() > 50 * len(gc.get_objects()))"

    run = run_bare(tmp_path, script)

    assert (run.stdout, run.stderr) == ("True True\n", "")


@pytest.mark.parametrize("name", ARTIFACTS)
def test_every_module_that_is_left_imports_or_says_what_it_lacks(host_build: Path, tmp_path: Path, name: str) -> None:
    """Leaving modules out broke no import of those that stay: none lacks a module that its own package had."""
    with zipfile.ZipFile(host_build / name) as archive:
        archive.extractall(tmp_path)
        modules = [it for it in map(module_name, archive.namelist()) if it and not it.startswith("urllib3.contrib")]
    packages = {module.partition(".")[0] for module in modules}
    script = (
        "import importlib, warnings; warnings.simplefilter('ignore')\n"
        f"for module in {modules!r}:\n"
        "    try: importlib.import_module(module)\n"
        "    except ModuleNotFoundError as error:\n"
        f"        if (error.name or '').partition('.')[0] in {packages!r}: print(module, error)\n"
        "    except (Exception, SystemExit): pass  # a command's module ends it without what the command needs\n"
        "print('done')"
    )

    run = run_bare(tmp_path, script)

    assert run.stdout == "done\n", run.stderr


@pytest.mark.parametrize("name", ARTIFACTS)
def test_every_name_that_a_package_offers_on_demand_is_there(host_build: Path, tmp_path: Path, name: str) -> None:
    tables = {}
    with zipfile.ZipFile(host_build / name) as archive:
        archive.extractall(tmp_path)
        for path in archive.namelist():
            if path.endswith("/__init__.py") and (table := read_imports(archive.read(path), path).on_demand):
                tables[module_name(path)] = sorted(table)
    script = (
        "import importlib, warnings; warnings.simplefilter('ignore')\n"
        f"for package, names in {tables!r}.items():\n"
        "    for name in names:\n"
        "        try: getattr(importlib.import_module(package), name)\n"
        "        except AttributeError: pass  # not every table in such a package is one of modules\n"
        "        except ModuleNotFoundError as error: print(package, name, error)\n"
        "print('done')"
    )

    run = run_bare(tmp_path, script)

    assert len(tables["pydantic"]) > 100
    assert run.stdout == "done\n", run.stderr


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
    time.sleep(0.1)  # files that are only just written are not trusted to be unchanged
    build(project)
    times = {path.name: path.stat().st_mtime_ns for path in (project / "dist").iterdir()}

    second = build(project)

    assert (first.returncode, second.returncode) == (0, 0)
    assert second.stderr == "nothing changed\n"
    assert [line.split()[0] for line in second.stdout.splitlines()] == ["artifact", *ARTIFACTS]
    assert {path.name: path.stat().st_mtime_ns for path in (project / "dist").iterdir()} == times
    assert set(times) == EVERYTHING


def members(path: Path) -> dict[str, tuple[object, ...]]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: (info.external_attr, info.file_size, info.CRC) for info in archive.infolist()}


def test_one_changed_line_changes_one_member_and_its_bytecode(copy_project: CopyProject, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    build(project)
    before = {name: members(project / "dist" / name) for name in ARTIFACTS}
    others = {name: (project / "dist" / name).stat().st_mtime_ns for name in ARTIFACTS if name != "main.zip"}
    handler = project / "functions" / "main" / "selador_main" / "handler.py"
    handler.write_text(handler.read_text() + "OTHER = 1\n")

    run = build(project)

    assert "main.zip, main.cdx.json, provenance.intoto.json, manifest.json changed" in run.stderr
    assert "building the wheel of selador-shared" not in run.stderr
    after = members(project / "dist" / "main.zip")
    changed = {path for path in after if after[path] != before["main.zip"].get(path)}
    assert changed == {"selador_main/handler.py", "selador_main/__pycache__/handler.cpython-313.pyc"}
    assert {name: (project / "dist" / name).stat().st_mtime_ns for name in others} == others


def test_two_builds_at_once_give_the_same(copy_project: CopyProject, host_build: Path, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    command = [sys.executable, str(project / "packaging" / "build_artifacts.py"), "--architecture", "host", "--output"]

    runs = [subprocess.Popen([*command, str(tmp_path / name)], stderr=subprocess.DEVNULL) for name in "ab"]

    assert [run.wait() for run in runs] == [0, 0]
    for name in ARTIFACTS:
        found = {(folder / name).read_bytes() for folder in (tmp_path / "a", tmp_path / "b", host_build)}
        assert len(found) == 1


KILLED_AT_EACH_RENAME = """
import os, shutil, sys
from selador_packaging import build_command

def publish_and_be_killed(files, output):
    rename = os.replace
    for number in range(len(files) + 1):
        folder = shutil.copytree(output, output.parent / f"killed at {number}")
        if child := os.fork():
            os.waitpid(child, 0)
            continue
        renames = iter(range(number))
        os.replace = lambda *paths: rename(*paths) if next(renames, None) is not None else os.kill(os.getpid(), 9)
        publish(files, folder)
        os._exit(0)
    return publish(files, output)

publish, build_command.publish = build_command.publish, publish_and_be_killed
sys.exit(build_command.main(sys.argv[1], sys.argv[2:]))
"""


def test_a_build_that_is_killed_at_any_rename_leaves_a_whole_build_or_one_that_is_refused(
    host_build: Path, tmp_path: Path
) -> None:
    """Whoever plans, publishes or verifies never takes new files beside old ones for a build."""
    project = shutil.copytree(host_build.parent / "project", tmp_path / "project", symlinks=True)
    new = shutil.copytree(host_build, tmp_path / "dist")
    for folder in ("shared", "authorizer"):  # all zips change
        for source in (project / "functions" / folder).glob("selador_*/__init__.py"):
            source.write_text(f"{source.read_text()}OTHER = 1\n")
    command = [
        sys.executable,
        "-c",
        KILLED_AT_EACH_RENAME,
        str(project),
        "--architecture",
        "host",
        "--output",
        str(new),
    ]
    environment = os.environ | {"PYTHONPATH": str(project / "packaging")}

    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    zips = {"old": check_zips(read_artifacts(host_build)), "new": check_zips(read_artifacts(new))}
    assert all(zips["old"][name] != zips["new"][name] for name in zips["old"])
    accepted = [accepted_build(tmp_path / f"killed at {number}", zips) for number in range(len(EVERYTHING) + 1)]
    assert accepted == ["old", *["run make artifacts"] * (len(EVERYTHING) - 1), "new"]
    files = {path.name: path.read_bytes() for path in new.iterdir()}
    output.publish(files, tmp_path / "killed at 3")
    assert {path.name: path.read_bytes() for path in (tmp_path / "killed at 3").iterdir()} == files


def accepted_build(folder: Path, builds: Mapping[str, Mapping[str, str]]) -> str:
    """Which of `builds`, by their zips' hashes, all readers of `folder` take it for; else what they do next."""
    is_verified = not compare_to_manifest(folder)
    try:
        planned = check_zips(read_artifacts(folder))
    except DeployError as error:
        return "verified" if is_verified else str(error).rpartition("; ")[2]
    return next(name for name, hashes in builds.items() if hashes == planned) if is_verified else "planned"


def test_a_package_is_explained_and_nothing_written(copy_project: CopyProject, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")

    run = build(project, "--explain", "s3transfer")

    assert run.returncode == 0, run.stderr
    assert "  why: selador-main requires boto3 requires s3transfer" in run.stdout
    assert not (project / "dist").exists()


def release_of(project: Path) -> Path:
    """`project` as a clean checkout whose release is built by this very Python."""
    (project / "packaging" / ".python-version").write_text(platform.python_version())
    (project / ".gitignore").write_text("build/\ndist/\n*.env\n")
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", *command], cwd=project, check=True)
    return project


def test_a_release_packs_what_the_commit_holds(copy_project: CopyProject, tmp_path: Path) -> None:
    """Even if a hook's variables name another repository; a file that git ignores lies in the package's folder."""
    project, other = release_of(copy_project(tmp_path / "project")), tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    (project / "functions" / "main" / "selador_main" / "secrets.env").write_text("KEY=1")
    environment = {"GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other)}

    run = build(project, "--release", "--json", environment=environment)

    assert run.returncode == 0, run.stderr
    assert "not packed, since git ignores them: functions/main/selador_main/secrets.env" in run.stderr
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout)["source"] == {"commit": head.stdout.strip(), "dirty": False}
    with zipfile.ZipFile(project / "dist" / "main.zip") as archive:
        assert "selador_main/secrets.env" not in archive.namelist()


def test_a_release_refuses_an_edit_that_git_overlooks(copy_project: CopyProject, tmp_path: Path) -> None:
    project = release_of(copy_project(tmp_path / "project"))
    path = "functions/main/selador_main/handler.py"
    subprocess.run(["git", "update-index", "--assume-unchanged", path], cwd=project, check=True)
    (project / path).write_text(f"{(project / path).read_text()}BACKDOOR = 1\n")

    run = build(project, "--release")

    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith(f"{path} is not as in commit ")
    assert not (project / "dist").exists()


def test_a_release_refuses_modules_from_elsewhere(copy_project: CopyProject, tmp_path: Path) -> None:
    """Another compressor gives other bytes, under the name and version of the installed one."""
    project = release_of(copy_project(tmp_path / "project"))
    (tmp_path / "elsewhere").mkdir()

    run = build(project, "--release", environment={"PYTHONPATH": str(tmp_path / "elsewhere")})

    assert run.returncode == 1
    said = "build_artifacts: a release is built by the installed tools, and PYTHONPATH"
    assert run.stderr.splitlines()[-1].startswith(said)
    assert not (project / "dist").exists()


def test_a_release_needs_a_commit(copy_project: CopyProject, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    (project / "packaging" / ".python-version").write_text(platform.python_version())

    run = build(project, "--release")

    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("build_artifacts: a release is built from a commit")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_a_build_finds_the_old_artifacts_and_nothing_half_written(
    copy_project: CopyProject, tmp_path: Path, number: signal.Signals
) -> None:
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
            if line.startswith("checking "):
                process.send_signal(number)
                break
        rest = process.stderr.read()

    assert process.returncode == 130
    assert rest.splitlines()[-1] == "build_artifacts: interrupted"
    assert "Traceback" not in rest
    assert {path.name: path.read_text() for path in (project / "dist").iterdir()} == dict.fromkeys(EVERYTHING, "old")
    assert not [path for path in (project / "build").rglob("*") if path.name.startswith(".")]


def test_a_refused_lock_is_one_sentence_and_leaves_the_old_artifacts(copy_project: CopyProject, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    (project / "requirements.txt").write_text("boto3==1.0\n")
    (project / "dist").mkdir()
    (project / "dist" / "main.zip").write_text("old")

    run = build(project)

    assert run.returncode == 1
    said = "build_artifacts: requirements.txt, line 1: boto3==1.0 has no --hash; run make lock"
    assert run.stderr.splitlines()[-1] == said
    assert (run.stdout, (project / "dist" / "main.zip").read_text()) == ("", "old")


def test_a_requirement_missing_from_the_lock_is_named_with_who_needs_it(
    copy_project: CopyProject, tmp_path: Path
) -> None:
    project = copy_project(tmp_path / "project")
    lock = project / "requirements.txt"
    lock.write_text(re.sub(r"^jmespath==.*?(?=^[a-z])", "", lock.read_text(), flags=re.MULTILINE | re.DOTALL))

    run = build(project)

    assert run.returncode == 1
    assert "boto3 requires jmespath, which is not locked; add it to requirements.in and run make lock" in run.stderr
    assert "botocore requires jmespath" in run.stderr


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


def test_what_fails_after_the_artifacts_are_built_says_so(copy_project: CopyProject, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    (project / "build" / "unchanged").touch()

    run = build(project)

    assert run.returncode == 1
    said = run.stderr.splitlines()[-1]
    assert said.startswith("build_artifacts: the artifacts are built; what comes after that failed: [Errno 17]")
    assert (project / "dist" / "manifest.json").exists()


@pytest.mark.parametrize("command", ["build_artifacts.py", "verify_artifacts.py"])
def test_a_checkouts_builder_builds_it_whatever_is_installed(
    project_folder: Path, tmp_path: Path, command: str
) -> None:
    """PYTHONSAFEPATH takes the folder of the command from the import path."""
    package = tmp_path / "packaging" / "selador_packaging"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('its own builder')")
    shutil.copy(project_folder / "packaging" / command, package.parent)

    run = subprocess.run(
        [sys.executable, str(package.parent / command)],
        env=os.environ | {"PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stderr == "its own builder\n"


def test_a_full_disk_is_told_with_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What fails to write has no name of its own."""

    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(build_command, "build", fill)

    assert build_command.main(str(tmp_path), []) == 1
    assert capsys.readouterr().err == (
        f"build_artifacts: cannot use a file below {tmp_path}/build: No space left on device; no artifact was changed\n"
    )


def test_nobody_who_reads_the_table_is_one_sentence(project_folder: Path, tmp_path: Path) -> None:
    package = tmp_path / "packaging" / "selador_packaging"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "unchanged.py").write_text("def recall(project, words): return 'table'")
    shutil.copy(project_folder / "packaging" / "build_artifacts.py", package.parent)
    reader, writer = os.pipe()
    os.close(reader)

    run = subprocess.run(
        [sys.executable, str(package.parent / "build_artifacts.py")],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)

    said = "build_artifacts: the artifacts are as they were; to print the table failed: [Errno 32] Broken pipe"
    assert run.stderr.splitlines()[:2] == ["nothing changed", said]
    assert "Traceback" not in run.stderr


def test_wrong_usage_exits_2(project_folder: Path) -> None:
    run = build(project_folder, "--architecture", "riscv64")

    assert run.returncode == 2
    assert "invalid choice: 'riscv64'" in run.stderr


@pytest.mark.parametrize("command", [build, verify])
def test_help_tells_every_exit_status(project_folder: Path, command: Callable[..., Run]) -> None:
    said = " ".join(command(project_folder, "--help").stdout.partition("Exit status: ")[2].split())

    assert re.findall(r"(?:^|; )(\d+) (?:when|for|on) ", said) == ["0", "1", "2", "130"]


def test_help_tells_the_defaults(project_folder: Path) -> None:
    run = build(project_folder, "--help")

    assert run.returncode == 0
    assert "default: arm64" in run.stdout
    assert "default: dist" in run.stdout
