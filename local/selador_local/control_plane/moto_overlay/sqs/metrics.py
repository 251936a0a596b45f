"""The metrics of a queue (CW-03), once a minute while it is in use (SQS-33). Pure.

Not here: fair queues' metrics of noisy and quiet groups, since no group is noisy here.
"""

from collections import Counter
from dataclasses import dataclass, field

from selador_local.cloudwatch.datum import Datum
from selador_local.control_plane.moto_overlay.sqs.messages import Counts

NAMESPACE = "AWS/SQS"
IDLE_SECONDS = 6 * 60 * 60  # an empty queue that nobody asked anything for so long has no metrics (SQS-33)


@dataclass
class Traffic:
    """What happened to a queue since its last report."""

    sent_sizes: Counter[int] = field(default_factory=Counter)
    """How often a message of so many bytes was sent."""
    received: int = 0
    deleted: int = 0
    empty_receives: int = 0


def of_queue(name: str, traffic: Traffic, counts: Counts, oldest_age_seconds: float, time: float) -> list[Datum]:
    """Return the data of a minute. Messages that SQS moved itself count as waiting, but not as sent (SQS-25)."""
    dimensions = (("QueueName", name),)
    values = {
        "ApproximateAgeOfOldestMessage": oldest_age_seconds,
        "ApproximateNumberOfMessagesDelayed": counts.delayed,
        "ApproximateNumberOfMessagesNotVisible": counts.not_visible,
        "ApproximateNumberOfMessagesVisible": counts.visible,
        "NumberOfEmptyReceives": traffic.empty_receives,
        "NumberOfMessagesDeleted": traffic.deleted,
        "NumberOfMessagesReceived": traffic.received,
        "NumberOfMessagesSent": traffic.sent_sizes.total(),
    }
    data = [
        Datum(NAMESPACE, metric, dimensions, time, "Seconds" if "Age" in metric else "Count", (float(value),), (1,))
        for metric, value in values.items()
    ]
    if traffic.sent_sizes:
        sizes, times = zip(*sorted(traffic.sent_sizes.items()), strict=True)
        sent = Datum(
            NAMESPACE, "SentMessageSize", dimensions, time, "Bytes", tuple(map(float, sizes)), tuple(map(float, times))
        )
        data.append(sent)
    return data
