"""Each count of the functions is looked at by an alarm, or has a reason why nobody needs to be woken by it."""

from pathlib import Path
from typing import get_args

from selador_deploy import hcl
from selador_shared.metrics import Count

ALARMS = hcl.local_values(hcl.read((Path(__file__).parents[2] / "terraform/modules/alarms/alarms.tf").read_text()))
WATCHED = {alarm["metric"] for alarm in ALARMS["alarms"].values() if alarm["namespace"] == "Selador"}

DUE = {
    "ClientUnresponsive": "many at once are an API Gateway that throttles us, not slow clients",
    "DeploymentFault": "every request fails until somebody corrects the deployment",
    "Failed": "answers that take longer than the function may, or that nothing here understands",
    "KeySetUnavailable": "nobody can connect",
    "LeaseRenewalFailed": "main may be denied what its lease needs",
    "SendFailed": "the queue takes nothing",
    "Unanswered": "the handler failed at its rim",
    "Unreadable": "a release's messages can't be read by the other function",
}
"""Counts that an alarm should look at, and what they show; so far a person sees them on the dashboard or in the log."""

NOT_WORTH_ONE = {
    "Abandoned": "clients may leave",
    "Accepted": "traffic",
    "AttemptFailed": "another attempt follows; if all fail, Buried is counted",
    "Attempts": "how many a request needed, at its end",
    "BedrockThrottled": "the attempt has waited; if that is too long, Expired is counted",
    "Blocked": "the guardrail does its work",
    "Cancelled": "its user stopped the answer",
    "Completed": "traffic",
    "ConnectionRefused": "a token that isn't valid is its client's affair",
    "Expired": "oldest-message-age goes off before",
    "FailedPosts": "posts are repeated; if that fails, AttemptFailed is counted",
    "Frames": "traffic",
    "InputTokens": "cost, not failure",
    "LeaseLost": "another worker has the message",
    "OutputTokens": "cost, not failure",
    "Posts": "traffic",
    "Refused": "the client's fault",
    "Rejected": "the client's fault",
    "ThrottledPosts": "a slow client",
    "Unauthorized": "an expired token is its client's affair",
}


def test_each_count_is_watched_or_due_or_not_worth_an_alarm() -> None:
    counts = set(get_args(Count))

    assert WATCHED | DUE.keys() | NOT_WORTH_ONE.keys() == counts
    assert len(WATCHED) + len(DUE) + len(NOT_WORTH_ONE) == len(counts), "a count has two places"
