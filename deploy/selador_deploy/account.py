"""What has to be true of AWS before Terraform is run: who calls, whose account it is, that nobody else is at work.

Terraform says the same on a page of its own, and some of it only when half of the work is done.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from selador_deploy.environment import Backend, Environment, TerraformError

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_sts.client import STSClient

_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_MISSING = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}

type ClientMaker = Callable[[str], Any]


def client_maker(region: str) -> ClientMaker:
    """Return what makes clients by a service's name, from the environment variables and the AWS configuration."""

    def make(service: str) -> Any:
        try:
            # boto3's stubs know the services one by one; the name is a parameter here
            return boto3.Session(region_name=region).client(service, config=_CONFIG)  # type: ignore[call-overload]
        except (ProfileNotFound, PartialCredentialsError) as error:
            raise TerraformError(f"{error}; set AWS_PROFILE to a profile that exists, or AWS_ACCESS_KEY_ID") from None

    return make


def check_caller(sts: "STSClient", environment: Environment) -> str:
    """Return the account that the credentials belong to. Raises TerraformError where it isn't the environment's."""
    try:
        account = sts.get_caller_identity()["Account"]
    except (NoCredentialsError, PartialCredentialsError):
        raise TerraformError("there are no AWS credentials; run aws sso login, or set AWS_PROFILE") from None
    except (SSOError, TokenRetrievalError):
        raise TerraformError("the AWS session has expired; run aws sso login and try again") from None
    except ClientError as error:
        if error.response["Error"]["Code"] in _EXPIRED:
            raise TerraformError("the AWS session has expired; sign in again and try again") from None
        raise TerraformError(f"AWS does not accept the credentials ({error}); sign in again") from None
    except BotoCoreError as error:
        raise TerraformError(f"AWS can't be asked who is calling: {error}") from None
    allowed = environment.allowed_account_ids
    if account not in allowed:
        raise TerraformError(
            f"the credentials are for account {account}, but {environment.name} is in {', '.join(allowed)} "
            f"({environment.variables_file.relative_to(environment.root)}); set AWS_PROFILE to the right one"
        )
    return account


@dataclass(frozen=True)
class StateLock:
    """Who holds a state, as Terraform wrote it down."""

    id: str
    who: str
    operation: str
    created: str


def state_lock(s3: "S3Client", backend: Backend, workspace: str) -> StateLock | None:
    """Return who holds the state; None where nobody does, or where that can't be told (Terraform will)."""
    key = f"{backend.state_key(workspace)}.tflock"
    try:
        content = json.loads(s3.get_object(Bucket=backend.bucket, Key=key)["Body"].read())
    except (ClientError, BotoCoreError, ValueError):
        return None
    return StateLock(
        *(str(content.get(name, "unknown")) for name in ("ID", "Who", "Operation", "Created")),
    )


def check_unlocked(s3: "S3Client", backend: Backend, environment: Environment) -> None:
    """Raise TerraformError where somebody else holds the environment's state."""
    lock = state_lock(s3, backend, environment.name)
    if lock is not None:
        raise TerraformError(
            f"the state of {environment.name} is locked by {lock.who} ({lock.operation}, since {lock.created}); wait "
            f"for that to end, or, if it has died, run make unlock ENV={environment.name} LOCK={lock.id}"
        )


def published_sha256(s3: "S3Client", bucket: str) -> Callable[[str], str | None]:
    """Return what finds an object's SHA-256 in Base64, as S3 itself computed it when it took the bytes."""

    def find(key: str) -> str | None:
        try:
            head: Mapping[str, Any] = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise TerraformError(f"s3://{bucket}/{key} can't be looked at: {error}") from None
        except BotoCoreError as error:
            raise TerraformError(f"s3://{bucket}/{key} can't be looked at: {error}") from None
        return str(head.get("ChecksumSHA256", ""))

    return find
