"""Which messages of a batch are done: all but those that the function's response lists (ESM-21)."""

import json
from collections.abc import Set as AbstractSet


def message_ids_to_delete(payload: bytes, batch: AbstractSet[str], *, reports_batch_item_failures: bool) -> set[str]:
    """Return the ids of `batch` to delete after an invocation that did not fail.

    The whole batch fails if the response can't be read or names an item that isn't in the batch (ESM-23).
    """
    if not reports_batch_item_failures:
        return set(batch)  # the response is ignored (ESM-25)
    try:
        answer = json.loads(payload or b"null")
        failures = None if answer is None else answer.get("batchItemFailures")
        failed = {failure["itemIdentifier"] for failure in failures or []}  # an empty list or none is success (ESM-22)
    except (ValueError, AttributeError, TypeError, KeyError):  # malformed (ESM-23), or no object at all (ESM-24)
        return set()
    return set(batch) - failed if failed <= batch else set()
