"""The metrics of a mapping that asks for them by `EventCount` (ESM-29). Pure."""

from typing import Literal

from selador_local.cloudwatch.datum import Datum
from selador_local.data_plane.deployment import EventSourceMapping

NAMESPACE = "AWS/Lambda"

EventCount = Literal[
    "DeletedEventCount", "FailedInvokeEventCount", "FilteredOutEventCount", "InvokedEventCount", "PolledEventCount"
]


def counted(mapping: EventSourceMapping, name: EventCount, events: int, at: float) -> list[Datum]:
    """Return the data of so many events, none if the mapping asks for no metrics or there are no events."""
    if not mapping.counts_events or not events:
        return []
    dimensions = (("EventSourceMappingUUID", mapping.uuid),)
    return [Datum(NAMESPACE, name, dimensions, at, "Count", (float(events),), (1,))]
