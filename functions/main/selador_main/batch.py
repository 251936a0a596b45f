"""A batch of messages: worked on at once, each with its own lease and outcome, and answered one by one."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from selador_main.waiting import Waiting

Record = Mapping[str, Any]

log = structlog.get_logger()


def process_batch(records: Sequence[Record], process: Callable[[Record], bool], *, waiting: Waiting) -> dict[str, Any]:
    """Return the batch's answer: the identifiers of exactly the messages that `process` did not get done.

    SQS keeps the messages that are listed and deletes the others (ESM-21). One that raises is not done, and takes none
    of the others with it.
    """
    done: set[str] = set()

    def work(record: Record) -> None:
        if _processed(record, process):
            done.add(record["messageId"])

    if len(records) == 1:
        work(records[0])
    else:
        # None waits for another: an answer takes minutes, and all of them share the function's timeout.
        threads = [waiting.start(partial(work, record), name="record") for record in records]
        for thread in threads:
            thread.join()
    failed = [record["messageId"] for record in records if record["messageId"] not in done]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _processed(record: Record, process: Callable[[Record], bool]) -> bool:
    try:
        return process(record)
    except Exception:
        # The rim: an exception that escapes returns every message of the batch (ESM-17). Only this one comes back,
        # when its lease ends.
        log.exception("message not processed", messageId=record["messageId"])
        return False
