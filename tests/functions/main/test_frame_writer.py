"""The writer's thread: one post in flight, joining meanwhile, and what it does when posts fail."""

import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from selador_main import frame_writer, post_retries
from selador_main.cancellation import AttemptCancelledError, Cancellation, Reason
from selador_main.connection import PostFailedError, PostFailure
from selador_main.frame_writer import FrameWriter
from selador_main.outbox import Outbox
from selador_shared.protocol import Citation, Completed, Error, Retrying, Started

from ...conftest import STUCK_SECONDS
from .conftest import Moved

GONE = PostFailedError("410", kind=PostFailure.GONE)


class Client:
    """A connection that notes each frame and fails as told; `hold` keeps a post in flight."""

    def __init__(self, *failures: Exception | None) -> None:
        self._failures = list(failures)
        self.posts = 0
        self.frames: list[dict[str, Any]] = []
        self.in_flight = threading.Event()
        self.hold = threading.Event()
        self.hold.set()
        self._posting = threading.Lock()

    def post(self, data: bytes) -> None:
        assert self._posting.acquire(blocking=False), "two posts in flight"
        try:
            self.posts += 1
            self.in_flight.set()
            assert self.hold.wait(STUCK_SECONDS)
            failure = self._failures.pop(0) if self._failures else None
            if failure is not None:
                raise failure
            self.frames.append(json.loads(data))
        finally:
            self._posting.release()

    @property
    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]


@pytest.fixture
def cancellation() -> Cancellation:
    return Cancellation()


@pytest.fixture
def writer_to(cancellation: Cancellation) -> Callable[..., FrameWriter]:
    def make(client: Client, may_post: Callable[[], bool] = lambda: True, outbox: Outbox | None = None) -> FrameWriter:
        return FrameWriter(
            Outbox("r-1", 1) if outbox is None else outbox,
            client.post,
            cancellation,
            may_post=may_post,
            source=random.Random(1),
            waiting=Moved(),
        )

    return make


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry at once: the pauses are not what is tested here."""
    monkeypatch.setattr(post_retries, "BASE_SECONDS", 0.001)
    monkeypatch.setattr(post_retries, "THROTTLED_CAP_SECONDS", 0.001)
    monkeypatch.setattr(post_retries, "FAILED_CAP_SECONDS", 0.001)
    monkeypatch.setattr(post_retries, "LOOK_AGAIN_SECONDS", 0.001)


def test_frames_arrive_in_order_and_finish_waits_for_the_last(writer_to: Callable[[Client], FrameWriter]) -> None:
    client = Client()

    with writer_to(client) as writer:
        writer.send(Started)
        writer.write("Two flats")
        writer.send(Citation, text="source")
        delivered = writer.finish(Completed, session_id="s")

    assert delivered
    assert client.types == ["started", "delta", "citation", "completed"]
    assert [frame["seq"] for frame in client.frames] == [0, 1, 2, 3]


def test_text_that_comes_while_a_post_is_in_flight_is_one_frame(writer_to: Callable[[Client], FrameWriter]) -> None:
    client = Client()
    client.hold.clear()

    with writer_to(client) as writer:
        writer.send(Started)
        assert client.in_flight.wait(STUCK_SECONDS)
        for word in ("a ", "b ", "c"):
            writer.write(word)
        client.hold.set()
        writer.finish(Completed)

    assert [frame.get("text") for frame in client.frames] == [None, "a b c", None]


def test_a_client_that_has_gone_cancels_the_attempt(
    writer_to: Callable[[Client], FrameWriter], cancellation: Cancellation
) -> None:
    client = Client(None, GONE, GONE)
    gone = threading.Event()

    with cancellation.calling(gone.set), writer_to(client) as writer:
        writer.send(Started)
        writer.write("nobody reads this")
        assert gone.wait(STUCK_SECONDS)
        with pytest.raises(AttemptCancelledError):
            writer.write("nor this")
        delivered = writer.finish(Completed)

    assert cancellation.reason is Reason.CLIENT_GONE
    assert not delivered
    assert client.types == ["started"]


def test_a_transient_failure_repeats_the_same_frame(writer_to: Callable[[Client], FrameWriter]) -> None:
    busy = PostFailedError("429 LimitExceededException", kind=PostFailure.THROTTLED)
    client = Client(busy, busy, None, busy)

    with writer_to(client) as writer:
        writer.send(Started)
        delivered = writer.finish(Completed)

    assert delivered
    assert [(frame["type"], frame["seq"]) for frame in client.frames] == [("started", 0), ("completed", 1)]
    assert client.posts == 5
    assert (writer.tally.frames, writer.tally.posts) == (2, 5)
    assert writer.tally.failures == {"429 LimitExceededException": 3}


def test_a_frame_that_is_not_taken_cancels_the_attempt(
    writer_to: Callable[[Client], FrameWriter], cancellation: Cancellation
) -> None:
    client = Client(PostFailedError("403 ForbiddenException", kind=PostFailure.FINAL))

    with writer_to(client) as writer:
        delivered = writer.finish(Completed)

    assert not delivered
    assert cancellation.reason is Reason.UNDELIVERABLE
    assert client.posts == 1


def test_a_connection_that_fails_for_too_long_cancels_the_attempt(cancellation: Cancellation) -> None:
    client = Client(*[PostFailedError("503", kind=PostFailure.TRANSIENT)] * 9)
    clock = Moved()

    def post(frame: bytes) -> None:
        clock.moved_seconds += 25
        client.post(frame)

    writer = FrameWriter(
        Outbox("r-1", 1),
        post,
        cancellation,
        may_post=lambda: True,
        source=random.Random(1),
        waiting=clock,
    )

    with writer:
        delivered = writer.finish(Completed)

    assert not delivered
    assert cancellation.reason is Reason.UNDELIVERABLE
    assert client.posts == 3  # ended at 25, 50 and 75 s


def test_frames_that_are_no_text_wait_for_room_too(
    writer_to: Callable[[Client], FrameWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of citations is bounded as a flood of text is."""
    monkeypatch.setattr(frame_writer, "MAX_WAITING_CHARACTERS", 10_000)
    client = Client()
    client.hold.clear()
    sent: list[int] = []

    with writer_to(client) as writer:

        def agent() -> None:
            for number in range(20):
                writer.send(Citation, text="x")
                sent.append(number)

        thread = threading.Thread(target=agent)
        thread.start()
        assert client.in_flight.wait(STUCK_SECONDS)
        thread.join(0.2)
        sent_while_held = len(sent)
        client.hold.set()
        thread.join(STUCK_SECONDS)
        writer.finish(Completed)

    assert sent_while_held < 10
    assert client.types.count("citation") == 20


def test_nothing_is_posted_once_the_lease_is_gone(cancellation: Cancellation) -> None:
    client = Client()

    def lease_is_gone() -> bool:
        cancellation.cancel(Reason.LEASE_LOST)
        return False

    outbox = Outbox("r-1", 1)
    with FrameWriter(
        outbox, client.post, cancellation, may_post=lease_is_gone, source=random.Random(1), waiting=Moved()
    ) as writer:
        delivered = writer.finish(Completed)

    assert not delivered
    assert client.posts == 0


def test_text_that_waits_is_dropped_for_a_frame_that_ends_a_failed_attempt(
    writer_to: Callable[..., FrameWriter],
) -> None:
    client = Client()
    client.hold.clear()
    outbox = Outbox("r-1", 1)
    text = "half an answer"

    def release_once_the_last_frame_waits() -> None:
        while outbox.characters <= len(text):
            time.sleep(0.01)
        client.hold.set()

    with writer_to(client, outbox=outbox) as writer:
        writer.send(Started)
        assert client.in_flight.wait(STUCK_SECONDS)
        writer.write(text)
        threading.Thread(target=release_once_the_last_frame_waits, daemon=True).start()
        writer.finish(Retrying, delay_seconds=2, code="unavailable")

    assert client.types == ["started", "retrying"]


def test_running_out_of_time_still_lets_the_error_out(
    writer_to: Callable[[Client], FrameWriter], cancellation: Cancellation
) -> None:
    client = Client()

    with writer_to(client) as writer:
        writer.send(Started)
        cancellation.cancel(Reason.OUT_OF_TIME)
        with pytest.raises(AttemptCancelledError):
            writer.write("too late")
        delivered = writer.finish(Error, code="deadline_exceeded", message="m", retryable=True)

    assert delivered
    assert client.types == ["started", "error"]


def test_the_agent_waits_while_too_much_text_waits(
    writer_to: Callable[[Client], FrameWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_writer, "MAX_WAITING_CHARACTERS", 10)
    client = Client()
    client.hold.clear()
    written: list[int] = []

    with writer_to(client) as writer:

        def agent() -> None:
            for number in range(10):
                writer.write("12345")
                written.append(number)

        thread = threading.Thread(target=agent)
        thread.start()
        assert client.in_flight.wait(STUCK_SECONDS)
        thread.join(0.2)
        written_while_held = len(written)
        client.hold.set()
        thread.join(STUCK_SECONDS)
        writer.finish(Completed)

    assert written_while_held < 10
    assert "".join(frame.get("text", "") for frame in client.frames) == "12345" * 10


def test_an_agent_that_waits_for_room_is_woken_once_half_has_gone(
    cancellation: Cancellation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every frame, the agent and the writer would only take turns."""
    outbox = Outbox("r-1", 1)
    woken_at: list[int] = []

    class Noting(threading.Condition):
        def notify_all(self) -> None:
            if threading.current_thread().name == "frame-writer":
                woken_at.append(outbox.characters)
            super().notify_all()

    waiting = Moved()
    monkeypatch.setattr(waiting, "condition", Noting)
    monkeypatch.setattr(frame_writer, "MAX_WAITING_CHARACTERS", 10_000)
    client = Client()
    client.hold.clear()

    with FrameWriter(
        outbox, client.post, cancellation, may_post=lambda: True, source=random.Random(1), waiting=waiting
    ) as writer:
        writer.send(Started)
        assert client.in_flight.wait(STUCK_SECONDS)
        while outbox.characters < 10_000:
            writer.send(Citation, text="x")
        client.hold.set()
        writer.send(Citation, text="waits for room")
        writer.finish(Completed)

    assert client.types[-2:] == ["citation", "completed"]
    assert max(woken_at) <= 5_000


def test_a_heartbeat_is_sent_when_nothing_else_was(
    writer_to: Callable[[Client], FrameWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_writer, "HEARTBEAT_SECONDS", 0.02)
    client = Client()

    with writer_to(client) as writer:
        writer.send(Started)
        while "heartbeat" not in client.types:
            threading.Event().wait(0.01)
        writer.finish(Completed)

    assert client.types[:2] == ["started", "heartbeat"]
    assert client.types[-1] == "completed"
    assert [frame["seq"] for frame in client.frames] == list(range(len(client.frames)))


def test_no_thread_is_left_when_the_block_ends_early(writer_to: Callable[[Client], FrameWriter]) -> None:
    with pytest.raises(RuntimeError), writer_to(Client()) as writer:
        writer.send(Started)
        raise RuntimeError

    assert not any(thread.name == "frame-writer" for thread in threading.enumerate())


def test_a_failure_of_the_writer_itself_is_no_endless_wait(
    writer_to: Callable[[Client], FrameWriter], cancellation: Cancellation
) -> None:
    client = Client(ZeroDivisionError())

    with writer_to(client) as writer:
        delivered = writer.finish(Completed)

    assert not delivered
    assert cancellation.reason is Reason.UNDELIVERABLE


def test_a_410_that_a_second_look_does_not_confirm_changes_nothing(
    writer_to: Callable[[Client], FrameWriter], cancellation: Cancellation
) -> None:
    client = Client(None, GONE)

    with writer_to(client) as writer:
        writer.send(Started)
        writer.write("still read")
        delivered = writer.finish(Completed)

    assert delivered
    assert cancellation.reason is None
    assert client.types == ["started", "delta", "completed"]


def test_a_client_that_takes_nothing_for_two_minutes_counts_as_gone(cancellation: Cancellation) -> None:
    clock = Moved()

    def post(_: bytes) -> None:
        clock.moved_seconds += 50
        raise PostFailedError("429 LimitExceededException", kind=PostFailure.THROTTLED)

    with FrameWriter(
        Outbox("r-1", 1), post, cancellation, may_post=lambda: True, source=random.Random(1), waiting=clock
    ) as writer:
        delivered = writer.finish(Completed)

    assert not delivered
    assert cancellation.reason is Reason.CLIENT_UNRESPONSIVE
    assert writer.tally.posts == 3


def test_flush_waits_until_all_is_taken(writer_to: Callable[[Client], FrameWriter]) -> None:
    client = Client()
    client.hold.clear()

    with writer_to(client) as writer:
        writer.send(Started)
        threading.Timer(0.05, client.hold.set).start()
        writer.flush()
        taken = list(client.types)

    assert taken == ["started"]


def test_flush_ends_when_the_client_has_gone(writer_to: Callable[[Client], FrameWriter]) -> None:
    with writer_to(Client(GONE, GONE)) as writer:
        writer.send(Started)
        with pytest.raises(AttemptCancelledError):
            writer.flush()


def test_no_heartbeat_comes_before_the_first_frame_or_after_the_last(
    writer_to: Callable[[Client], FrameWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_writer, "HEARTBEAT_SECONDS", 0.01)
    client = Client()

    with writer_to(client) as writer:
        threading.Event().wait(0.1)
        writer.finish(Completed)
        threading.Event().wait(0.1)

    assert client.types == ["completed"]


def test_a_heartbeat_says_what_is_waited_for(
    writer_to: Callable[[Client], FrameWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_writer, "HEARTBEAT_SECONDS", 0.02)
    client = Client()

    with writer_to(client) as writer:
        writer.waiting_for = "quota"
        writer.send(Started)
        while "heartbeat" not in client.types:
            threading.Event().wait(0.01)
        writer.finish(Completed)

    assert client.frames[1]["waitingFor"] == "quota"
