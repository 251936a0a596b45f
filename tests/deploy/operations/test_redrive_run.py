"""A run, letter by letter: what is sent, deleted and kept, wherever it is interrupted."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest
from botocore.exceptions import ReadTimeoutError

from selador_deploy.errors import DeployError
from selador_deploy.operations.dead_letter_queue import DeadLetterQueue
from selador_deploy.operations.deployed_service import DeployedService
from selador_deploy.operations.insights import Insights
from selador_deploy.operations.presence import Presence
from selador_deploy.operations.receipts import RedriveStep, opened
from selador_deploy.operations.redrive_rules import Action
from selador_deploy.operations.redrive_run import Pace, Purging, RedriveRun

from .conftest import DEAD, MAIN, NOW, QUEUE, FakeLogs, FakeSqs, envelope, refusal

NOTHING = Purging()
SERVICE = DeployedService("dev", QUEUE, DEAD, "https://api", {"main": MAIN, "websocket_handler": "h"}, 3, 900)


class Killed(BaseException):
    """What a SIGKILL is to the code that runs: nothing after it happens."""


class NoWaiting(Event):
    """An event whose waits are over at once."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


class World:
    """A dead-letter queue, what lies behind it, and runs on it. Main answers what it is sent, unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "dev.receipts"
        self.sqs = FakeSqs(after=self._after)
        self.logs = FakeLogs()
        self.stop = NoWaiting()
        self.gone: set[str] = set()
        self.unknown: set[str] = set()
        self.outcome = "Completed"
        self.killed_after = ""
        self.now = NOW

    def run(self, *, first: int = 3, purging: Purging = NOTHING) -> RedriveRun:
        """Run to the end, or raise what ends the run."""
        with opened(self.file) as receipts:
            run = RedriveRun(
                service=SERVICE,
                sqs=cast(Any, self.sqs),
                dead_letters=DeadLetterQueue(cast(Any, self.sqs), DEAD),
                client_of=self._client_of,
                main_log=Insights(cast(Any, self.logs), [MAIN], self.stop.wait),
                receipts=receipts,
                pace=Pace(first=first, rate=100),
                purging=purging,
                now=lambda: self.now,
                stop=self.stop,
            )
            self.last = run
            run.run()
        return run

    def turns_after(self, sent: int, outcome: str) -> None:
        """Let all but the first so many that are sent have another end."""
        wrote = self.sqs.after

        def after(operation: str) -> None:
            if operation == "send_message" and len(self.sent_ids()) > sent:
                self.outcome = outcome
            wrote(operation)

        self.sqs.after = after

    def sent_ids(self) -> list[str]:
        return [body["requestId"] for body in self.sqs.sent()]

    def _client_of(self, connection_id: str) -> Presence:
        if connection_id in self.unknown:
            return Presence.UNKNOWN
        return Presence.GONE if connection_id in self.gone else Presence.CONNECTED

    def _after(self, operation: str) -> None:
        if operation == "send_message" and self.outcome:
            message = self.sqs.queues[QUEUE][-1]
            facts = {"messageId": message["MessageId"], "requestId": self.sqs.sent()[-1]["requestId"]}
            self.logs.write(MAIN, self.now, message="attempt ended", outcome=self.outcome, **facts)
        if operation == self.killed_after:
            self.killed_after = ""
            raise Killed


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@contextmanager
def stopped(words: str) -> Iterator[None]:
    with pytest.raises(DeployError, match=words):
        yield


def killed() -> AbstractContextManager[object]:
    return pytest.raises(Killed)


def test_a_request_whose_client_waits_is_sent_once_with_attempts_that_rise(world: World) -> None:
    world.sqs.put(envelope("r-1"), "m-1")

    run = world.run()

    assert [(body["requestId"], body["attemptsBefore"]) for body in world.sqs.sent()] == [("r-1", 5)]
    assert world.sqs.dead() == []
    assert run.done == {Action.SEND: 1}
    assert [row["outcome"] for row in run.ends.values()] == ["Completed"]


def test_others_are_kept_and_shown_to_others_again(world: World) -> None:
    world.sqs.put(envelope("r-1"), "m-1")
    world.sqs.put(envelope("r-2"), "m-2")
    world.sqs.put("no json", "m-3")
    world.gone, world.unknown = {"connection-of-r-1"}, {"connection-of-r-2"}

    run = world.run()

    assert world.sqs.sent() == []
    assert world.sqs.dead() == ["m-1", "m-2", "m-3"]
    assert world.sqs.hidden == set()
    assert run.done == {Action.KEEP_GONE: 1, Action.KEEP_UNKNOWN: 1, Action.KEEP_MALFORMED: 1}


def test_what_may_be_purged_is_deleted_with_a_receipt(world: World) -> None:
    world.sqs.put(envelope("r-1"), "m-1")
    world.sqs.put("no json", "m-2")
    world.gone = {"connection-of-r-1"}

    world.run(purging=Purging(gone=True, malformed=True))

    assert world.sqs.dead() == []
    assert world.sqs.sent() == []
    steps = [line.partition('"step": "')[2].partition('"')[0] for line in world.file.read_text().splitlines()]
    assert steps == ["purging", "deleted"] * 2


def test_an_empty_queue_is_no_work(world: World) -> None:
    assert world.run().done == {}


@pytest.mark.parametrize(
    ("killed_after", "dead_then"),
    [
        pytest.param("send_message", ["m-1"], id="before the send was noted"),
        pytest.param("delete_message", [], id="before the deletion was noted"),
    ],
)
def test_a_run_that_is_killed_has_lost_nothing(world: World, killed_after: str, dead_then: list[str]) -> None:
    world.sqs.put(envelope("r-1"), "m-1")
    world.killed_after = killed_after

    with killed():
        world.run()

    assert world.sqs.dead() == dead_then
    assert world.sent_ids() == ["r-1"]


def test_a_run_killed_between_send_and_deletion_is_gone_on_with_by_a_deletion(world: World) -> None:
    world.sqs.put(envelope("r-1"), "m-1")
    world.sqs.fails["delete_message"] = Killed()
    with killed():
        world.run()
    assert (world.sqs.dead(), world.sent_ids()) == (["m-1"], ["r-1"])
    world.sqs.fails.clear()
    world.sqs.hidden.clear()

    run = world.run()

    assert (world.sqs.dead(), world.sent_ids()) == ([], ["r-1"])
    assert run.done == {Action.DELETE: 1}


def interrupted_while_sending(world: World) -> None:
    """Leave a receipt that says `sending`, with the message sent."""
    world.sqs.put(envelope("r-1"), "m-1")
    world.killed_after, world.outcome = "send_message", ""
    with killed():
        world.run()
    world.outcome = "Completed"
    world.sqs.hidden.clear()


def test_a_send_that_main_s_log_knows_is_not_repeated(world: World) -> None:
    interrupted_while_sending(world)
    facts = {"requestId": "r-1", "connectionId": "connection-of-r-1", "messageId": "sent-1"}
    world.logs.write(MAIN, NOW, message="attempt started", **facts)

    run = world.run()

    assert (world.sqs.dead(), world.sent_ids()) == ([], ["r-1"])
    assert run.done == {Action.DELETE: 1}


def test_a_send_that_may_still_wait_on_the_queue_is_left_for_a_later_run(world: World) -> None:
    interrupted_while_sending(world)
    world.now += timedelta(minutes=5)

    run = world.run()

    assert (world.sqs.dead(), world.sent_ids()) == (["m-1"], ["r-1"])
    assert run.done == {Action.RESOLVE: 1}
    assert world.sqs.hidden == set()


def test_a_send_that_is_neither_in_the_log_nor_on_the_queue_never_was(world: World) -> None:
    interrupted_while_sending(world)
    world.sqs.queues[QUEUE].clear()
    world.now += timedelta(seconds=61)

    world.run()

    assert (world.sqs.dead(), world.sent_ids()) == ([], ["r-1"])


def test_the_log_s_lines_of_the_letter_itself_or_of_another_client_prove_no_send(world: World) -> None:
    interrupted_while_sending(world)
    world.sqs.queues[QUEUE].clear()
    line = {"message": "attempt started", "requestId": "r-1"}
    world.logs.write(MAIN, NOW, **line, connectionId="connection-of-r-1", messageId="m-1")
    world.logs.write(MAIN, NOW, **line, connectionId="another's", messageId="m-9")
    world.now += timedelta(seconds=61)

    assert world.run().done == {Action.SEND: 1}


def test_a_send_without_an_answer_is_not_repeated_by_the_same_run(world: World) -> None:
    world.sqs.put(envelope("r-1"), "m-1")
    world.sqs.put(envelope("r-2"), "m-2")
    world.sqs.fails["send_message"] = ReadTimeoutError(endpoint_url=QUEUE)

    with stopped("whether message m-1 was sent isn't known: .*; run it again in 60 s"):
        world.run()

    assert world.sqs.calls.count("send_message") == 1
    with opened(world.file) as receipts:
        assert receipts.by_message["m-1"].step is RedriveStep.SENDING


def test_a_send_that_sqs_refuses_is_named_and_leaves_the_letter_as_it_was(world: World) -> None:
    world.sqs.put(envelope("r-1"), "m-1")
    world.sqs.fails["send_message"] = refusal("AccessDenied", 403)

    with stopped(f"sqs:SendMessage on {QUEUE} is denied"):
        world.run()

    assert world.sqs.dead() == ["m-1"]
    assert world.sqs.hidden == set()
    with opened(world.file) as receipts:
        assert receipts.unfinished == {}


def test_nothing_is_sent_if_the_log_can_t_be_asked(world: World) -> None:
    world.sqs.put(envelope("r-1"), "m-1")
    world.logs.error = refusal("AccessDeniedException", 400)

    with stopped("logs:StartQuery on /aws/lambda/main is denied"):
        world.run()

    assert world.sqs.dead() == ["m-1"]
    assert "receive_message" not in world.sqs.calls


def test_if_one_of_the_first_fails_again_no_more_are_sent(world: World) -> None:
    for number in range(5):
        world.sqs.put(envelope(f"r-{number}"), f"m-{number}")
    world.outcome = "Buried"

    with stopped("2 of the first 2 failed again .*, so no more are sent; remove the cause first: make dlq ENV=dev"):
        world.run(first=2)

    assert world.sent_ids() == ["r-0", "r-1"]
    assert world.sqs.dead() == ["m-2", "m-3", "m-4"]
    assert world.sqs.hidden == set()


def test_if_the_first_do_not_end_no_more_are_sent(world: World) -> None:
    for number in range(3):
        world.sqs.put(envelope(f"r-{number}"), f"m-{number}")
    world.outcome = "AttemptFailed"
    begun = world.now

    def wait(timeout: float | None = None) -> bool:
        assert world.sqs.hidden == set(), "the others are nobody's until it is their turn"
        world.now += timedelta(seconds=100)
        return False

    world.stop.wait = wait  # type: ignore[method-assign]

    with stopped("1 of the first 1 have not ended, so no more are sent; follow one: make trace ENV=dev"):
        world.run(first=1)

    assert world.now - begun > timedelta(seconds=900)
    assert world.sent_ids() == ["r-0"]


def test_a_letter_that_others_may_have_soon_is_left_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selador_deploy.operations.redrive_run._FRESH_SECONDS", -1)
    world.sqs.put(envelope("r-1"), "m-1")

    world.run()

    assert world.sqs.sent() == []
    assert world.sqs.hidden == set()


def test_a_letter_that_was_just_sent_and_is_back_stops_the_run(world: World) -> None:
    for number in range(3):
        world.sqs.put(envelope(f"r-{number}"), f"m-{number}")
    world.sqs.put(envelope("r-0"), "sent-1")

    with stopped("the dead-letter queue refills: 1 request died since this run began"):
        world.run(first=1)

    assert world.sqs.hidden == set()


def test_requests_that_die_meanwhile_stop_the_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selador_deploy.operations.redrive_run._LOOK_AGAIN_SECONDS", -1)
    for number in range(9):
        world.sqs.put(envelope(f"r-{number}"), f"m-{number}")
    world.logs.write(MAIN, NOW, message="attempt ended", outcome="Buried", messageId="another's")
    world.now += timedelta(milliseconds=500)  # within the second that the query begins with
    wrote = world.sqs.after

    def after(operation: str) -> None:
        wrote(operation)
        if len(world.sent_ids()) == 4:
            world.logs.write(MAIN, world.now, message="attempt ended", outcome="Buried", messageId="one more")

    world.sqs.after = after

    with stopped("the dead-letter queue refills: 1 request died"):
        world.run(first=3)

    assert len(world.sent_ids()) == 4


@pytest.mark.parametrize(
    ("outcome", "names_it"),
    [
        ("Buried", "make dlq ENV=dev"),
        ("Expired", "make trace ENV=dev REQUEST=r-4"),
        ("Failed", "make trace ENV=dev REQUEST=r-4"),
        ("Unreadable", "make dlq ENV=dev"),
    ],
)
def test_if_one_of_the_rest_fails_again_no_more_are_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, outcome: str, names_it: str
) -> None:
    """What failed or expired leaves no letter: its request is gone."""
    monkeypatch.setattr("selador_deploy.operations.redrive_run._LOOK_AGAIN_SECONDS", -1)
    for number in range(9):
        world.sqs.put(envelope(f"r-{number}"), f"m-{number}")
    world.turns_after(4, outcome)

    with stopped(rf"1 of the 5 sent failed again \({outcome.lower()}\), so no more are sent; .*: {names_it} names it"):
        world.run(first=3)

    assert world.sent_ids() == [f"r-{number}" for number in range(5)]
    assert world.sqs.dead() == [f"m-{number}" for number in range(5, 9)]
    assert world.sqs.hidden == set()


def test_between_two_looks_more_are_sent_and_the_last_look_is_at_the_end(world: World) -> None:
    for number in range(6):
        world.sqs.put(envelope(f"r-{number}"), f"m-{number}")
    world.turns_after(4, "Buried")

    with stopped(r"2 of the 6 sent failed again"):
        world.run(first=3)

    assert (len(world.sent_ids()), world.sqs.dead()) == (6, [])


def test_a_request_of_others_that_fails_without_a_letter_stops_nothing(world: World) -> None:
    for number in range(6):
        world.sqs.put(envelope(f"r-{number}"), f"m-{number}")
    world.logs.write(MAIN, NOW, message="attempt ended", outcome="Failed", messageId="another's")

    assert world.run(first=3).done == {Action.SEND: 6}


def test_an_attempt_of_the_rest_that_is_tried_again_stops_nothing(world: World) -> None:
    for number in range(6):
        world.sqs.put(envelope(f"r-{number}"), f"m-{number}")
    world.turns_after(4, "AttemptFailed")

    assert world.run(first=3).done == {Action.SEND: 6}


def test_a_run_that_is_interrupted_ends_between_two_letters(world: World) -> None:
    for number in range(5):
        world.sqs.put(envelope(f"r-{number}"), f"m-{number}")
    wrote = world.sqs.after

    def after(operation: str) -> None:
        wrote(operation)
        if len(world.sent_ids()) == 2:
            world.stop.set()

    world.sqs.after = after

    with stopped("interrupted between two letters; run it again to go on"):
        world.run(first=4)

    assert world.sent_ids() == ["r-0", "r-1"]
    assert world.sqs.dead() == ["m-2", "m-3", "m-4"]
    world.stop.clear()
    world.sqs.after = wrote
    world.sqs.hidden.clear()
    world.run()
    assert sorted(world.sent_ids()) == [f"r-{number}" for number in range(5)]


def test_a_copy_of_a_deleted_letter_that_comes_back_is_deleted_again(world: World) -> None:
    world.sqs.put(envelope("r-1"), "m-1")
    world.run()
    world.sqs.put(envelope("r-1"), "m-1")

    world.run()

    assert (world.sqs.dead(), world.sent_ids()) == ([], ["r-1"])


def test_a_letter_that_is_sent_and_gone_is_no_unfinished_business(world: World) -> None:
    world.sqs.put(envelope("r-1"), "m-1")
    world.killed_after = "delete_message"
    with killed():
        world.run()

    world.run()  # the letter may be hidden by the run that was killed

    with opened(world.file) as receipts:
        assert receipts.unfinished.keys() == {"m-1"}
    world.now += timedelta(seconds=61)
    world.run()
    with opened(world.file) as receipts:
        assert receipts.unfinished == {}
