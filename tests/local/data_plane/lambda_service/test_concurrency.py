"""Who is throttled: pure, without a process."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from selador_local.data_plane.deployment import Function
from selador_local.data_plane.lambda_service.concurrency import Concurrency
from selador_local.data_plane.lambda_service.invocation import TooManyRequestsError

MakeFunction = Callable[..., Function]


def started(concurrency: Concurrency, *functions: Function) -> int:
    """Start invocations one after another, none of which ends; return how many are started before one is refused."""
    with ExitStack() as invocations:
        for number, function in enumerate(functions):
            try:
                invocations.enter_context(concurrency.taken(function))
            except TooManyRequestsError:
                return number
        return len(functions)


def test_the_account_s_functions_share_its_limit(make_function: MakeFunction) -> None:
    one, other = make_function("", name="one"), make_function("", name="other")
    concurrency = Concurrency(account_limit=3)
    concurrency.reserve([one, other])

    assert started(concurrency, one, other, one, other) == 3
    assert started(concurrency, one, other, one) == 3  # those before have ended


def test_a_reservation_is_a_function_s_own_and_is_taken_from_what_the_others_share(make_function: MakeFunction) -> None:
    reserved, other = make_function("", name="reserved", reserved_concurrency=2), make_function("", name="other")
    concurrency = Concurrency(account_limit=3)
    concurrency.reserve([reserved, other])

    assert started(concurrency, reserved, reserved, reserved) == 2
    assert started(concurrency, other, other) == 1
    assert started(concurrency, other, reserved, reserved) == 3


def test_the_versions_of_a_function_share_its_reservation(make_function: MakeFunction) -> None:
    stable, canary = (make_function("", reserved_concurrency=1, version=version) for version in ("7", "8"))
    concurrency = Concurrency(account_limit=1_000)
    concurrency.reserve([stable])

    assert started(concurrency, stable, canary) == 1


def test_a_reservation_of_0_refuses_every_call(make_function: MakeFunction) -> None:
    off = make_function("", reserved_concurrency=0)
    concurrency = Concurrency(account_limit=1_000)
    concurrency.reserve([off])

    assert started(concurrency, off) == 0


def test_a_refusal_says_which_limit_it_was(make_function: MakeFunction) -> None:
    function = make_function("", name="echo")

    with pytest.raises(TooManyRequestsError, match="echo: the account's unreserved concurrency 0 is used up"):
        Concurrency(account_limit=0).taken(function).__enter__()
