"""Whether a restored stack needs Terraform; that Terraform applies is shown by tests/end_to_end."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from selador_local.control_plane_client.client import ControlPlane
from selador_local.stack.artifacts import Artifacts
from selador_local.stack.deploy import Deploy
from selador_local.stack.memory import Applied, Memory, inputs
from selador_local.stack.output import Output
from selador_local.stack.progress import Progress
from selador_local.stack.terraform import LocalTerraform

BUILDER = """
from pathlib import Path
import sys

folder = Path(sys.argv[sys.argv.index("--output") + 1])
folder.mkdir(exist_ok=True)
(folder / "manifest.json").write_text('{"artifacts": {}}')
"""
STATE = {"lineage": "a-lineage", "serial": 7, "outputs": {"websocket_url": {"value": "ws://here", "type": "string"}}}


class Project:
    """A configuration, its artifacts, and a stack's memory of them."""

    def __init__(self, folder: Path, control_plane: ControlPlane) -> None:
        self.configuration = folder / "terraform"
        (self.configuration / "environments").mkdir(parents=True)
        self.bucket = f"bucket-{folder.name.replace('_', '-')}"
        (self.configuration / "environments/local.s3.tfbackend").write_text(
            f'bucket = "{self.bucket}"\nkey = "selador.tfstate"\n'
        )
        (self.configuration / ".terraform.lock.hcl").write_text("")
        (folder / "packaging").mkdir()
        (folder / "packaging" / "build_artifacts.py").write_text(BUILDER)
        self.artifacts = Artifacts(folder, folder / "dist", folder / "packaging.log")
        self.memory = Memory(folder)
        self.terraform = LocalTerraform(folder / "stack.json", folder / "log", {}, lambda _: None)
        self.control_plane = control_plane
        self.deploy = Deploy(folder, self.artifacts, self.terraform, control_plane, self.memory)

    def has_state(self, serial: int) -> None:
        s3 = boto3.client("s3", **self.control_plane.client_arguments)
        s3.create_bucket(Bucket=self.bucket)
        body = json.dumps(STATE | {"serial": serial}).encode()
        s3.put_object(Bucket=self.bucket, Key="env:/local/selador.tfstate", Body=body)

    def has_applied(self) -> None:
        asyncio.run(self.artifacts.build())
        digest = inputs(self.configuration, self.artifacts.folder, {})
        self.memory.remember(Applied(digest, "a-lineage", 7))

    def restored(self) -> Mapping[str, Any] | None:
        async def restored() -> Mapping[str, Any] | None:
            async with self.artifacts:
                return await self.deploy.restored(Progress(Output(sys.stderr, {})))

        return asyncio.run(restored())


@pytest.fixture
def project(tmp_path: Path, control_plane: ControlPlane) -> Project:
    return Project(tmp_path, control_plane)


def test_nothing_is_to_do_after_an_apply_from_which_nothing_differs(project: Project) -> None:
    project.has_state(serial=7)
    project.has_applied()

    assert project.restored() == {"websocket_url": "ws://here"}


def test_a_changed_file_is_to_be_applied(project: Project) -> None:
    project.has_state(serial=7)
    project.has_applied()
    (project.configuration / "main.tf").write_text("# new\n")

    assert project.restored() is None


def test_an_apply_beside_the_stack_is_looked_at_by_terraform(project: Project) -> None:
    project.has_state(serial=8)
    project.has_applied()

    assert project.restored() is None


def test_without_memory_or_without_state_everything_is_to_be_applied(project: Project) -> None:
    assert project.restored() is None

    project.has_applied()

    assert project.restored() is None


def test_the_account_is_made_ready_as_make_bootstrap_does(project: Project) -> None:
    project.restored()

    arguments = project.control_plane.client_arguments
    buckets = boto3.client("s3", **arguments).list_buckets()["Buckets"]
    assert project.bucket in {bucket["Name"] for bucket in buckets}
    role = boto3.client("apigateway", **arguments).get_account()["cloudwatchRoleArn"]
    assert role.endswith(":role/api-gateway-logging")
