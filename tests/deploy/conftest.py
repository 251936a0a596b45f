"""A repository with one environment, a stand-in for the `terraform` executable, and hand-written AWS clients."""

# ruff: noqa: N803 # the clients' own names

import base64
import hashlib
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from selador_deploy import cli

ACCOUNT = "111122223333"
BUCKET = f"selador-terraform-state-{ACCOUNT}-eu-central-1"
ARTIFACT_BUCKET = f"selador-artifacts-{ACCOUNT}-eu-central-1"

# Writes down how it was called, and answers from files beside it what a test has put there.
STAND_IN = """#!{python}
import json, os, pathlib, re, sys
root = pathlib.Path({root!r})
arguments = sys.argv[1:]
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
    print("a page of Terraform's")
    sys.exit(int(os.environ["STAND_IN_STATUS"]))
if arguments[1:3] == ["version", "-json"]:
    print((root / "version.json").read_text())
if arguments[1:3] == ["state", "pull"]:
    print((root / "state.json").read_text(), end="")
if arguments[1:3] == ["show", "-json"]:
    print((root / "plan.json").read_text())
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


@dataclass
class FakeAws:
    """The clients that the commands ask for, by service."""

    sts: FakeSts = field(default_factory=FakeSts)
    s3: FakeS3 = field(default_factory=FakeS3)
    others: dict[str, Any] = field(default_factory=dict)

    def __call__(self, service: str) -> Any:
        return {"sts": self.sts, "s3": self.s3, **self.others}[service]


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


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The repository: environment dev, artifacts in dist, a state, a plan that changes nothing."""
    environments = tmp_path / "terraform/environments"
    environments.mkdir(parents=True)
    (environments / "dev.tfvars").write_text(
        f'allowed_account_ids = ["{ACCOUNT}"]\nenvironment = "dev"\nregion = "eu-central-1"\n'
        'model_arn = "arn:aws:bedrock:eu-central-1::foundation-model/a-model"\nknowledge_base_id = "KB12345678"\n'
    )
    (environments / "dev.s3.tfbackend").write_text(
        f'bucket = "{BUCKET}"\nkey = "selador.tfstate"\nregion = "eu-central-1"\n'
    )
    (tmp_path / "terraform/.terraform.lock.hcl").write_text(
        'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n}\n'
    )
    (tmp_path / "cli.tfrc").touch()
    (tmp_path / "state.json").write_text('{"lineage": "a-lineage", "serial": 7}')
    (tmp_path / "plan.json").write_text('{"resource_changes": []}')
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


def plan_of(*changes: dict[str, Any]) -> str:
    """Return a plan's JSON form."""
    return json.dumps({"resource_changes": list(changes)})


@pytest.fixture
def run(root: Path, aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line; Terraform ends with `status`, at the command `fails` or at any."""
    executable = root / "bin/terraform"
    executable.parent.mkdir()
    executable.write_text(STAND_IN.format(python=sys.executable, root=str(root)))
    executable.chmod(0o755)
    monkeypatch.setenv("PATH", f"{executable.parent}:{os.environ['PATH']}")  # where Popen looks

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
