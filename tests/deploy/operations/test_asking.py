"""What botocore raises, in words."""

import pytest
from botocore.exceptions import ConnectTimeoutError

from selador_deploy.errors import DeployError
from selador_deploy.operations.asking import DeniedError, asking

from .conftest import refusal


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDenied", 403),
        ("AccessDeniedException", 400),
        ("KMS.AccessDeniedException", 400),
        ("KmsAccessDenied", 400),
        ("ForbiddenException", 403),
    ],
)
def test_a_missing_permission_is_named_by_its_action(code: str, status: int) -> None:
    with pytest.raises(DeniedError) as denied, asking("sqs:ReceiveMessage", "https://sqs/dead"):
        raise refusal(code, status)

    assert str(denied.value).startswith("sqs:ReceiveMessage on https://sqs/dead is denied: ")
    assert code in str(denied.value)


def test_another_refusal_is_no_missing_permission() -> None:
    expected = r"sqs:ReceiveMessage on a-queue failed: .*QueueDoesNotExist"
    with pytest.raises(DeployError, match=expected) as failed, asking("sqs:ReceiveMessage", "a-queue"):
        raise refusal("QueueDoesNotExist", 400)

    assert not isinstance(failed.value, DeniedError)


def test_a_network_that_is_down_is_told_from_a_refusal() -> None:
    expected = "sqs:ReceiveMessage on a-queue got no answer: "
    with pytest.raises(DeployError, match=expected), asking("sqs:ReceiveMessage", "a-queue"):
        raise ConnectTimeoutError(endpoint_url="https://sqs")
