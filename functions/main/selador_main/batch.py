"""A batch of messages: worked on at once, each with its own lease and outcome, and answered one by one."""

import contextvars
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

Record = Mapping[str, Any]

log = structlog.get_logger()


def process_batch(records: Sequence[Record], process: Callable[[Record], bool]) -> dict[str, Any]:
    """Return the batch's answer: the identifiers of exactly the messages that `process` did not get done.

    SQS keeps the messages that are listed and deletes the others (ESM-21). One that raises is not done, and takes none
    of the others with it.
    """
    if len(records) == 1:
        done = [_processed(records[0], process)]
    else:
        # None waits for another: an answer takes minutes, and all of them share the function's timeout.
        with ThreadPoolExecutor(max_workers=max(1, len(records)), thread_name_prefix="record") as pool:
            begun = [pool.submit(contextvars.copy_context().run, _processed, record, process) for record in records]
            done = [future.result() for future in begun]
    failed = [record["messageId"] for record, is_done in zip(records, done, strict=True) if not is_done]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _processed(record: Record, process: Callable[[Record], bool]) -> bool:
    try:
        return process(record)
    except Exception:
        # The rim: an exception that escapes returns every message of the batch (ESM-17). Only this one comes back,
        # when its lease ends.
        log.exception("message not processed", messageId=record["messageId"])
        return False
