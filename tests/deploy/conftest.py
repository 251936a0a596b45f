"""A repository with one environment, a stand-in for the `terraform` executable, and hand-written AWS clients."""

# ruff: noqa: N803 # the clients' own names

import base64
import hashlib
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from selador_deploy import cli
from selador_deploy.environment import Environment
from selador_deploy.terraform import Terraform

ACCOUNT = "111122223333"
BUCKET = f"selador-terraform-state-{ACCOUNT}-eu-central-1"
ARTIFACT_BUCKET = f"selador-artifacts-{ACCOUNT}-eu-central-1"

# Writes down how it was called, and answers from files beside it what a test has put there. How values are read, and by
# what rules, is Terraform's to know: that is left to the real one.
STAND_IN = """#!{python}
import hashlib, json, os, pathlib, re, subprocess, sys
root = pathlib.Path({root!r})
arguments = sys.argv[1:]
if arguments[0].startswith("-chdir=" + str(root / "build/values-")):
    # The same question is answered as before: the real one is asked once a run of the tests.
    folder = pathlib.Path(arguments[0].removeprefix("-chdir="))
    asked = [folder / "values.tf.json", *folder.glob("*.tfvars"), folder / "tfplan"]
    asked += [pathlib.Path(one.removeprefix("-var-file=")) for one in arguments if one.startswith("-var-file=")]
    from_the_shell = sorted(one for one in os.environ.items() if one[0].startswith("TF_VAR"))
    key = hashlib.sha256(repr([arguments[1], from_the_shell]).encode())
    for file in asked:
        key.update(file.read_bytes() if file.is_file() else b"none")
    answer = pathlib.Path({answers!r}) / key.hexdigest()
    if not answer.exists():
        done = subprocess.run([{terraform!r}, *arguments], capture_output=True, text=True)
        if done.returncode == 0 and arguments[1] == "plan":
            answer.with_suffix(".tfplan").write_bytes((folder / "tfplan").read_bytes())
        answer.write_text(json.dumps([done.returncode, done.stdout.replace(str(root), "ROOT"), done.stderr]))
    status, out, error = json.loads(answer.read_text())
    if answer.with_suffix(".tfplan").exists():
        (folder / "tfplan").write_bytes(answer.with_suffix(".tfplan").read_bytes())
    sys.stdout.write(out.replace("ROOT", str(root)))
    sys.stderr.write(error)
    sys.exit(status)
if arguments == ["version"]:
    print((root / "version.txt").read_text())
    sys.exit()
with (root / "calls").open("a") as file:
    print(json.dumps([*arguments, os.environ.get("TF_WORKSPACE")]), file=file)
folder = pathlib.Path(arguments[0].removeprefix("-chdir="))
data_dir = pathlib.Path(os.environ["TF_DATA_DIR"])
data_dir.mkdir(parents=True, exist_ok=True)
option = "-backend-config="
backend = next((argument.removeprefix(option) for argument in arguments if argument.startswith(option)), None)
if backend:
    values = dict(re.findall(r'(\\w+) *= *"(.*)"', pathlib.Path(backend).read_text()))
    (data_dir / "terraform.tfstate").write_text(json.dumps({{"backend": {{"config": values}}}}))
if "select" in arguments:
    (data_dir / "environment").write_text(arguments[-1])
if int(os.environ["STAND_IN_STATUS"]) and arguments[1] == os.environ.get("STAND_IN_FAILS", arguments[1]):
    print((root / "failure").read_text() if (root / "failure").exists() else "a page of Terraform's")
    sys.exit(int(os.environ["STAND_IN_STATUS"]))
if arguments[1:3] == ["version", "-json"]:
    print((root / "version.json").read_text())
if arguments[1:3] == ["state", "pull"]:
    print((root / "state.json").read_text(), end="")
if arguments[1:3] == ["output", "-json"]:
    print((root / "outputs.json").read_text())
if arguments[1:3] == ["show", "-json"]:
    print((root / "plan.json").read_text())
if arguments[1:3] == ["plan", "-json"] and (root / "warnings").exists():
    print((root / "warnings").read_text())
for argument in arguments:
    if argument.startswith("-out="):
        pathlib.Path(argument[5:]).write_text("a plan")
"""


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "an operation")


class FakeSts:
    """Says who calls, or fails as it is told to."""

    def __init__(self) -> None:
        self.account = ACCOUNT
        self.error: Exception | None = None

    def get_caller_identity(self) -> dict[str, str]:
        if self.error is not None:
            raise self.error
        return {"Account": self.account}


class FakeS3:
    """Buckets as dictionaries; a conditional put never overwrites, and hashes are checked as S3 does."""

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, bytes]] = {BUCKET: {}, ARTIFACT_BUCKET: {}}
        self.versioning = "Enabled"
        self.error: Exception | None = None

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self._object(Bucket, Key))}

    def head_object(self, Bucket: str, Key: str, ChecksumMode: str = "") -> dict[str, Any]:
        return {"ChecksumSHA256": self._sha256(self._object(Bucket, Key))}

    def list_objects_v2(self, Bucket: str, Prefix: str) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        return {"Contents": [{"Key": key} for key in sorted(self.buckets[Bucket]) if key.startswith(Prefix)]}

    def put_object(
        self, Bucket: str, Key: str, Body: bytes, ChecksumAlgorithm: str, ChecksumSHA256: str, IfNoneMatch: str
    ) -> None:
        if self.error is not None:
            raise self.error
        assert (IfNoneMatch, ChecksumAlgorithm) == ("*", "SHA256")
        if Bucket not in self.buckets:
            raise client_error("NoSuchBucket")
        if Key in self.buckets[Bucket]:
            raise client_error("PreconditionFailed")
        assert self._sha256(Body) == ChecksumSHA256
        self.buckets[Bucket][Key] = Body

    def get_bucket_versioning(self, Bucket: str) -> dict[str, str]:
        if Bucket not in self.buckets:
            raise client_error("NoSuchBucket")
        return {"Status": self.versioning}

    def _object(self, bucket: str, key: str) -> bytes:
        if self.error is not None:
            raise self.error
        if key not in self.buckets.get(bucket, {}):
            raise client_error("NoSuchKey")
        return self.buckets[bucket][key]

    @staticmethod
    def _sha256(content: bytes) -> str:
        return base64.b64encode(hashlib.sha256(content).digest()).decode()


class FakeService:
    """Answers each operation with what it is given, or raises it. Whatever it is given nothing for, it refuses."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def __getattr__(self, operation: str) -> Any:
        answer = self._answers.get(operation, client_error("AccessDeniedException"))

        def call(**_: str) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


@dataclass
class FakeAws:
    """The clients that the commands ask for, by service. Any other service refuses everything."""

    sts: FakeSts = field(default_factory=FakeSts)
    s3: FakeS3 = field(default_factory=FakeS3)
    others: dict[str, Any] = field(default_factory=dict)

    def __call__(self, service: str, **options: Any) -> Any:
        return {"sts": self.sts, "s3": self.s3, **self.others}.get(service, FakeService())


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


def write_artifacts(dist: Path, main: bytes = b"main") -> None:
    """Write two zips and the manifest that names them."""
    dist.mkdir(exist_ok=True)
    artifacts = {}
    for name, content in (("main", main), ("websocket_handler", b"handler")):
        (dist / f"{name}.zip").write_bytes(content)
        digest = hashlib.sha256(content)
        artifacts[name] = {"path": f"{name}.zip", "sha256": digest.hexdigest()}
    (dist / "manifest.json").write_text(json.dumps({"schemaVersion": 1, "artifacts": artifacts}))


def plan_of(*changes: dict[str, Any], **members: Any) -> str:
    """Return the JSON form of a plan of dev."""
    plan = {"variables": {"environment": {"value": "dev"}}, "resource_changes": list(changes)}
    return json.dumps(plan | members)


def warning(summary: str, detail: str, **place: Any) -> str:
    """Return a warning as Terraform writes it with -json."""
    return diagnostic("warning", summary, detail, **place)


def diagnostic(severity: str, summary: str, detail: str, address: str | None = None, **place: Any) -> str:
    """Return a line as Terraform writes it with -json."""
    value: dict[str, Any] = {"severity": severity, "summary": summary, "detail": detail}
    value |= {"range": place} if place else {}
    value |= {"address": address} if address else {}
    return json.dumps({"@level": "error", "type": "diagnostic", "diagnostic": value})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The repository: environment dev, artifacts in dist, a state, a plan that changes nothing."""
    environments = tmp_path / "terraform/environments"
    environments.mkdir(parents=True)
    (environments / "dev.tfvars").write_text(
        f'allowed_account_ids = ["{ACCOUNT}"]\nenvironment = "dev"\nregion = "eu-central-1"\n'
        'model_arn = "arn:aws:bedrock:eu-central-1::foundation-model/a-model"\nknowledge_base_id = "KB12345678"\n'
        'authorization = "iam"\n'
    )
    (environments / "dev.s3.tfbackend").write_text(
        f'bucket = "{BUCKET}"\nkey = "selador.tfstate"\nregion = "eu-central-1"\n'
    )
    (tmp_path / "terraform/.terraform.lock.hcl").write_text(
        'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n}\n'
    )
    shutil.copy(Path(__file__).parents[2] / "terraform/variables.tf", tmp_path / "terraform")
    (tmp_path / "cli.tfrc").touch()
    (tmp_path / "state.json").write_text('{"version": 4, "lineage": "a-lineage", "serial": 7}')
    (tmp_path / "plan.json").write_text(plan_of())
    (tmp_path / "outputs.json").write_text("{}")
    (tmp_path / "version.txt").write_text("Terraform v1.11.4\n")
    (tmp_path / "version.json").write_text(
        '{"terraform_version": "1.11.4", "provider_selections": {"registry.terraform.io/hashicorp/aws": "5.100.0"}}'
    )
    write_artifacts(tmp_path / "dist")
    return tmp_path


type Run = Callable[..., int]
type Calls = Callable[[], list[list[str | None]]]


def resource_change(address: str, *actions: str, reason: str | None = None, **change: Any) -> dict[str, Any]:
    """Return a resource's change as `terraform show -json` has it; `change` are the members beside its actions."""
    return {
        "address": address,
        "type": address.split(".")[-2],
        "change": {"actions": list(actions), "before": {}, "after": {}, **change},
        **({"action_reason": reason} if reason else {}),
    }


@pytest.fixture(scope="session")
def recorded_answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the real Terraform's answers lie, so that each is had once."""
    return tmp_path_factory.mktemp("answers")


@pytest.fixture
def stand_in(root: Path, recorded_answers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-in where `terraform` is looked for."""
    terraform = shutil.which("terraform")
    assert terraform is not None, "these tests need Terraform: values are read by it"
    executable = root / "bin/terraform"
    executable.parent.mkdir()
    text = STAND_IN.format(python=sys.executable, root=str(root), terraform=terraform, answers=str(recorded_answers))
    executable.write_text(text)
    executable.chmod(0o755)
    monkeypatch.setenv("PATH", f"{executable.parent}:{os.environ['PATH']}")  # where Popen looks


@pytest.fixture
def dev(root: Path, stand_in: None) -> Environment:
    """The environment, for what takes one and is no command."""
    environ = {**os.environ, "TF_CLI_CONFIG_FILE": str(root / "cli.tfrc"), "STAND_IN_STATUS": "0"}
    return Environment("dev", Terraform(root, environ, color=False))


@pytest.fixture
def run(root: Path, aws: FakeAws, stand_in: None) -> Run:
    """Run the command line; Terraform ends with `status`, at the command `fails` or at any."""

    def run(*arguments: str, status: int = 0, fails: str | None = None, **environ: str) -> int:
        child = {
            **os.environ,
            "STAND_IN_STATUS": str(status),
            "TF_CLI_CONFIG_FILE": str(root / "cli.tfrc"),
            **({"STAND_IN_FAILS": fails} if fails else {}),
            **environ,
        }
        return cli.main(arguments, root, child, aws)

    return run


@pytest.fixture
def calls(root: Path) -> Calls:
    """Return Terraform's arguments in each call, without -chdir, with the workspace forced on it at the end."""

    def read() -> list[list[str | None]]:
        file = root / "calls"
        return [json.loads(line)[1:] for line in file.read_text().splitlines()] if file.exists() else []

    return read
