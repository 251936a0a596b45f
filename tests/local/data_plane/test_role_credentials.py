"""A role's credentials: kept until they are due, and asked for again then."""

import asyncio
from typing import Any, cast

import pytest

from selador_local.control_plane_client.client import ControlPlane, ControlPlaneError
from selador_local.data_plane.role_credentials import RoleCredentials

EXPIRES_AT = 1_800_000_000.0
ROLE = "arn:aws:iam::123456789012:role/main"


class FakeControlPlane:
    """Lends credentials that are numbered, or answers as `answer` says."""

    def __init__(self, answer: dict[str, Any] | None = None) -> None:
        self.asked: list[tuple[str, Any]] = []
        self._answer = answer

    def ask(self, question: str, facts: Any) -> dict[str, Any]:
        self.asked.append((question, facts))
        lent = {"secretAccessKey": "secret", "sessionToken": "token", "expiration": "2027-01-15T08:00:00Z"}
        return self._answer or {"accessKeyId": f"ASIA{len(self.asked)}", **lent}


def key_ids(fake: FakeControlPlane, *times: float) -> list[str]:
    """Ask for the role's credentials at these times."""
    passed: list[float] = []

    async def run() -> list[str]:
        credentials = RoleCredentials(cast("ControlPlane", fake), lambda: passed[-1])
        found = []
        for time in times:
            passed.append(time)
            found.append((await credentials.get(ROLE)).access_key_id)
        return found

    return asyncio.run(run())


def test_lambda_asks_for_the_roles_credentials() -> None:
    fake = FakeControlPlane()

    key_ids(fake, 0)

    assert fake.asked == [("role-credentials", {"roleArn": ROLE, "service": "lambda.amazonaws.com"})]


def test_credentials_are_kept_until_five_minutes_before_they_expire() -> None:
    found = key_ids(FakeControlPlane(), 0, EXPIRES_AT - 301, EXPIRES_AT - 299)

    assert found == ["ASIA1", "ASIA1", "ASIA2"]


@pytest.mark.parametrize(
    "answer",
    [
        {"secretAccessKey": "s", "sessionToken": "t", "expiration": "2027-01-15T08:00:00Z"},
        {"accessKeyId": "a", "secretAccessKey": "s", "sessionToken": "t", "expiration": "soon"},
    ],
    ids=["incomplete", "not a time"],
)
def test_credentials_that_lack_something_are_an_error(answer: dict[str, Any]) -> None:
    with pytest.raises(ControlPlaneError, match=f"the control plane's credentials for {ROLE} are unusable: "):
        key_ids(FakeControlPlane(answer), 0)
