"""A batch's answer names exactly the messages that are not done."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest
import structlog

from selador_main.batch import process_batch
from selador_main.waiting import RealWaiting

from ...conftest import STUCK_SECONDS

REAL = RealWaiting()
RECORDS = [{"messageId": f"m-{number}"} for number in range(5)]


def failed(answer: dict[str, Any]) -> list[str]:
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


@pytest.mark.parametrize("records", [RECORDS[:1], RECORDS], ids=["one", "five"])
def test_messages_that_are_done_are_not_named(records: list[dict[str, Any]]) -> None:
    assert process_batch(records, lambda _: True, waiting=REAL) == {"batchItemFailures": []}


def test_exactly_the_failed_ones_are_named() -> None:
    answer = process_batch(RECORDS, lambda record: record["messageId"] not in {"m-1", "m-4"}, waiting=REAL)

    assert failed(answer) == ["m-1", "m-4"]


def test_one_that_raises_fails_alone() -> None:
    def process(record: Mapping[str, Any]) -> bool:
        if record["messageId"] == "m-2":
            raise ZeroDivisionError
        return True

    assert failed(process_batch(RECORDS, process, waiting=REAL)) == ["m-2"]
    assert failed(process_batch(RECORDS[2:3], process, waiting=REAL)) == ["m-2"]


def test_all_are_worked_on_at_once() -> None:
    together = threading.Barrier(len(RECORDS), timeout=STUCK_SECONDS)

    def process(_: Mapping[str, Any]) -> bool:
        together.wait()
        return True

    assert failed(process_batch(RECORDS, process, waiting=REAL)) == []


def test_one_messages_log_lines_do_not_carry_anothers_facts() -> None:
    seen: dict[str, str] = {}

    def process(record: Mapping[str, Any]) -> bool:
        structlog.contextvars.bind_contextvars(messageId=record["messageId"])
        threading.Event().wait(0.01)
        seen[record["messageId"]] = structlog.contextvars.get_contextvars()["messageId"]
        return True

    process_batch(RECORDS, process, waiting=REAL)

    assert all(name == bound for name, bound in seen.items())
    assert len(seen) == len(RECORDS)


def test_no_thread_is_left_behind() -> None:
    process_batch(RECORDS, lambda _: True, waiting=REAL)

    assert not any(thread.name.startswith("record") for thread in threading.enumerate())
