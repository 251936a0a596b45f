"""Each count of the functions is looked at by an alarm, or has a reason why nobody needs to be woken by it."""

from typing import get_args

from selador_shared.metrics import NAMESPACE, Count

from .deployed_alarms import Definition

NOT_WORTH_ONE = {
    "AttemptFailed": "another attempt follows; if all fail, Buried is counted",
    "Cancelled": "its user stopped the answer",
    "ClientUnresponsive": "Abandoned counts it, too",
    "Frames": "traffic",
    "LeaseLost": "another worker has the message",
    "LeaseRenewalFailed": "the answer goes on; if the lease is lost, another worker answers",
    "Refused": "the client's fault",
    "Rejected": "the client's fault",
    "Unauthorized": "an expired token is its client's affair",
}


def watched(definitions: dict[str, Definition]) -> set[str]:
    """Return the names of our metrics that an alarm looks at."""
    metrics = [
        query["MetricStat"]["Metric"]
        for definition in definitions.values()
        for query in definition.get("Metrics", [])
        if "MetricStat" in query
    ]
    return {metric["MetricName"] for metric in metrics if metric["Namespace"] == NAMESPACE}


def test_each_count_is_watched_or_not_worth_an_alarm(definitions: dict[str, Definition]) -> None:
    counts = set(get_args(Count))
    found = watched(definitions) & counts

    assert found | NOT_WORTH_ONE.keys() == counts
    assert not found & NOT_WORTH_ONE.keys(), "a count has two places"
