"""The table of rules: each names an operation that exists, and the first refusal is the answer."""

from typing import Any, cast

import pytest
from moto.core.utils import get_service_model

from selador_local.control_plane.front_door.api_call import ApiCall
from selador_local.control_plane.front_door.refusals import CallRefusedError
from selador_local.control_plane.service_rules.table import RULES, State, check


class Empty:
    """An account without queues."""

    def visibility_timeout(self, queue_arn: str) -> int | None:
        return None


def call(operation: str, **parameters: Any) -> ApiCall:
    return ApiCall("sqs", "sqs", operation, parameters, "POST")


@pytest.mark.parametrize(("model", "operation"), RULES)
def test_a_rule_is_for_an_operation_that_the_service_has(model: str, operation: str) -> None:
    assert operation in get_service_model(model).operation_names


def test_the_first_refusal_is_the_answer() -> None:
    with pytest.raises(CallRefusedError, match="Unknown Attribute Colour") as refused:
        check(
            call("CreateQueue", QueueName="q", Attributes={"Colour": "red", "DelaySeconds": "-1"}),
            cast("State", Empty()),
        )

    assert refused.value.status == 400


def test_what_no_rule_is_about_passes() -> None:
    check(call("ListQueues"), cast("State", Empty()))
