"""The outcome table of docs/architecture.md, row by row, each provoked for real and counted on the wire.

Rows that wait for a lease to run out take a minute or more, so they all run beside each other from the beginning; their
tests only wait for what came of them.
"""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from selador_client.attempts import Attempts
from selador_local.bedrock.faults import Fault, FaultKind
from selador_local.stack.stack import Stack
from selador_shared.protocol import parse_frame

from ..conftest import STUCK_SECONDS
from .conftest import Client, connected, connection, control, envelope, is_dead_letter, log_of, messages_in, question

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

pytestmark = pytest.mark.end_to_end

BEGAN_MS = time.time() * 1000

TERMINAL = ("completed", "error")
SILENCE_SECONDS = 2
"""How long a client listens for what must not come any more."""


@dataclass
class Life:
    """A request as its client saw it: the frames of its attempts, in the order they came."""

    request_id: str
    frames: list[dict[str, Any]] = field(default_factory=list)
    attempts_before: int = 0
    gone: bool = False

    @property
    def shape(self) -> list[tuple[int, str]]:
        """Each frame's attempt and type; text and citations, which vary, left out."""
        return [
            (frame["attempt"], frame["type"])
            for frame in self.frames
            if frame["type"] not in {"delta", "citation", "heartbeat"}
        ]

    @property
    def terminal(self) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] in TERMINAL]


def live(
    stack: Stack,
    request_id: str,
    on_frame: Callable[[dict[str, Any]], None] = lambda _: None,
    message: dict[str, Any] | None = None,
    seconds: float = 420,
) -> Life:
    """Send a request and return its life up to its end, and a while of silence more."""
    with connected(stack) as client:
        client.send({"action": "invoke", "text": question(request_id), **(message or {}), "requestId": request_id})
        return listen(client, request_id, on_frame, seconds)


SLOW_START = 20
"""Attempts are numbered from above this number if the handler took two seconds, as on a busy machine it may."""


def listen(
    client: Client,
    request_id: str,
    on_frame: Callable[[dict[str, Any]], None] = lambda _: None,
    seconds: float = 420,
    *,
    is_replay: bool = False,
) -> Life:
    life = Life(request_id)
    ends = time.monotonic() + seconds
    while not life.terminal:
        frame = client.receive(ends - time.monotonic())
        if "attempt" in frame:
            if not life.frames and not is_replay and frame["attempt"] > SLOW_START:
                life.attempts_before = frame["attempt"] - 1
            frame = {**frame, "attempt": frame["attempt"] - life.attempts_before}
            if frame in life.frames:  # a post whose answer got lost is repeated, and a client passes over the second
                continue
            life.frames.append(frame)
            on_frame(frame)
        else:
            assert frame["type"] == "accepted", frame
    if life.terminal[0].get("code") == "attempts_exhausted":
        with suppress(TimeoutError):  # the spare receive may tell a burial again, under the same number
            again = client.receive(SILENCE_SECONDS)
            assert {**again, "attempt": again["attempt"] - life.attempts_before} == life.terminal[0]
    else:
        with pytest.raises(TimeoutError):
            client.receive(SILENCE_SECONDS)
    return life


def at_first_delta(attempts: int, then: Callable[[], None]) -> Callable[[dict[str, Any]], None]:
    """Call `then` at the first text of each of the first `attempts` attempts."""
    left = set(range(1, attempts + 1))

    def on_frame(frame: dict[str, Any]) -> None:
        if frame["type"] == "delta" and frame["attempt"] in left:
            left.discard(frame["attempt"])
            then()

    return on_frame


def hold(stack: Stack, request_id: str, *, times: int = 1) -> None:
    """Let the model stall in the middle of that request's answer."""
    stack.bedrock.faults.add(Fault(FaultKind.STALL, after_events=5, question=question(request_id)), times=times)


def disturbed(stack: Stack, request_id: str, *, times: int = 1, **fault: Any) -> Life:
    hold(stack, request_id, times=times)

    def disturb() -> None:
        assert control(stack, "workers", requestId=request_id, **fault)["workers"] == 1

    return live(stack, request_id, at_first_delta(times, disturb))


def lease_that_ran_out(stack: Stack) -> Life:
    """Stop the worker for longer than its lease; let it go on once another one answers."""
    request_id = "lease-lost"
    hold(stack, request_id)

    def on_frame(frame: dict[str, Any]) -> None:
        if (frame["attempt"], frame["type"], frame["seq"]) == (1, "delta", 1):
            control(stack, "workers", requestId=request_id, do="stop")
        elif frame["attempt"] == 2 and frame["type"] == "started":
            control(stack, "workers", requestId=request_id, do="continue")

    return live(stack, request_id, on_frame)


def throttled(stack: Stack, request_id: str) -> Life:
    """Refuse the request six times: the pauses between come to 60 to 120 s."""
    stack.bedrock.faults.add(Fault(FaultKind.THROTTLE, question=question(request_id)), times=6)
    return live(stack, request_id)


def takes_nothing(stack: Stack) -> Life:
    """Let a client have no room for any frame, until its attempt is over."""
    life = Life("takes-nothing")
    error = {"status": 429, "errorType": "LimitExceededException"}
    control(stack, "posts", requestId=life.request_id, times=10_000, **error)
    with connected(stack) as client:
        client.send({"action": "invoke", "text": question(life.request_id), "requestId": life.request_id})
        client.receive_until("accepted")
        ends = time.monotonic() + 240
        while not ended(stack, life.request_id) and time.monotonic() < ends:
            time.sleep(1)
        with pytest.raises(TimeoutError):
            life.frames.append(client.receive(SILENCE_SECONDS))
    return life


def ended(stack: Stack, request_id: str) -> list[dict[str, Any]]:
    """Return the summary lines of a request's attempts, without those of an earlier run of the tests."""
    lines = (json.loads(line) for line in log_of(stack, "main").splitlines() if '"attempt ended"' in line)
    mine = (line for line in lines if line.get("requestId") == request_id)
    return [line for line in mine if line["_aws"]["Timestamp"] >= BEGAN_MS]


THROTTLED = ("throttled-1", "throttled-2", "throttled-3")

SLOW: dict[str, Callable[[Stack], Life]] = {
    **{name: lambda stack, name=name: throttled(stack, name) for name in THROTTLED},  # type: ignore[misc]
    "takes-nothing": takes_nothing,
    "killed": lambda stack: disturbed(stack, "killed", do="kill"),
    "out-of-memory": lambda stack: disturbed(stack, "out-of-memory", do="starve", megabytes=20),
    "timed-out": lambda stack: disturbed(stack, "timed-out", do="time_out"),
    "killed-thrice": lambda stack: disturbed(stack, "killed-thrice", times=3, do="kill"),
    "lease-lost": lease_that_ran_out,
}


@pytest.fixture(scope="module")
def slow_lives(stack: Stack) -> Iterator[dict[str, Future[Life]]]:
    with ThreadPoolExecutor(max_workers=len(SLOW)) as pool:
        yield {name: pool.submit(scenario, stack) for name, scenario in SLOW.items()}


@pytest.fixture(autouse=True)
def _slow_ones_run_from_the_beginning(slow_lives: dict[str, Future[Life]]) -> None:
    """Ask for them in the first test of this file."""


def outcomes(stack: Stack, request_id: str, attempts: int = 1) -> list[str]:
    """Return the outcomes of a request's attempts, as the summary lines have them."""
    return [line["outcome"] for line in summaries(stack, request_id, attempts)]


def summaries(stack: Stack, request_id: str, attempts: int = 1) -> list[dict[str, Any]]:
    """Wait for the summary lines of so many attempts of a request, and return all of its lines.

    A line comes a moment after the frame that it tells of. Each is also its attempt's metrics.
    """
    ends = time.monotonic() + STUCK_SECONDS
    while True:
        found = ended(stack, request_id)
        if len(found) >= attempts or time.monotonic() > ends:
            return found
        time.sleep(0.2)


def assert_one_coherent_answer(life: Life) -> None:
    """Exactly one terminal frame, last of all; attempts rise; `seq` has no gap within one."""
    assert len(life.terminal) == 1
    assert life.frames[-1] is life.terminal[0]
    attempts = [frame["attempt"] for frame in life.frames]
    assert attempts == sorted(attempts)
    for attempt in set(attempts):
        seqs = [frame["seq"] for frame in life.frames if frame["attempt"] == attempt]
        assert seqs == list(range(len(seqs)))


def test_answered(stack: Stack) -> None:
    life = live(stack, "answered")

    assert life.shape == [(1, "started"), (1, "completed")]
    assert_one_coherent_answer(life)
    assert outcomes(stack, "answered") == ["Completed"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(Fault(FaultKind.STREAM_EXCEPTION, 4), "throttled", id="throttled in mid-stream"),
        pytest.param(Fault(FaultKind.STREAM_EXCEPTION, 4, "modelException"), "unavailable", id="failed in mid-stream"),
        pytest.param(Fault(FaultKind.CUT, 4), "unavailable", id="cut"),
        pytest.param(Fault(FaultKind.CUT_INSIDE_EVENT, 4), "unavailable", id="ended inside an event"),
        pytest.param(Fault(FaultKind.GARBAGE, 4), "unavailable", id="garbage"),
        pytest.param(Fault(FaultKind.ACCESS_DENIED), "internal", id="access denied"),
        pytest.param(Fault(FaultKind.NOT_FOUND), "internal", id="no such knowledge base"),
    ],
)
def test_a_failed_attempt_is_retried(stack: Stack, request: pytest.FixtureRequest, fault: Fault, code: str) -> None:
    request_id = "retried-" + request.node.callspec.id.replace(" ", "_")
    stack.bedrock.faults.add(Fault(fault.kind, fault.after_events, fault.exception, question=question(request_id)))

    life = live(stack, request_id)

    assert life.shape == [(1, "started"), (1, "retrying"), (2, "started"), (2, "completed")]
    assert next(frame["code"] for frame in life.frames if frame["type"] == "retrying") == code
    assert_one_coherent_answer(life)
    assert outcomes(stack, request_id, attempts=2) == ["AttemptFailed", "Completed"]


@pytest.mark.parametrize(
    "kind", [FaultKind.THROTTLE, FaultKind.NOT_READY, FaultKind.INTERNAL, FaultKind.UNAVAILABLE], ids=str
)
def test_what_was_refused_before_it_cost_anything_is_asked_again_inside_the_attempt(
    stack: Stack, kind: FaultKind
) -> None:
    request_id = f"patient-{kind}"
    stack.bedrock.faults.add(Fault(kind, question=question(request_id)), times=2)

    life = live(stack, request_id)

    assert life.shape == [(1, "started"), (1, "completed")]
    assert_one_coherent_answer(life)
    assert outcomes(stack, request_id) == ["Completed"]


def test_90_seconds_of_throttling_lose_no_request(stack: Stack, slow_lives: dict[str, Future[Life]]) -> None:
    for name in THROTTLED:
        life = slow_lives[name].result()
        waits = {frame.get("waitingFor") for frame in life.frames if frame["type"] == "heartbeat"}

        assert life.shape == [(1, "started"), (1, "completed")]
        assert "quota" in waits
        assert_one_coherent_answer(life)


@pytest.mark.parametrize("kind", [FaultKind.CUT_INSIDE_EVENT, FaultKind.ACCESS_DENIED], ids=str)
def test_attempts_that_all_fail_are_buried(stack: Stack, sqs: "SQSClient", kind: FaultKind) -> None:
    request_id = f"buried-{kind}"
    stack.bedrock.faults.add(Fault(kind, question=question(request_id)), times=3)

    life = live(stack, request_id)

    assert life.shape == [
        (1, "started"),
        (1, "retrying"),
        (2, "started"),
        (2, "retrying"),
        (3, "started"),
        (4, "error"),
    ]
    assert (life.terminal[0]["code"], life.terminal[0]["retryable"]) == ("attempts_exhausted", True)
    assert_one_coherent_answer(life)
    assert is_dead_letter(sqs, stack, request_id)


def test_a_blocked_request_is_an_error_at_once(stack: Stack) -> None:
    request_id = "blocked"
    stack.bedrock.faults.add(Fault(FaultKind.GUARDRAIL, question=question(request_id)))

    life = live(stack, request_id)

    assert life.shape == [(1, "started"), (1, "error")]
    assert (life.terminal[0]["code"], life.terminal[0]["retryable"]) == ("content_blocked", False)
    assert_one_coherent_answer(life)


def test_an_attempt_that_runs_out_of_time_is_an_error(stack: Stack) -> None:
    control(stack, "time-limits", requestId="deadline", seconds=24)
    hold(stack, "deadline")

    life = live(stack, "deadline")

    assert life.shape == [(1, "started"), (1, "error")]
    assert (life.terminal[0]["code"], life.terminal[0]["retryable"]) == ("deadline_exceeded", True)
    assert_one_coherent_answer(life)


def queued(stack: Stack, sqs: "SQSClient", body: str, *, delay_seconds: int = 0) -> None:
    """Put a request on the queue as the handler would, and let it wait there."""
    sqs.send_message(QueueUrl=stack.outputs["queue_url"], MessageBody=body, DelaySeconds=delay_seconds)


def test_a_client_that_has_gone_before_the_attempt_costs_no_answer(stack: Stack, sqs: "SQSClient") -> None:
    with connection(stack) as (_, connection_id):
        pass

    queued(stack, sqs, envelope("gone-before", connection_id), delay_seconds=2)

    assert outcomes(stack, "gone-before") == ["Abandoned"]
    assert not any("gone-before" in call.text for call in stack.bedrock.calls)


def test_a_client_that_takes_nothing_for_two_minutes_counts_as_gone(
    stack: Stack, slow_lives: dict[str, Future[Life]]
) -> None:
    life = slow_lives["takes-nothing"].result()

    assert life.frames == []
    (line,) = summaries(stack, "takes-nothing")
    assert (line["outcome"], line["ClientUnresponsive"]) == ("Abandoned", 1)


def test_a_client_that_leaves_during_the_answer_stops_the_model(
    stack: Stack, eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    stack.bedrock.faults.add(Fault(FaultKind.STALL, after_events=2_000, question=question("gone-during")))
    with connected(stack) as client:
        client.send({"action": "invoke", "text": question("gone-during"), "requestId": "gone-during"})
        client.receive_until("delta")

    assert outcomes(stack, "gone-during") == ["Abandoned"]
    (call,) = (call for call in stack.bedrock.calls if "gone-during" in call.text)
    assert eventually(lambda: call.outcome == "client_closed")


def test_a_client_that_leaves_while_the_model_says_nothing_is_noticed_by_a_heartbeat(stack: Stack) -> None:
    """Before the head of the model's answer, even: the wait for it ends too."""
    stack.bedrock.faults.add(Fault(FaultKind.SILENCE, question=question("gone-in-silence")))
    with connected(stack) as client:
        client.send({"action": "invoke", "text": question("gone-in-silence"), "requestId": "gone-in-silence"})
        client.receive_until("started")

    assert outcomes(stack, "gone-in-silence") == ["Abandoned"]


def test_a_heartbeat_comes_when_nothing_else_does(stack: Stack) -> None:
    control(stack, "time-limits", requestId="heartbeat", seconds=40)
    stack.bedrock.faults.add(Fault(FaultKind.SILENCE, question=question("heartbeat")))

    life = live(stack, "heartbeat")

    assert [frame["type"] for frame in life.frames] == ["started", "heartbeat", "error"]


def test_posts_that_fail_for_a_while_lose_and_double_nothing(stack: Stack) -> None:
    control(stack, "posts", requestId="posts-fail", status=500, times=3)
    control(stack, "posts", requestId="posts-fail", status=429, errorType="LimitExceededException", times=3)

    life = live(stack, "posts-fail")

    assert life.shape == [(1, "started"), (1, "completed")]
    assert_one_coherent_answer(life)
    (line,) = summaries(stack, "posts-fail")
    assert (line["FailedPosts"], line["ThrottledPosts"]) == (3, 3)


def test_a_connection_that_takes_no_frames_is_tried_again_later(stack: Stack) -> None:
    control(stack, "posts", requestId="posts-refused", status=403, errorType="ForbiddenException")

    life = live(stack, "posts-refused")

    assert life.shape == [(2, "started"), (2, "completed")]
    assert_one_coherent_answer(life)


def test_an_unreadable_message_goes_to_the_dead_letter_queue(stack: Stack, sqs: "SQSClient") -> None:
    sqs.send_message(QueueUrl=stack.outputs["queue_url"], MessageBody='{"version":1,"requestId":"unreadable"}')

    assert is_dead_letter(sqs, stack, "unreadable")


def test_an_unreadable_message_whose_address_can_be_read_is_an_error(stack: Stack, sqs: "SQSClient") -> None:
    """A later release's handler may queue what this one can't read."""
    with connection(stack) as (client, connection_id):
        queued(stack, sqs, envelope("of-tomorrow", connection_id, request={"action": "dance"}))

        life = listen(client, "of-tomorrow")

    assert life.shape == [(1, "error")]
    assert life.terminal[0]["code"] == "internal"
    assert is_dead_letter(sqs, stack, "of-tomorrow")


@pytest.mark.parametrize("name", ["killed", "out-of-memory", "timed-out"])
def test_a_worker_that_dies_is_followed_by_another_attempt(
    stack: Stack, slow_lives: dict[str, Future[Life]], name: str
) -> None:
    life = slow_lives[name].result()

    assert life.shape == [(1, "started"), (2, "started"), (2, "completed")]
    assert_one_coherent_answer(life)


def test_workers_that_die_at_every_attempt_are_followed_by_the_burial(
    stack: Stack, slow_lives: dict[str, Future[Life]], sqs: "SQSClient"
) -> None:
    life = slow_lives["killed-thrice"].result()

    assert life.shape == [(1, "started"), (2, "started"), (3, "started"), (4, "error")]
    assert life.terminal[0]["code"] == "attempts_exhausted"
    assert_one_coherent_answer(life)
    assert is_dead_letter(sqs, stack, "killed-thrice")


def test_a_worker_whose_lease_ran_out_says_nothing_more(stack: Stack, slow_lives: dict[str, Future[Life]]) -> None:
    """But for a frame that was on its way, which its lower number gives away: a client of ours passes over it."""
    life = slow_lives["lease-lost"].result()

    attempts = Attempts("lease-lost")
    life.frames = [frame for frame in life.frames if attempts.counts(parse_frame(json.dumps(frame)))]
    assert life.shape == [(1, "started"), (2, "started"), (2, "completed")]
    assert_one_coherent_answer(life)
    assert sorted(outcomes(stack, "lease-lost", attempts=2)) == ["Completed", "LeaseLost"]


def test_a_replay_is_answered_by_higher_attempts_whoever_replays(
    stack: Stack, sqs: "SQSClient", eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    """By SQS's own move task, as the runbook and the console do it. Last of all: it moves every dead letter."""
    request_id = "replayed"
    in_dead_letter_queue = stack.outputs["dead_letter_queue_url"]
    dead_before = messages_in(sqs, in_dead_letter_queue)
    stack.bedrock.faults.add(Fault(FaultKind.ACCESS_DENIED, question=question(request_id)), times=3)
    with connected(stack) as client:
        client.send({"action": "invoke", "text": question(request_id), "requestId": request_id})
        first = listen(client, request_id)
        attributes = sqs.get_queue_attributes(QueueUrl=in_dead_letter_queue, AttributeNames=["QueueArn"])
        # The burial's last receive is over, and the message is where the move begins.
        assert eventually(lambda: messages_in(sqs, in_dead_letter_queue) > dead_before)
        sqs.start_message_move_task(SourceArn=attributes["Attributes"]["QueueArn"])
        second = listen(client, request_id, is_replay=True)

    attempts = Attempts(request_id)
    shown = [frame for frame in first.frames + second.frames if attempts.counts(parse_frame(json.dumps(frame)))]
    assert shown == first.frames + second.frames  # a client ignores none of the replay
    assert [kind for _, kind in second.shape] == ["started", "completed"]
    assert first.terminal[0]["attempt"] < second.terminal[0]["attempt"]
    assert_one_coherent_answer(second)
