from selador_local.cloudwatch_logs.event_store import EventStore, of_streams


def messages(store: EventStore, group: str = "g", **times: int) -> list[str]:
    return [event.message for event in store.read(group, **times)]


def test_events_are_read_by_time_and_those_of_one_time_in_the_order_in_which_they_came() -> None:
    store = EventStore()
    store.put("g", "one", [(20, "b"), (30, "d")], now=40)

    store.put("g", "two", [(10, "a"), (20, "c")], now=50)

    assert messages(store) == ["a", "b", "c", "d"]
    assert messages(store, start=20, end=20) == ["b", "c"]
    assert messages(store, "another") == []


def test_the_oldest_events_of_a_group_are_forgotten_beyond_its_bound() -> None:
    store = EventStore(max_group_bytes=3 * 260)
    store.put("other", "s", [(1, "kept")], now=1)

    store.put("g", "s", [(number, f"{number:010}") for number in range(5)], now=9)

    assert messages(store) == ["0000000002", "0000000003", "0000000004"]
    assert messages(store, "other") == ["kept"]


def test_events_older_than_the_retention_are_forgotten() -> None:
    store = EventStore()
    store.put("g", "s", [(10, "old"), (20, "young")], now=20)
    store.put("for ever", "s", [(10, "old")], now=20)

    store.expire("g", before=20)
    store.expire("unknown", before=20)

    assert messages(store) == ["young"]
    assert messages(store, "for ever") == ["old"]


def test_a_deleted_stream_and_a_deleted_group_take_their_events_along() -> None:
    store = EventStore()
    store.put("g", "one", [(1, "a")], now=1)
    store.put("g", "two", [(2, "b")], now=2)

    store.forget("g", "one")
    left = messages(store)
    store.forget("g")

    assert left == ["b"]
    assert messages(store) == []


def test_events_are_chosen_by_streams_or_by_their_prefix() -> None:
    store = EventStore()
    for stream in ("2026/1", "2026/2", "2027/1"):
        store.put("g", stream, [(1, stream)], now=1)
    events = store.read("g")

    assert [event.stream for event in of_streams(events, [], None)] == ["2026/1", "2026/2", "2027/1"]
    assert [event.stream for event in of_streams(events, ["2026/2"], None)] == ["2026/2"]
    assert [event.stream for event in of_streams(events, [], "2026/")] == ["2026/1", "2026/2"]
