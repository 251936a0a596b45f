"""Connect to an environment's state, read its outputs, take it from a dead holder; check that it is free.

Terraform says who holds a state only after its timeout, and on a page of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from selador_deploy.account import check_caller, error_code
from selador_deploy.backend import Backend, initialized_backend
from selador_deploy.deployment import Deployment
from selador_deploy.environment import Environment, check_filled_in
from selador_deploy.errors import DeployError

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


def init(deployment: Deployment) -> None:
    """Connect to the environment's state and select its workspace."""
    environment, terraform = deployment.environment, deployment.terraform
    check_filled_in(environment)
    check_caller(deployment.make_client("sts"), environment)
    terraform.choose_provider_source()
    # The tests' folder is named because Terraform would install the modules of terraform/tests as well.
    backend = (f"-backend-config={environment.backend_file}", "-reconfigure", "-test-directory=environments")
    # In the workspace `default`, which is always there: the one selected last may have gone with its bucket.
    deployment.run(*terraform.init_arguments, *backend, workspace="default")
    deployment.run("workspace", "select", "-or-create", environment.name)


def outputs(deployment: Deployment, *, as_json: bool) -> None:
    """Print the root module's outputs."""
    initialized_backend(deployment.environment)
    deployment.run("output", *(["-json"] if as_json else []))


def read_outputs(deployment: Deployment) -> dict[str, Any]:
    """Return the value of each output. Raises DeployError if the environment was never applied."""
    initialized_backend(deployment.environment)
    values = {name: output["value"] for name, output in json.loads(deployment.capture("output", "-json")).items()}
    if not values:
        name = deployment.environment.name
        raise DeployError(
            f"{name} has no outputs: it was never applied", f"run make plan ENV={name}, make apply ENV={name}"
        )
    return values


def unlock(deployment: Deployment, *, lock: str) -> None:
    """Take the state from a holder that has died."""
    environment = deployment.environment
    backend = initialized_backend(environment)
    if _is_free(deployment.make_client("s3"), backend, environment.name):
        raise DeployError(
            f"nobody holds the state of {environment.name}",
            f"there is nothing to release; go on with make plan ENV={environment.name}",
        )
    deployment.run("force-unlock", "-force", lock)


@dataclass(frozen=True)
class State:
    """A state that is free, and the account that it is in. `content` is empty before the first apply."""

    account_id: str
    content: Mapping[str, Any]


def open_state(deployment: Deployment) -> State:
    """Return the state as it is now.

    Raises DeployError unless the environment is initialized, its account is the caller's and nobody holds its state.
    """
    environment = deployment.environment
    backend = initialized_backend(environment)
    account = check_caller(deployment.make_client("sts"), environment)
    check_unlocked(deployment.make_client("s3"), backend, environment)
    return State(account, json.loads(deployment.capture("state", "pull") or "{}"))


@dataclass(frozen=True)
class StateLock:
    """Who holds a state, as Terraform wrote it down."""

    id: str
    who: str
    operation: str
    created: str


def _is_free(s3: "S3Client", backend: Backend, workspace: str) -> bool:
    """Return whether nobody holds the state. False, too, if that can't be told: Terraform will."""
    try:
        s3.get_object(Bucket=backend.bucket, Key=_lock_key(backend, workspace))
    except ClientError as error:
        return error_code(error) in {"404", "NoSuchKey"}
    except BotoCoreError:
        return False
    return False


def state_lock(s3: "S3Client", backend: Backend, workspace: str) -> StateLock | None:
    """Return who holds the state; None if nobody does, or if that can't be told (Terraform will)."""
    try:
        lock = s3.get_object(Bucket=backend.bucket, Key=_lock_key(backend, workspace))
        content = json.loads(lock["Body"].read())
    except (ClientError, BotoCoreError, ValueError):
        return None
    return StateLock(*(str(content.get(name, "unknown")) for name in ("ID", "Who", "Operation", "Created")))


def _lock_key(backend: Backend, workspace: str) -> str:
    return f"{backend.state_key(workspace)}.tflock"


def check_unlocked(s3: "S3Client", backend: Backend, environment: Environment) -> None:
    """Raise DeployError if somebody else holds the environment's state."""
    lock = state_lock(s3, backend, environment.name)
    if lock is not None:
        raise DeployError(
            f"the state of {environment.name} is locked by {lock.who} ({lock.operation}, since {lock.created})",
            f"wait for that to end, or, if it has died, run make unlock ENV={environment.name} LOCK={lock.id}",
        )
