"""How much of each priced thing a month's requests use: by this project, and by two other designs. Pure."""

from collections.abc import Callable, Mapping
from math import ceil, exp, floor

from selador_deploy.cost.system import Measured, System
from selador_deploy.cost.workload import DAYS, Workload

Usage = Mapping[str, float]
"""Quantities by the name of their price."""

GB = 1e9
MINUTES = DAYS * 24 * 60
HOURS = DAYS * 24
POLLERS = 5
"""How many pollers an event source mapping starts with (ESM-01). It keeps them if it has a maximum concurrency."""
POLLS_A_MINUTE = 3
"""How often each asks an empty queue: a receive waits up to 20 seconds (SQS-16)."""
SQS_CALL_MS = 10
"""What SQS takes to take a message, which the handler waits for. An assumption."""
WHOLE_CPU_MB = 1_769
"""The memory with which a function has one CPU."""
BYTES_A_TOKEN = 5
CITATIONS = 3
"""Sources of an answer. Each is a frame."""
RELEASES_KEPT = 20
NOTIFICATIONS = 100
DATA_KEY_SECONDS = 300
"""How long SQS uses a data key before it asks KMS for another."""


def of_this_project(workload: Workload, system: System, measured: Measured) -> Usage:
    """Return what this project uses: a queue, and a post for the text that gathered during the last one."""
    text_bytes = workload.tokens_out * BYTES_A_TOKEN
    deltas = max(
        min(workload.tokens_out, ceil(workload.writing_seconds / system.post_seconds)),
        ceil(text_bytes / system.greatest_frame_bytes),
    )
    return _with_a_queue(workload, system, measured, deltas=deltas, main_seconds=workload.answer_seconds)


def of_a_post_per_token(workload: Workload, system: System, measured: Measured) -> Usage:
    """Return what the same uses if it posts each token by itself, and waits for each post, as public samples do."""
    posting = workload.tokens_out * system.post_seconds
    seconds = workload.first_words_seconds + max(workload.writing_seconds, posting)
    return _with_a_queue(workload, system, measured, deltas=workload.tokens_out, main_seconds=seconds)


def of_rest_streaming(workload: Workload, system: System, measured: Measured) -> Usage:
    """Return what a streamed response of a REST API uses: one function, no queue, no alarms, none of their metrics."""
    memory_gb = _main_gb(workload, system)
    authorized = workload.requests if workload.authorization == "jwt" else 0
    gb_seconds = workload.requests * workload.answer_seconds * memory_gb + authorized * _handler_gb_seconds(
        system, system.handler_invoke_cpu_ms
    )
    return {
        "rest-requests": workload.requests,
        "lambda-requests": workload.requests + authorized,
        f"lambda-{workload.architecture}": gb_seconds,
        **_logs(workload, system, measured.log_bytes_by_part["main"]),
        "gigabytes-out": workload.requests * workload.tokens_out * BYTES_A_TOKEN / GB,
    }


DESIGNS: Mapping[str, Callable[[Workload, System, Measured], Usage]] = {
    "Selador": of_this_project,
    "a post per token": of_a_post_per_token,
    "REST streaming": of_rest_streaming,
}


def posts_of_an_answer(workload: Workload, system: System, deltas: float) -> float:
    """Return the posts: `started`, heartbeats until the first word, the text, citations and `completed`."""
    return 1 + floor(workload.first_words_seconds / system.heartbeat_seconds) + deltas + CITATIONS + 1


def _with_a_queue(
    workload: Workload, system: System, measured: Measured, *, deltas: float, main_seconds: float
) -> Usage:
    requests = workload.requests
    by_token = workload.authorization == "jwt"
    posts = posts_of_an_answer(workload, system, deltas)
    frames_bytes = posts * system.frame_bytes + workload.tokens_out * BYTES_A_TOKEN
    # Sent, received and deleted once; the lease is taken once and renewed.
    queue_calls = 4 + floor(main_seconds / system.lease_renewal_seconds)
    front_door_gb_seconds = (
        _handler_gb_seconds(system, system.handler_invoke_cpu_ms, waiting_ms=SQS_CALL_MS)
        + 2 * _handler_gb_seconds(system, system.handler_other_cpu_ms)  # the connection's beginning and its end
        # Nobody measured the authorizer's CPU: it is taken for a question's.
        + by_token * _handler_gb_seconds(system, system.handler_invoke_cpu_ms)
    )
    main_gb_seconds = main_seconds * _main_gb(workload, system)
    return {
        "websocket-messages": requests * (2 + posts),  # the question and `accepted`
        "websocket-minutes": requests * workload.connection_minutes,
        "lambda-requests": requests * (4 + by_token),
        f"lambda-{workload.architecture}": requests * (front_door_gb_seconds + main_gb_seconds),
        "sqs-requests": requests * queue_calls + POLLERS * POLLS_A_MINUTE * MINUTES,
        "sqs-fair-requests": requests * queue_calls,  # a message has a group, which makes the queue fair (SQS-05)
        "alarm-metrics": system.alarm_metrics + by_token * system.authorizer_alarm_metrics,
        "composite-alarms": system.composite_alarms,
        "dashboards": system.dashboards,
        "custom-metrics": system.metrics_of_an_answer * _share_of_hours(requests),
        **_logs(workload, system, measured.log_bytes),
        "s3-gigabyte-months": RELEASES_KEPT * system.artifact_megabytes * 1e6 / GB,
        "sns-publishes": NOTIFICATIONS,
        **(_key() if workload.own_key else {}),
        "gigabytes-out": requests * frames_bytes / GB,
    }


def _main_gb(workload: Workload, system: System) -> float:
    return (system.main_memory_mb if workload.memory_mb is None else workload.memory_mb) / 1024


def _handler_gb_seconds(system: System, cpu_ms: float, *, waiting_ms: float = 0) -> float:
    billed_ms = ceil(cpu_ms * max(1, WHOLE_CPU_MB / system.handler_memory_mb) + waiting_ms)
    return billed_ms / 1000 * system.handler_memory_mb / 1024


def _share_of_hours(requests: float) -> float:
    """Return the share of a month's hours in which a request comes, if they come at any time."""
    return 1 - exp(-requests / HOURS)


def _logs(workload: Workload, system: System, bytes_a_request: float) -> Usage:
    gigabytes = workload.requests * bytes_a_request / GB
    return {"log-gigabytes": gigabytes, "log-gigabyte-months": gigabytes * system.log_retention_days / DAYS}


def _key() -> Usage:
    """Return one key, and what SQS asks of it: AWS's estimate for one sender and one receiver."""
    senders, receivers = 1, 1
    return {"kms-keys": 1, "kms-requests": MINUTES * 60 / DATA_KEY_SECONDS * (2 * senders + receivers)}
