"""Make AWS's clients, and check who calls: that there are credentials, and that the environment allows their account.

Terraform says the same on a page of its own, and some of it only after half of the work.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
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

from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError

if TYPE_CHECKING:
    from types_boto3_sts.client import STSClient

CLIENT_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}

type ClientMaker = Callable[..., Any]
"""Makes a client for the service that is named. Options of boto3's, such as `endpoint_url`, count more than ours."""


def client_maker(region: Callable[[], str]) -> ClientMaker:
    """Return a function that makes a client for a service, from the environment variables and the AWS configuration.

    The Region is asked for with the first client: whoever needs none need not have one. All clients are of one session,
    since each session reads AWS's endpoints anew, which takes longer than the client.
    """

    @cache
    def session() -> boto3.Session:
        return boto3.Session(region_name=region())

    def make(service: str, **options: Any) -> Any:
        try:
            # boto3's stubs know the services one by one; the name is a parameter here
            return session().client(service, **{"config": CLIENT_CONFIG, **options})  # type: ignore[call-overload]
        except (ProfileNotFound, PartialCredentialsError) as error:
            raise DeployError(str(error), "set AWS_PROFILE to a profile that exists, or AWS_ACCESS_KEY_ID") from None

    return make


def check_caller(sts: "STSClient", environment: Environment) -> str:
    """Return the account that the credentials belong to. Raises DeployError if it isn't one of the environment's."""
    try:
        account = sts.get_caller_identity()["Account"]
    except (NoCredentialsError, PartialCredentialsError):
        raise DeployError("there are no AWS credentials", "run aws sso login, or set AWS_PROFILE") from None
    except (SSOError, TokenRetrievalError):
        raise DeployError("the AWS session has expired", "run aws sso login and try again") from None
    except ClientError as error:
        if error_code(error) in _EXPIRED:
            raise DeployError("the AWS session has expired", "sign in again and try again") from None
        raise DeployError("AWS does not accept the credentials", "sign in again") from error
    except BotoCoreError as error:
        raise DeployError("AWS can't be asked who is calling", "check the network and AWS_ENDPOINT_URL") from error
    allowed = environment.allowed_account_ids
    if account not in allowed:
        raise DeployError(
            f"the credentials are for account {account}, but {environment.name} is in {', '.join(allowed)} "
            f"({environment.relative(environment.variables_file)})",
            "set AWS_PROFILE to the right one",
        )
    return account


def error_code(error: ClientError) -> str:
    """Return AWS's word for an error, such as `AccessDenied`."""
    return str(error.response["Error"]["Code"])


@contextmanager
def translated(problem: str, next_step: str) -> Iterator[None]:
    """Raise botocore's errors as a DeployError whose cause they are."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise DeployError(problem, next_step) from error
