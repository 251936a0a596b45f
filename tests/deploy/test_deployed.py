"""What a state says of what exists."""

from typing import Any

import pytest

from selador_deploy.deployed import is_protected, regions, serving_release
from selador_deploy.errors import DeployError


def state_of(*attributes: dict[str, Any], mode: str = "managed", version: int = 4) -> dict[str, Any]:
    resources = [{"mode": mode, "instances": [{"attributes": one}]} for one in attributes]
    return {"version": version, "resources": resources}


def test_the_regions_are_those_of_the_arns() -> None:
    queue = {"arn": "arn:aws:sqs:eu-central-1:111122223333:a"}
    role = {"arn": "arn:aws:iam::111122223333:role/a"}
    permission = {"statement_id": "a"}

    assert regions(state_of(queue, role, permission)) == {"eu-central-1"}
    assert regions(state_of(queue, mode="data")) == frozenset()
    assert regions({}) == frozenset()


def test_an_environment_was_protected_if_its_resources_say_so() -> None:
    assert is_protected(state_of({"tags_all": None}, {"tags_all": {"protected": "true"}}))
    assert not is_protected(state_of({"tags_all": {"project": "selador"}}, {}))


def test_a_state_that_can_not_be_read_protects_by_a_refusal() -> None:
    with pytest.raises(DeployError, match="the state has version 5, and this program reads version 4"):
        is_protected(state_of(version=5))


def test_the_release_that_serves_is_what_the_state_says() -> None:
    assert serving_release({"outputs": {"release": {"value": "abc"}}}) == "abc"


@pytest.mark.parametrize(
    "state", [{}, {"outputs": {}}, {"outputs": {"release": {"value": None}}}], ids=["none", "of-before", "no-bucket"]
)
def test_without_a_release_none_serves(state: dict[str, Any]) -> None:
    assert serving_release(state) == ""
