"""What `make redrive` has done with each letter, kept so that an interrupted one can go on.

A step is on the disk before the next one begins. No receipt holds a question: it has the SHA-256 of the letter's body.

| step | written | what is known if it is the last one |
|---|---|---|
| `sending` | before SendMessage | it may have been sent: main's log decides |
| `sent` | after it | it was sent, under the id `sentAs`: the letter is only to be deleted |
| `not_sent` | when the log or SQS has said so | nothing has happened to it yet |
| `purging` | before DeleteMessage of a letter that isn't sent | it is to be deleted |
| `deleted` | after DeleteMessage | it is done; a copy that comes back is deleted again |
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from selador_deploy.errors import DeployError
from selador_deploy.operations.letter import DeadLetter


class RedriveStep(StrEnum):
    """How far a letter has come."""

    SENDING = "sending"
    SENT = "sent"
    NOT_SENT = "not_sent"
    PURGING = "purging"
    DELETED = "deleted"


@dataclass(frozen=True)
class Receipt:
    """The last step of a letter, and when it was written."""

    step: RedriveStep
    at: datetime
    sent_as: str | None = None


@dataclass
class Receipts:
    """The receipts of one environment. `sync` puts what was written onto the disk."""

    file: IO[str]
    by_message: dict[str, Receipt] = field(default_factory=dict)

    def of(self, letter: DeadLetter) -> Receipt | None:
        """Return a letter's last receipt."""
        return self.by_message.get(letter.message_id)

    @property
    def unfinished(self) -> Mapping[str, Receipt]:
        """The letters that an interrupted run has begun with, by message."""
        begun = {RedriveStep.SENDING, RedriveStep.SENT, RedriveStep.PURGING}
        return {message_id: receipt for message_id, receipt in self.by_message.items() if receipt.step in begun}

    @property
    def sent_as(self) -> frozenset[str]:
        """The ids of all messages that were sent."""
        return frozenset(receipt.sent_as for receipt in self.by_message.values() if receipt.sent_as)

    def note(self, letter: DeadLetter, step: RedriveStep, at: datetime, **facts: str) -> None:
        """Write a step down; it is on the disk when this returns."""
        asked = letter.asked
        who = {} if asked is None else {"requestId": asked.request_id, "connectionId": asked.connection_id}
        if step is RedriveStep.PURGING:
            facts["bodySha256"] = sha256(letter.body.encode(errors="surrogatepass")).hexdigest()
            facts["askedAt"] = letter.asked_at.isoformat()
            if asked is not None and asked.principal_id:
                facts["principalId"] = asked.principal_id
        self._write({"at": at.isoformat(), "step": step.value, "messageId": letter.message_id, **who, **facts})

    def close(self, message_id: str, at: datetime) -> None:
        """Write down that a letter is no longer in the queue."""
        self._write({"at": at.isoformat(), "step": RedriveStep.DELETED.value, "messageId": message_id})

    def _write(self, line: Mapping[str, Any]) -> None:
        self.file.write(f"{json.dumps(line)}\n")
        self.file.flush()
        os.fsync(self.file.fileno())
        self._learn(line)

    def _learn(self, line: Mapping[str, Any]) -> None:
        before = self.by_message.get(line["messageId"])
        sent_as: str | None = line.get("sentAs", before.sent_as if before else None)
        self.by_message[line["messageId"]] = Receipt(
            RedriveStep(line["step"]), datetime.fromisoformat(line["at"]), sent_as
        )


@contextmanager
def opened(path: Path) -> Iterator[Receipts]:
    """Open the receipts in a file that only its owner may read, for one process at a time. Raises DeployError."""
    path.parent.mkdir(exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DeployError("another make redrive works on it in this checkout", "wait until it has ended") from None
        receipts = Receipts(file)
        _read(receipts, path)
        yield receipts


def _read(receipts: Receipts, path: Path) -> None:
    """Read what is there. A last line that a crash has cut off was followed by no step: it is taken away."""
    text = receipts.file.read()
    whole, _, _ = text.rpartition("\n")
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            receipts._learn(json.loads(line))
        except (ValueError, KeyError, TypeError):
            raise DeployError(
                f"line {number} of {path} is damaged, so what was sent can't be told",
                "move the file away; a request that it says nothing about may then be answered twice",
            ) from None
    receipts.file.seek(len(f"{whole}\n".encode()) if whole else 0)
    receipts.file.truncate()
