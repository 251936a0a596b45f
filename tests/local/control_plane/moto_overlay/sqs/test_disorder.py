"""A queue that delivers late, out of order and twice, as SQS may: time is a number."""

from collections import Counter

from selador_local.control_plane.moto_overlay.sqs.disorder import Disorder
from selador_local.control_plane.moto_overlay.sqs.messages import Content, Message, MessageStore, Received

SENT = [f"m-{number:02}" for number in range(40)]


def a_store(seed: str | None) -> MessageStore:
    store = MessageStore("this-queue")
    store.disorder = None if seed is None else Disorder(seed)
    for at, message_id in enumerate(SENT):
        store.put(Message(message_id, Content("body"), sent_at=at), at)
    return store


def receive(store: MessageStore, now: int) -> Received:
    return store.receive(now, limit=1, visibility_ms=60_000, retention_ms=86_400_000, max_receive_count=None)


def delivered(seed: str | None) -> list[str]:
    """Receive every 10 ms for 10 s; nothing is deleted."""
    store = a_store(seed)
    return [delivery.message.id for now in range(0, 10_000, 10) for delivery in receive(store, now).deliveries]


def test_a_queue_without_a_seed_delivers_in_order_and_once() -> None:
    assert delivered(None) == SENT


def test_with_a_seed_messages_come_out_of_order_and_some_twice_but_none_is_lost() -> None:
    order = delivered("7")

    firsts = list(dict.fromkeys(order))
    assert sorted(firsts) == SENT
    assert firsts != SENT
    assert max(Counter(order).values()) > 1


def test_the_same_seed_gives_the_same_order_and_another_seed_another() -> None:
    assert delivered("7") == delivered("7")
    assert delivered("7") != delivered("8")


def test_a_late_message_counts_as_visible_all_the_time() -> None:
    store = a_store("7")

    assert store.counts(1_000, 86_400_000).visible == len(SENT)


def test_a_lease_does_not_keep_a_second_delivery_away() -> None:
    """The server that delivers again doesn't know of the receive, nor of what was done with it."""
    store = a_store("7")
    handles = []
    for now in range(0, 10_000, 10):
        for delivery in receive(store, now).deliveries:
            handles.append(delivery.receipt_handle)
            store.change_visibility(delivery.receipt_handle, now, 60_000)

    assert len(handles) > len(SENT)
    assert len(set(handles)) == len(handles)


def test_a_deleted_message_is_not_delivered_again() -> None:
    store = a_store("7")
    received = []
    for now in range(0, 10_000, 10):
        for delivery in receive(store, now).deliveries:
            received.append(delivery.message.id)
            store.delete(delivery.receipt_handle)

    assert sorted(received) == SENT
    assert store.next_receivable_at() is None
