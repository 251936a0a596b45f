"""Which messages of a batch are done, by what the function answered (ESM-21..25)."""

import json
from collections.abc import Set as AbstractSet


def message_ids_to_delete(payload: bytes, batch: AbstractSet[str], *, reports_batch_item_failures: bool) -> set[str]:
    """The ids of `batch` to delete after an invocation that did not fail.

    An answer that can't be read, or that names an item which isn't in the batch, fails the whole batch (ESM-23).
    """
    if not reports_batch_item_failures:
        return set(batch)  # ESM-25: the answer is ignored
    try:
        answer = json.loads(payload or b"null")
        failures = None if answer is None else answer.get("batchItemFailures")
        failed = {failure["itemIdentifier"] for failure in failures or []}  # ESM-22: none at all is success
    except (ValueError, AttributeError, TypeError, KeyError):  # ESM-23; ESM-24 for what is no object
        return set()
    return set(batch) - failed if failed <= batch else set()
