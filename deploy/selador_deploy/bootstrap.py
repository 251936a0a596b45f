"""`make bootstrap`: make what an account and Region needs before its first environment.

The bootstrap's own state lies in the bucket that it makes. So the first run keeps its state in a copy of
terraform/bootstrap under build/, and moves it into the new bucket at the end. Every later run finds it there. If a run
ends half-way, the next one goes on from the state that it left.

What the account has already is left alone: API Gateway takes one log role for all APIs of an account in a Region.
"""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from selador_deploy.account import check_caller, error_code, translated
from selador_deploy.backend import Backend, named_backend
from selador_deploy.deployment import Deployment
from selador_deploy.environment import Environment, check_filled_in
from selador_deploy.errors import DeployError
from selador_deploy.progress import say
from selador_deploy.terraform import configuration

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

LOG_ROLE_SETTING = "aws_api_gateway_account.this"
STATE_KEY = "bootstrap.tfstate"
_BACKEND = 'terraform {\n  backend "s3" {}\n}\n'


def bootstrap(deployment: Deployment, *, yes: bool) -> None:
    """Make the buckets and the log role of the environment's account and Region, or bring them up to date.

    A log role of somebody else's stays. Terraform asks before it changes anything, unless `yes`.
    """
    environment, terraform = deployment.environment, deployment.terraform
    check_filled_in(environment)
    account = check_caller(deployment.make_client("sts"), environment)
    backend = named_backend(environment)
    project = str(environment.variables["project"])
    _check_names(environment, backend, f"{account}-{environment.region}", project)
    folder = environment.root / "build" / "bootstrap" / f"{account}-{environment.region}"
    others_role = _others_log_role(
        deployment.make_client("apigateway"), f"{project}-api-gateway-logging-{environment.region}"
    )
    moved = _state_is_in(deployment.make_client("s3"), backend)
    _copy_configuration(environment, folder, with_backend=moved)
    in_bucket = (f"-backend-config={environment.backend_file}", f"-backend-config=key={STATE_KEY}")

    def run(*arguments: str) -> None:
        terraform.run(*arguments, data_dir=folder / ".terraform", folder=folder, workspace="default")

    terraform.choose_provider_source()
    if not moved:  # -reconfigure alone doesn't forget a bucket that was connected to from here
        (folder / ".terraform" / "terraform.tfstate").unlink(missing_ok=True)
    run(*terraform.init_arguments, "-reconfigure", *(in_bucket if moved else ()))
    if others_role is not None:
        say(f"API Gateway has the log role {others_role} already: it is left alone, and none is made")
        has_state = moved or _is_written(folder / "terraform.tfstate")  # Terraform can't list a state that isn't there
        data_dir = folder / ".terraform"
        listed = terraform.capture("state", "list", data_dir=data_dir, folder=folder) if has_state else ""
        if LOG_ROLE_SETTING in listed:  # it was ours before; destroyed, it would take the other role away
            run("state", "rm", LOG_ROLE_SETTING)
    variables = {
        "allowed_account_ids": json.dumps([account]),
        "log_role_enabled": json.dumps(others_role is None),
        "permissions_boundary": environment.variables.get("permissions_boundary"),
        "project": project,
        "region": environment.region,
        "role_path": environment.variables.get("role_path"),
    }
    run(
        "apply",
        *(["-auto-approve", "-input=false"] if yes else []),
        *_values_of(environment, f"{account}-{environment.region}"),
        *(f"-var={name}={value}" for name, value in variables.items() if value is not None),
    )
    if not moved:
        (folder / "backend.tf").write_text(_BACKEND)
        run(*terraform.init_arguments, "-migrate-state", "-force-copy", *in_bucket)
        if not _state_is_in(deployment.make_client("s3"), backend):
            raise DeployError(
                f"the bootstrap's state is not in {backend.bucket}; it is still in {folder}",
                f"run make bootstrap ENV={environment.name} again",
            )
        for left in folder.glob("terraform.tfstate*"):
            left.unlink()
        say(f"the bootstrap's state is now s3://{backend.bucket}/{STATE_KEY}")


def _is_written(state: Path) -> bool:
    """Return whether a state is in its file, which Terraform makes empty when it locks it: before it asks, too."""
    return state.is_file() and state.stat().st_size > 0


def _check_names(environment: Environment, backend: Backend, place: str, project: str) -> None:
    """Raise DeployError if the environment's files name other buckets than the bootstrap makes."""
    for file, named, made in (
        (environment.backend_file, backend.bucket, f"{project}-terraform-state-{place}"),
        (environment.variables_file, environment.artifact_bucket, f"{project}-artifacts-{place}"),
    ):
        if named not in {None, made}:
            raise DeployError(
                f"{environment.relative(file)} names the bucket {named}, but the bootstrap makes {made}",
                "write that there",
            )


def _others_log_role(apigateway: Any, own_name: str) -> str | None:
    """Return the ARN of the log role that API Gateway has, unless it has none or the bootstrap's own."""
    with translated("API Gateway's log role can't be looked at", "allow these credentials apigateway:GET on /account"):
        role: str | None = apigateway.get_account().get("cloudwatchRoleArn")
    return role if role and role.rpartition("/")[2] != own_name else None


def _values_of(environment: Environment, place: str) -> list[str]:
    """Return the argument that names the account's and Region's own values, if there is a file of them."""
    file = configuration(environment.root) / "bootstrap" / "accounts" / f"{place}.tfvars"
    return [f"-var-file={file}"] if file.is_file() else []


def _state_is_in(s3: "S3Client", backend: Backend) -> bool:
    with translated(f"s3://{backend.bucket} can't be looked at", "check that these credentials may read it"):
        try:
            s3.head_object(Bucket=backend.bucket, Key=STATE_KEY)
        except ClientError as error:
            if error_code(error) in {"404", "NoSuchBucket", "NoSuchKey"}:
                return False
            raise
    return True


def _copy_configuration(environment: Environment, folder: Path, *, with_backend: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    source = configuration(environment.root) / "bootstrap"
    for old in folder.glob("*.tf"):
        old.unlink()
    for file in (*source.glob("*.tf"), source / ".terraform.lock.hcl"):
        shutil.copy(file, folder)
    shutil.copytree(source / "policies", folder / "policies", dirs_exist_ok=True)
    if with_backend:
        (folder / "backend.tf").write_text(_BACKEND)
