from selador_local.cloudwatch.datum import Datum
from selador_local.data_plane.deployment import EventSourceMapping
from selador_local.data_plane.event_source_mapping.metrics import counted


def mapping(*, counts_events: bool) -> EventSourceMapping:
    return EventSourceMapping("u", "queue", "function", True, 10, 0, None, True, counts_events=counts_events)


def test_events_are_counted_by_mapping() -> None:
    assert counted(mapping(counts_events=True), "PolledEventCount", 3, at=90.5) == [
        Datum("AWS/Lambda", "PolledEventCount", (("EventSourceMappingUUID", "u"),), 90.5, "Count", (3,), (1,))
    ]


def test_a_mapping_that_asks_for_no_metrics_has_none_and_no_events_are_no_data() -> None:
    assert counted(mapping(counts_events=False), "PolledEventCount", 3, at=90.5) == []
    assert counted(mapping(counts_events=True), "PolledEventCount", 0, at=90.5) == []
