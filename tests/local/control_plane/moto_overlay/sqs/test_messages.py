"""A queue's messages, without a server: time is a number."""

import pytest

from selador_local.control_plane.moto_overlay.sqs.messages import (
    Content,
    InvalidReceiptHandleError,
    Message,
    MessageStore,
    NotInflightError,
    Received,
    VisibilityLimitError,
)

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture
def store() -> MessageStore:
    return MessageStore("this-queue")


def put(store: MessageStore, message_id: str, now: int = 0, delay: int = 0) -> Message:
    message = Message(message_id, Content(f"body of {message_id}"), sent_at=now)
    store.put(message, now + delay)
    return message


def receive(
    store: MessageStore, now: int, limit: int = 10, visibility_ms: int = 30_000, max_receive_count: int | None = None
) -> Received:
    return store.receive(
        now, limit=limit, visibility_ms=visibility_ms, retention_ms=4 * DAY, max_receive_count=max_receive_count
    )


def received_ids(received: Received) -> list[str]:
    return [delivery.message.id for delivery in received.deliveries]


def test_a_received_message_is_invisible_until_its_timeout_ends(store: MessageStore) -> None:
    put(store, "a")

    first, too_early, again = receive(store, 0), receive(store, 29_999), receive(store, 30_000)

    assert [received_ids(one) for one in (first, too_early, again)] == [["a"], [], ["a"]]
    assert again.deliveries[0].receive_count == 2
    assert again.deliveries[0].first_received_at == first.deliveries[0].first_received_at


def test_a_receive_takes_no_more_than_its_limit(store: MessageStore) -> None:
    for number in range(3):
        put(store, str(number))

    assert len(receive(store, 1, limit=2).deliveries) == 2
    assert len(receive(store, 1, limit=2).deliveries) == 1


def test_visibility_zero_delivers_a_message_once_per_receive(store: MessageStore) -> None:
    put(store, "a")

    assert received_ids(receive(store, 0, visibility_ms=0)) == ["a"]
    assert received_ids(receive(store, 0, visibility_ms=0)) == ["a"]


def test_a_message_moves_at_the_receive_after_its_last_one_not_when_that_one_fails(store: MessageStore) -> None:
    """A count equal to the maximum is the last delivery (SQS-20); only the next receive moves the message (SQS-21)."""
    message = put(store, "a", now=5)
    for now in (10, 11):
        assert received_ids(receive(store, now, visibility_ms=0, max_receive_count=2)) == ["a"]

    before = store.counts(12, 4 * DAY)
    moved = receive(store, 12, max_receive_count=2)

    assert before.visible == 1
    assert (moved.deliveries, moved.exhausted) == ([], [message])
    assert (message.sent_at, message.receive_count) == (5, 2)
    assert store.counts(12, 4 * DAY).visible == 0


def test_exhausted_messages_do_not_use_up_the_limit(store: MessageStore) -> None:
    put(store, "old")
    receive(store, 0, visibility_ms=0)
    put(store, "new", now=1)

    received = receive(store, 2, limit=1, max_receive_count=1)

    assert received_ids(received) == ["new"]
    assert [message.id for message in received.exhausted] == ["old"]


def test_change_of_visibility_counts_from_the_call(store: MessageStore) -> None:
    """And it holds for this receive only (SQS-13)."""
    put(store, "a")
    handle = receive(store, 0).deliveries[0].receipt_handle

    store.change_visibility(handle, now=10_000, visibility_ms=60_000)

    assert received_ids(receive(store, 69_999)) == []
    assert received_ids(receive(store, 70_000)) == ["a"]
    assert received_ids(receive(store, 100_000)) == ["a"]


def test_visibility_zero_makes_a_message_receivable_at_once(store: MessageStore) -> None:
    put(store, "a")
    handle = receive(store, 0).deliveries[0].receipt_handle

    store.change_visibility(handle, now=1, visibility_ms=0)

    assert received_ids(receive(store, 1)) == ["a"]


def test_visibility_ends_twelve_hours_after_the_receive_and_extending_does_not_reset_that(store: MessageStore) -> None:
    """More than what is left is an error (SQS-12). The message may be much older than its receive."""
    put(store, "a")
    handle = receive(store, DAY).deliveries[0].receipt_handle
    store.change_visibility(handle, DAY + 1000, 11 * HOUR)

    with pytest.raises(VisibilityLimitError):
        store.change_visibility(handle, DAY + 2 * HOUR, 10 * HOUR + 1)
    store.change_visibility(handle, DAY + 2 * HOUR, 10 * HOUR)


@pytest.mark.parametrize("ended_by", ["timeout", "delete"])
def test_change_of_visibility_after_the_flight_is_refused(store: MessageStore, ended_by: str) -> None:
    put(store, "a")
    handle = receive(store, 0).deliveries[0].receipt_handle
    if ended_by == "delete":
        store.delete(handle)

    with pytest.raises(NotInflightError):  # visible again, or gone (SQS-14)
        store.change_visibility(handle, now=30_000, visibility_ms=1000)


def test_an_outdated_handle_succeeds_and_does_nothing(store: MessageStore) -> None:
    """A worker that lost its lease is not told (SQS-15)."""
    put(store, "a")
    outdated = receive(store, 0).deliveries[0].receipt_handle
    receive(store, 30_000)

    store.change_visibility(outdated, 30_001, 0)
    store.delete(outdated)

    assert store.counts(30_002, 4 * DAY).not_visible == 1


@pytest.mark.parametrize("handle", ["junk", "", "b3RoZXItcXVldWUvYS8x"], ids=["junk", "empty", "of another queue"])
def test_a_handle_this_queue_never_gave_is_refused(store: MessageStore, handle: str) -> None:
    put(store, "a")

    with pytest.raises(InvalidReceiptHandleError):
        store.delete(handle)
    with pytest.raises(InvalidReceiptHandleError):
        store.change_visibility(handle, 0, 0)


def test_deleting_twice_is_fine(store: MessageStore) -> None:
    put(store, "a")
    handle = receive(store, 0).deliveries[0].receipt_handle

    store.delete(handle)
    store.delete(handle)

    assert received_ids(receive(store, HOUR)) == []


def test_counts_tell_delayed_from_in_flight(store: MessageStore) -> None:
    put(store, "flying")
    receive(store, 0)
    put(store, "waiting", now=1)
    put(store, "delayed", now=1, delay=900_000)

    counts = store.counts(2, 4 * DAY)

    assert (counts.visible, counts.not_visible, counts.delayed) == (1, 1, 1)


def test_a_message_older_than_the_retention_period_is_gone(store: MessageStore) -> None:
    put(store, "a")

    assert store.counts(4 * DAY, 4 * DAY).visible == 0
    assert received_ids(receive(store, 4 * DAY)) == []


def test_the_next_visible_moment_is_known(store: MessageStore) -> None:
    assert store.next_receivable_at() is None
    put(store, "later", delay=5000)
    put(store, "sooner", delay=2000)

    assert store.next_receivable_at() == 2000


def test_a_purge_leaves_nothing(store: MessageStore) -> None:
    put(store, "a")
    receive(store, 0)
    put(store, "b")

    store.purge()

    assert received_ids(receive(store, HOUR)) == []


def test_the_oldest_message_has_an_age_until_it_is_deleted_or_expires(store: MessageStore) -> None:
    put(store, "old", now=1_000)
    put(store, "young", now=5_000)

    assert store.oldest_age_ms(10_000, 4 * DAY) == 9_000
    assert store.oldest_age_ms(10_000, 8_000) == 5_000, "the old one has expired"
    assert MessageStore("empty").oldest_age_ms(10_000, 4 * DAY) == 0


def test_a_message_that_was_received_three_times_makes_its_queue_look_no_older(store: MessageStore) -> None:
    """A poison message doesn't raise the age (SQS-34)."""
    put(store, "poison", now=0)
    receive(store, 0, visibility_ms=0)
    receive(store, 1, visibility_ms=0)
    put(store, "young", now=5_000)
    assert store.oldest_age_ms(10_000, 4 * DAY) == 10_000

    receive(store, 2, limit=1, visibility_ms=0)

    assert store.oldest_age_ms(10_000, 4 * DAY) == 5_000


def test_in_a_dead_letter_queue_the_age_counts_from_the_move(store: MessageStore) -> None:
    message = Message("moved", Content("body"), sent_at=0, receive_count=4)
    message.moved_at, message.received_before = 60_000, 4

    store.put(message, 60_000)

    assert store.oldest_age_ms(61_000, 4 * DAY) == 1_000
