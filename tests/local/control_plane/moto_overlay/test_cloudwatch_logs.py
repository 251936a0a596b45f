"""Log groups, against the running server."""

from typing import Any

import pytest

KEY = "arn:aws:kms:us-east-1:123456789012:key/a-key"


@pytest.fixture
def logs(server: Any) -> Any:
    return server.client("logs")


def key_of(logs: Any, name: str) -> str | None:
    (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    key: str | None = group.get("kmsKeyId")
    return key


def test_a_key_is_given_to_a_log_group_that_exists_and_taken_away_again(logs: Any, name: str) -> None:
    logs.create_log_group(logGroupName=name)

    logs.associate_kms_key(logGroupName=name, kmsKeyId=KEY)
    assert key_of(logs, name) == KEY

    logs.disassociate_kms_key(logGroupName=name)
    assert key_of(logs, name) is None


def test_a_log_group_that_does_not_exist_has_no_key(logs: Any) -> None:
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.associate_kms_key(logGroupName="none", kmsKeyId=KEY)
