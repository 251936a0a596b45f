"""One run of `make redrive`: letter by letter, each step written down before the next one.

A letter is sent, then deleted. Who is killed in between finds the letter's receipt at the next run, and deletes only.
Who is killed while sending can't know: main's log says whether the request came (redrive_rules.was_sent).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, NoReturn

from botocore.exceptions import ClientError

from selador_deploy.errors import DeployError
from selador_deploy.operations.asking import asking
from selador_deploy.operations.dead_letter_queue import HIDDEN_SECONDS, DeadLetterQueue
from selador_deploy.operations.deployed_service import DeployedService
from selador_deploy.operations.insights import Insights, Row, one_of, row_time
from selador_deploy.operations.letter import DeadLetter, message_again
from selador_deploy.operations.presence import Presence
from selador_deploy.operations.receipts import Receipts, RedriveStep
from selador_deploy.operations.redrive_rules import (
    BURIED,
    FAILED_AGAIN,
    LOG_SECONDS,
    Action,
    WasSent,
    action_for,
    endings,
    failed_again,
    was_sent,
)
from selador_deploy.progress import say
from selador_deploy.wording import counted

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

INTERRUPTED_STATUS = 130
_LOOK_SECONDS = 2
"""How often main's log is asked how the first ones end."""

_LOOK_AGAIN_SECONDS = 10
"""How often it is asked how the others end, while they are sent."""

_FRESH_SECONDS = HIDDEN_SECONDS / 2
"""A letter that was received longer ago is left for the next receive: others may have it soon."""

_NOTHING_NEW = 2
"""So many receives in a row without a letter that is new end the run."""


@dataclass(frozen=True)
class Pace:
    """How many are sent `first`, to see how they end, and then at which `rate`, in requests a second."""

    first: int = 3
    rate: float = 2.0


@dataclass(frozen=True)
class Purging:
    """What may be deleted without being sent."""

    gone: bool = False
    malformed: bool = False


@dataclass
class RedriveRun:
    """What a run works with, and how far it has come. `sqs` may not retry: a second send is a second message."""

    service: DeployedService
    sqs: "SQSClient"
    dead_letters: DeadLetterQueue
    client_of: Callable[[str], Presence]
    main_log: Insights
    receipts: Receipts
    pace: Pace
    purging: Purging
    now: Callable[[], datetime]
    stop: Event
    done: Counter[Action] = field(default_factory=Counter)
    ends: dict[str, Row] = field(default_factory=dict)
    """How the first ones ended, by message."""

    def __post_init__(self) -> None:
        self._began = self.now().replace(microsecond=0) + timedelta(milliseconds=self.now().microsecond // 1000)
        self._sent: dict[str, None] = {}  # ordered, as sets are not
        self._kept: dict[str, str] = {}  # the newest receipt handle of each letter that is still there
        self._handled: set[str] = set()
        self._watched = False
        self._looked_at = monotonic()

    def run(self) -> None:
        """Work on all letters. Raises DeployError if it had to stop; what it kept is shown to others again."""
        self._look_for_failures()  # also finds out, before anything is sent, whether the log can be asked
        try:
            nothing_new = 0
            while nothing_new < _NOTHING_NEW:
                letters = self.dead_letters.receive(self._most())
                received_at = monotonic()
                self._kept |= {letter.message_id: letter.receipt_handle for letter in letters}
                new = [letter for letter in letters if letter.message_id not in self._handled]
                nothing_new = 0 if new else nothing_new + 1
                for letter in new:
                    if monotonic() - received_at < _FRESH_SECONDS:
                        self._go_on()
                        self._work_on(letter)
            self._watch_the_first()
            self._look_for_failures()
            self._close_what_is_gone()
        finally:
            self.dead_letters.show_again(self._kept.values())

    def _most(self) -> int:
        """Return how many letters can be worked on before others may have them."""
        if not self._watched:
            return max(1, min(10, self.pace.first - len(self._sent)))
        return max(1, min(10, int(self.pace.rate * _FRESH_SECONDS / 2)))

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise DeployError("interrupted between two letters", "run it again to go on", status=INTERRUPTED_STATUS)

    def _work_on(self, letter: DeadLetter) -> None:
        if letter.message_id in self._sent:
            self._refuse_refill(1)
        self._handled.add(letter.message_id)
        action = self._action(letter)
        if action is Action.RESOLVE:
            action = self._resolve(letter)
        match action:
            case Action.SEND:
                self._send(letter)
            case Action.DELETE:
                self._delete(letter)
            case Action.PURGE_GONE | Action.PURGE_MALFORMED:
                self.receipts.note(letter, RedriveStep.PURGING, self.now(), why=action.name.lower())
                self._delete(letter)
        self.done[action] += 1
        if action is Action.SEND:
            self._pause()

    def _action(self, letter: DeadLetter) -> Action:
        return action_for(
            letter,
            self.receipts.of(letter),
            self.client_of(letter.asked.connection_id) if letter.asked else Presence.UNKNOWN,
            purge_gone=self.purging.gone,
            purge_malformed=self.purging.malformed,
        )

    def _send(self, letter: DeadLetter) -> None:
        self.receipts.note(letter, RedriveStep.SENDING, self.now())
        try:
            with asking("sqs:SendMessage", self.service.queue_url):
                sent = self.sqs.send_message(**message_again(letter, self.service.queue_url))
        except DeployError as error:
            if _is_refusal(error.__cause__):
                self.receipts.note(letter, RedriveStep.NOT_SENT, self.now())
                raise
            raise DeployError(
                f"whether message {letter.message_id} was sent isn't known",
                f"run it again in {LOG_SECONDS} s: then main's log says so",
            ) from error
        self._sent[sent["MessageId"]] = None
        self.receipts.note(letter, RedriveStep.SENT, self.now(), sentAs=sent["MessageId"])
        self._delete(letter)

    def _delete(self, letter: DeadLetter) -> None:
        self.dead_letters.delete(letter)
        self._kept.pop(letter.message_id, None)
        self.receipts.note(letter, RedriveStep.DELETED, self.now())

    def _resolve(self, letter: DeadLetter) -> Action:
        """Find out whether a letter was sent by a run that was killed while it sent it."""
        receipt = self.receipts.of(letter)
        assert receipt is not None
        assert letter.asked is not None
        rows = self.main_log.rows(
            "fields @timestamp, messageId, connectionId, message"
            f' | filter message = "attempt started" and {one_of("requestId", [letter.asked.request_id])}',
            receipt.at - timedelta(seconds=1),
            self.now(),
        )
        came = [
            row
            for row in rows
            if row.get("connectionId") == letter.asked.connection_id and row["messageId"] != letter.message_id
        ]
        verdict = was_sent(
            receipt.at,
            self.now(),
            is_in_the_log=bool(came),
            queue_is_empty=DeadLetterQueue(self.sqs, self.service.queue_url).depth() == 0,
            max_age_seconds=self.service.max_age_seconds,
        )
        match verdict:
            case WasSent.YES:
                self.receipts.note(letter, RedriveStep.SENT, self.now(), sentAs=came[0]["messageId"])
                return Action.DELETE
            case WasSent.NO:
                self.receipts.note(letter, RedriveStep.NOT_SENT, self.now())
                return self._action(letter)
            case WasSent.UNKNOWN:
                return Action.RESOLVE

    def _pause(self) -> None:
        if not self._watched and len(self._sent) >= self.pace.first:
            self._watch_the_first()
            return
        self.stop.wait(1 / self.pace.rate)
        if self._watched and monotonic() - self._looked_at > _LOOK_AGAIN_SECONDS:
            self._look_for_failures()

    def _watch_the_first(self) -> None:
        """Wait until the first ones have ended. Raises DeployError if one failed again, or takes too long."""
        if self._watched or not self._sent:
            return
        ids = list(self._sent)
        until = self.now() + timedelta(seconds=self.service.max_age_seconds + LOG_SECONDS)
        say(f"sent the first {len(ids)}; waiting for their ends")
        while True:
            self._note_ends(ids)
            if len(self.ends) == len(ids):
                break
            if self.now() > until:
                raise DeployError(
                    f"{len(ids) - len(self.ends)} of the first {len(ids)} have not ended, so no more are sent",
                    f"follow one: make trace ENV={self.service.environment} REQUEST=<its id>",
                )
            self.stop.wait(_LOOK_SECONDS)
            self._go_on()
        self._watched = True

    def _note_ends(self, ids: Sequence[str]) -> None:
        known = set(self.ends)
        self.ends = endings(self._ended(one_of("messageId", ids)))
        for message_id in self.ends.keys() - known:
            say(f"{self.ends[message_id].get('requestId', message_id)}: {_end(self.ends[message_id])}")
        self._refuse_failures(f"the first {len(ids)}", failed_again(self.ends.values(), self._sent))

    def _look_for_failures(self) -> None:
        """Raise DeployError if what this run has sent failed again, or if others have died since it began."""
        failed = self._ended(one_of("outcome", sorted(FAILED_AGAIN)))
        self._looked_at = monotonic()
        self._refuse_failures(f"the {len(self._sent)} sent", failed_again(failed, self._sent))
        dead = {row["messageId"] for row in failed if row["outcome"] in BURIED}
        if dead:
            self._refuse_refill(len(dead))

    def _refuse_failures(self, whom: str, failed: Sequence[Row]) -> None:
        if not failed:
            return
        first = failed[0]
        names_it = f"make dlq ENV={self.service.environment}"
        if first["outcome"] not in BURIED:  # it left no letter
            names_it = f"make trace ENV={self.service.environment} REQUEST={first['requestId']}"
        raise DeployError(
            f"{len(failed)} of {whom} failed again ({_end(first)}), so no more are sent",
            f"remove the cause first: {names_it} names it",
        )

    def _refuse_refill(self, count: int) -> NoReturn:
        raise DeployError(
            f"the dead-letter queue refills: {counted(count, 'request')} died since this run began",
            f"remove the cause first: make dlq ENV={self.service.environment} names it",
        )

    def _ended(self, condition: str) -> Sequence[Row]:
        query = (
            "fields @timestamp, messageId, requestId, outcome, code, reason"
            f' | filter message = "attempt ended" and {condition}'
        )
        rows = self.main_log.rows(query, self._began, self.now() + timedelta(seconds=1))
        return [row for row in rows if row_time(row) >= self._began]  # a query's range is in whole seconds

    def _close_what_is_gone(self) -> None:
        """Write down that letters of an interrupted run, which are sent or purged and not here any more, are done.

        Those that it held are hidden from this run for a while.
        """
        visible = self.now() - timedelta(seconds=HIDDEN_SECONDS)
        for message_id, receipt in self.receipts.unfinished.items():
            if receipt.step is not RedriveStep.SENDING and receipt.at < visible and message_id not in self._kept:
                self.receipts.close(message_id, self.now())


def _end(row: Row) -> str:
    return " ".join(part for part in (row["outcome"].lower(), row.get("code"), row.get("reason")) if part)


def _is_refusal(error: BaseException | None) -> bool:
    """Return whether SQS said no. After a 5xx, a timeout or a broken connection the message may be on the queue."""
    if not isinstance(error, ClientError):
        return False
    return 400 <= error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < 500
