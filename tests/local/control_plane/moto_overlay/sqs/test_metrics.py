from collections import Counter

from selador_local.cloudwatch.datum import Datum
from selador_local.control_plane.moto_overlay.sqs.messages import Counts
from selador_local.control_plane.moto_overlay.sqs.metrics import Traffic, of_queue

QUEUE = (("QueueName", "requests"),)


def test_a_minute_has_one_datum_for_each_metric() -> None:
    traffic = Traffic(Counter({100: 2, 50: 1}), received=4, deleted=1, empty_receives=7)

    data = of_queue("requests", traffic, Counts(visible=3, not_visible=2, delayed=1), 42, time=60)

    assert {(datum.namespace, datum.dimensions, datum.time) for datum in data} == {("AWS/SQS", QUEUE, 60)}
    assert {(datum.name, datum.unit, *datum.values) for datum in data if datum.name != "SentMessageSize"} == {
        ("ApproximateAgeOfOldestMessage", "Seconds", 42),
        ("ApproximateNumberOfMessagesDelayed", "Count", 1),
        ("ApproximateNumberOfMessagesNotVisible", "Count", 2),
        ("ApproximateNumberOfMessagesVisible", "Count", 3),
        ("NumberOfEmptyReceives", "Count", 7),
        ("NumberOfMessagesDeleted", "Count", 1),
        ("NumberOfMessagesReceived", "Count", 4),
        ("NumberOfMessagesSent", "Count", 3),
    }
    assert data[-1] == Datum("AWS/SQS", "SentMessageSize", QUEUE, 60, "Bytes", (50, 100), (1, 2))


def test_a_minute_without_traffic_is_all_zeros_but_for_sizes() -> None:
    data = of_queue("requests", Traffic(), Counts(0, 0, 0), 0, time=60)

    assert {datum.values for datum in data} == {(0,)}
    assert "SentMessageSize" not in {datum.name for datum in data}
