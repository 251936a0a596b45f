"""What a response does to its batch: those listed stay (ESM-21), none is success (ESM-22), else all stay (ESM-23)."""

import json
from typing import Any

import pytest

from selador_local.data_plane.event_source_mapping.batch_response import message_ids_to_delete

BATCH = {"a", "b", "c"}


def deleted(answer: Any) -> set[str]:
    return message_ids_to_delete(json.dumps(answer).encode(), BATCH, reports_batch_item_failures=True)


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"other": 1}])
def test_no_failures_is_success(answer: Any) -> None:
    assert deleted(answer) == BATCH


def test_empty_answer_is_success() -> None:
    assert message_ids_to_delete(b"", BATCH, reports_batch_item_failures=True) == BATCH


def test_reported_items_stay() -> None:
    assert deleted({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "c"}]}) == {"b"}


@pytest.mark.parametrize(
    "failure",
    [
        {"itemIdentifier": ""},
        {"itemIdentifier": None},
        {"itemIdentifier": "not in the batch"},
        {"itemIdentifier": ["a"]},
        {"messageId": "a"},
        {},
        "a",
        None,
    ],
)
def test_an_item_that_can_t_be_understood_fails_the_whole_batch(failure: Any) -> None:
    assert deleted({"batchItemFailures": [{"itemIdentifier": "a"}, failure]}) == set()


@pytest.mark.parametrize("answer", ["ok", 1, True, [], {"batchItemFailures": "a"}, {"batchItemFailures": 1}])
def test_an_answer_of_another_shape_fails_the_whole_batch(answer: Any) -> None:
    assert deleted(answer) == set()


def test_invalid_json_fails_the_whole_batch() -> None:
    assert message_ids_to_delete(b"{", BATCH, reports_batch_item_failures=True) == set()


@pytest.mark.parametrize("payload", [b'{"batchItemFailures":[{"itemIdentifier":"a"}]}', b"{", b'"ok"', b""])
def test_the_answer_is_ignored_unless_the_mapping_asks_for_it(payload: bytes) -> None:
    assert message_ids_to_delete(payload, BATCH, reports_batch_item_failures=False) == BATCH
