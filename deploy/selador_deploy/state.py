"""Who holds an environment's state. Terraform says so only after its timeout, and on a page of its own."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from selador_deploy.backend import Backend
from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


@dataclass(frozen=True)
class StateLock:
    """Who holds a state, as Terraform wrote it down."""

    id: str
    who: str
    operation: str
    created: str


def state_lock(s3: "S3Client", backend: Backend, workspace: str) -> StateLock | None:
    """Return who holds the state; None if nobody does, or if that can't be told (Terraform will)."""
    key = f"{backend.state_key(workspace)}.tflock"
    try:
        content = json.loads(s3.get_object(Bucket=backend.bucket, Key=key)["Body"].read())
    except (ClientError, BotoCoreError, ValueError):
        return None
    return StateLock(*(str(content.get(name, "unknown")) for name in ("ID", "Who", "Operation", "Created")))


def check_unlocked(s3: "S3Client", backend: Backend, environment: Environment) -> None:
    """Raise DeployError if somebody else holds the environment's state."""
    lock = state_lock(s3, backend, environment.name)
    if lock is not None:
        raise DeployError(
            f"the state of {environment.name} is locked by {lock.who} ({lock.operation}, since {lock.created})",
            f"wait for that to end, or, if it has died, run make unlock ENV={environment.name} LOCK={lock.id}",
        )
