"""A copy of the configuration and of its commands, which apply it to a local control plane of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from ..patience import COMMAND_SECONDS, first_line
from .deployed_alarms import Definition, definitions_of, planned

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
EVERY_SWITCH = (
    'agent_runtime_arn = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/answers-1"',
    'authorization = "jwt"',
    f'custom_domain = {{ certificate_arn = "{CERTIFICATE}", name = "answers.example.com" }}',
    "customer_managed_key_enabled = true",
    'jwt = { audiences = ["a"], issuer = "https://issuer.example", jwks_url = "https://issuer.example/jwks.json" }',
    "tracing_enabled = true",
)
"""Lines of the variables' file with which the environment has every resource."""

NAMELESS = {"aws_apigatewayv2_api", "aws_apigatewayv2_deployment", "aws_apigatewayv2_integration", "aws_kms_key"}
"""Types of which AWS lets any number stand side by side."""

REFUSED_TWICE = {"aws_apigatewayv2_authorizer", "aws_apigatewayv2_route", "aws_apigatewayv2_route_response"}
"""Types of which AWS refuses a second one of the same name, and that a deployment consists of."""

ROOT = Path(__file__).parents[2]
STATE_BUCKET = "selador-terraform-state-123456789012-us-east-1"
ARTIFACT_BUCKET = "selador-artifacts-123456789012-us-east-1"


@dataclass(frozen=True)
class Local:
    """A copy of the repository's terraform/ and deploy/, and the control plane that its commands reach."""

    root: Path
    environ: dict[str, str]
    endpoint: str
    name: str = "local"
    """The environment that the commands are for."""

    @classmethod
    def reaching(
        cls, endpoint: str, access_key_id: str, secret_access_key: str, folder: Path, configuration: Path
    ) -> "Local":
        """Make a copy in `folder` that acts on the control plane at `endpoint`. It has no artifacts."""
        _copy(folder, configuration)
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_"))},
            "AWS_ACCESS_KEY_ID": access_key_id,
            "AWS_SECRET_ACCESS_KEY": secret_access_key,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "2",
            "TF_VAR_authorization": "none",
            "PYTHONPATH": str(folder / "deploy"),  # a command works on the repository that it lies in
        }
        return cls(folder, environ, endpoint)

    @property
    def variables_file(self) -> Path:
        return self.root / f"terraform/environments/{self.name}.tfvars"

    def command(self, *arguments: str) -> list[str]:
        """Return a command line for the environment."""
        return [sys.executable, "-m", "selador_deploy", arguments[0], "--env", self.name, *arguments[1:]]

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run a command; return what it wrote to stdout."""
        return self.told(*arguments, status=status)[0]

    def told(self, *arguments: str, status: int = 0) -> tuple[str, str]:
        """Run a command; return what it wrote to stdout, and the last line of stderr."""
        done = self.ended(*arguments, status=status)
        return done.stdout, (done.stderr.splitlines() or [""])[-1]

    def ended(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command, which has to end with `status`."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        assert done.returncode == status, f"{' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def checkout(self, folder: Path, configuration: Path = ROOT / "terraform") -> "Local":
        """Return another copy that acts on the same control plane. It has no artifacts."""
        _copy(folder, configuration)
        return replace(self, root=folder, environ={**self.environ, "PYTHONPATH": str(folder / "deploy")})

    def bootstrap(self) -> None:
        """Do what the command does, without waiting a minute for buckets."""
        for bucket in (STATE_BUCKET, ARTIFACT_BUCKET):
            self.client("s3").create_bucket(Bucket=bucket)
        role = "arn:aws:iam::123456789012:role/api-gateway-logging"
        patch = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
        self.client("apigateway").update_account(patchOperations=[patch])

    def terraform(self, *arguments: str, statuses: Container[int] = (0,)) -> str:
        """Run Terraform itself on the environment's state; return what it wrote to stdout."""
        mirror = self.root / "build/terraform/provider-mirror.tfrc"
        done = subprocess.run(
            ["terraform", f"-chdir={self.root / 'terraform'}", *arguments],
            env={
                **self.environ,
                "TF_DATA_DIR": str(self.root / "build/terraform/local"),
                **({"TF_CLI_CONFIG_FILE": str(mirror)} if mirror.is_file() else {}),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        assert done.returncode in statuses, f"{' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def managed(self) -> list[str]:
        """Return the addresses of all resources in the state."""
        return [line for line in self.terraform("state", "list").splitlines() if ".data." not in f".{line}"]

    def changes(self, *arguments: str) -> dict[str, str]:
        """Plan with Terraform itself; return the actions by the address, such as `delete, create`."""
        saved = self.root / "build/tests.tfplan"
        variables = ("-var-file=environments/local.tfvars", "-var=dist_dir=../dist")
        self.terraform("plan", "-input=false", f"-out={saved}", *variables, *arguments)
        plan = json.loads(self.terraform("show", "-json", str(saved)))
        return {
            resource["address"]: ", ".join(resource["change"]["actions"])
            for resource in plan.get("resource_changes", [])
            if resource["mode"] == "managed" and resource["change"]["actions"] != ["no-op"]
        }

    def apply_changes(self) -> str:
        """Carry out what `changes` has planned; return Terraform's complaint, or nothing."""
        said = self.terraform("apply", "-input=false", "-json", str(self.root / "build/tests.tfplan"), statuses=(0, 1))
        messages = [json.loads(line) for line in said.splitlines()]
        return "; ".join(message["@message"] for message in messages if message["@level"] == "error")

    def set(self, *lines: str) -> None:
        """Set variables, each by its line in the variables' file."""
        names = {line.partition(" ")[0] for line in lines}
        others = [line for line in self.variables_file.read_text().splitlines() if line.partition(" ")[0] not in names]
        self.variables_file.write_text("\n".join([*others, *lines, ""]))

    def plan(self) -> dict[str, Any]:
        """Plan and save; return the summary."""
        summary: dict[str, Any] = json.loads(self.run("plan", "--json"))
        return summary

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.environ["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environ["AWS_SECRET_ACCESS_KEY"],
        )


def _copy(folder: Path, configuration: Path) -> None:
    ignored = shutil.ignore_patterns(".terraform", "*.tfstate*")
    shutil.copytree(configuration, folder / "terraform", ignore=ignored)
    shutil.copytree(ROOT / "deploy", folder / "deploy")


@contextmanager
def local(folder: Path, configuration: Path = ROOT / "terraform") -> Iterator[Local]:
    """Copy what is applied to `folder`, and run a control plane for it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "selador_local.control_plane", "--port", "0", "--data-plane-port", "4711"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        facts = json.loads(first_line(process))
        copy = Local.reaching(facts["endpoint"], facts["accessKeyId"], facts["secretAccessKey"], folder, configuration)
        shutil.copytree(ROOT / "terraform/tests/artifacts/good", folder / "dist")
        yield copy
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture(scope="session")
def alarm_plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The resources of the module alarms, as they would be deployed, by the native test's run."""
    return planned(tmp_path_factory.mktemp("terraform"))


@pytest.fixture(scope="session")
def planned_alarms(alarm_plans: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The resources of the module alarms, as they would be deployed without a canary."""
    return alarm_plans["defines_every_alarm"]


@pytest.fixture(scope="session")
def definitions(planned_alarms: list[dict[str, Any]]) -> dict[str, Definition]:
    """Each alarm as it would be deployed, by its key."""
    return definitions_of(planned_alarms)


@pytest.fixture(scope="session")
def canary_definitions(alarm_plans: dict[str, list[dict[str, Any]]]) -> dict[str, Definition]:
    """Each alarm as it would be deployed while an older version with another timeout serves, by its key."""
    return definitions_of(alarm_plans["defines_every_alarm_of_a_canary"])
