"""What is done with a letter."""

from datetime import timedelta
from typing import Any

import pytest

from selador_deploy.operations.letter import read_letter
from selador_deploy.operations.presence import Presence
from selador_deploy.operations.receipts import Receipt, RedriveStep
from selador_deploy.operations.redrive_rules import LOG_SECONDS, Action, WasSent, action_for, endings, was_sent

from .conftest import NOW, envelope


def action(
    body: str = "",
    client: Presence = Presence.CONNECTED,
    step: RedriveStep | None = None,
    *,
    gone: bool = False,
    bad: bool = False,
) -> Action:
    message: Any = {"MessageId": "m-1", "Body": body or envelope()}
    receipt = None if step is None else Receipt(step, NOW)
    return action_for(read_letter(message), receipt, client, purge_gone=gone, purge_malformed=bad)


@pytest.mark.parametrize(
    ("client", "gone", "expected"),
    [
        (Presence.CONNECTED, False, Action.SEND),
        (Presence.CONNECTED, True, Action.SEND),
        (Presence.GONE, False, Action.KEEP_GONE),
        (Presence.GONE, True, Action.PURGE_GONE),
        (Presence.UNKNOWN, False, Action.KEEP_UNKNOWN),
        (Presence.UNKNOWN, True, Action.KEEP_UNKNOWN),
    ],
)
def test_a_request_is_sent_to_a_client_that_is_there_and_purged_only_if_told(
    client: Presence, gone: bool, expected: Action
) -> None:
    assert action(client=client, gone=gone, bad=True) is expected


@pytest.mark.parametrize(("bad", "expected"), [(False, Action.KEEP_MALFORMED), (True, Action.PURGE_MALFORMED)])
def test_what_is_no_request_is_never_purged_without_a_word(bad: bool, expected: Action) -> None:
    assert action("no json", Presence.UNKNOWN, gone=True, bad=bad) is expected


@pytest.mark.parametrize("step", [RedriveStep.SENT, RedriveStep.DELETED, RedriveStep.PURGING])
def test_what_was_sent_or_is_to_go_is_only_deleted(step: RedriveStep) -> None:
    assert action(step=step) is Action.DELETE
    assert action(client=Presence.GONE, step=step) is Action.DELETE


def test_a_send_that_was_interrupted_is_looked_into() -> None:
    assert action(step=RedriveStep.SENDING) is Action.RESOLVE


def test_a_send_that_sqs_refused_is_as_if_nothing_had_been() -> None:
    assert action(step=RedriveStep.NOT_SENT) is Action.SEND


@pytest.mark.parametrize(
    ("seconds", "in_log", "empty", "expected"),
    [
        (1, True, False, WasSent.YES),
        (10_000, True, True, WasSent.YES),
        (LOG_SECONDS - 1, False, True, WasSent.UNKNOWN),
        (LOG_SECONDS + 1, False, True, WasSent.NO),
        (LOG_SECONDS + 1, False, False, WasSent.UNKNOWN),
        (900 + LOG_SECONDS - 1, False, False, WasSent.UNKNOWN),
        (900 + LOG_SECONDS + 1, False, False, WasSent.NO),
    ],
)
def test_a_message_was_not_sent_only_if_it_is_neither_in_the_log_nor_on_the_queue(
    seconds: int, in_log: bool, empty: bool, expected: WasSent
) -> None:
    begun = NOW - timedelta(seconds=seconds)

    found = was_sent(begun, NOW, is_in_the_log=in_log, queue_is_empty=empty, max_age_seconds=900)

    assert found is expected


def test_an_attempt_that_failed_is_no_end() -> None:
    rows = [
        {"messageId": "m-1", "outcome": "AttemptFailed"},
        {"messageId": "m-2", "outcome": "AttemptFailed"},
        {"messageId": "m-2", "outcome": "Completed"},
    ]

    assert {message_id: row["outcome"] for message_id, row in endings(rows).items()} == {"m-2": "Completed"}
