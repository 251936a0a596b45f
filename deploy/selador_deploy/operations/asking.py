"""Ask AWS, and say which permission is missing if it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from selador_deploy.account import error_code
from selador_deploy.errors import DeployError

_DENIED = {"AccessDenied", "AccessDeniedException", "ForbiddenException", "KmsAccessDenied", "UnauthorizedException"}


class DeniedError(DeployError):
    """The caller lacks a permission, which the error names."""


@contextmanager
def asking(action: str, resource: str) -> Iterator[None]:
    """Translate botocore's errors. Raises DeniedError with the action, such as `sqs:ReceiveMessage`, or DeployError."""
    try:
        yield
    except ClientError as error:
        if is_denied(error):
            raise DeniedError(f"{action} on {resource} is denied", "allow it to whoever runs this command") from error
        raise DeployError(f"{action} on {resource} failed", "read what AWS says, and try again") from error
    except BotoCoreError as error:
        raise DeployError(f"{action} on {resource} got no answer", "check the network and try again") from error


def is_denied(error: ClientError) -> bool:
    """Return whether AWS refused for want of a permission."""
    denied_by_key = error_code(error).rpartition(".")[2] in _DENIED  # KMS's come as KMS.AccessDeniedException
    return denied_by_key or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 403
