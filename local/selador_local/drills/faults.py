"""The kinds of faults that drills.toml names: how each is put in, and taken out again.

What is done is done as on AWS, by its APIs, or by the stack's documented faults.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from selador_local.drills.repetition import repeated
from selador_local.drills.site import Site, ask

_ALWAYS = 10_000
"""How many calls a fault spoils: more than there are."""
_POLICY = "drill"


def injected(fault: Mapping[str, Any], site: Site) -> AbstractContextManager[None]:
    """Return a context in which the fault is there."""
    arguments = {name.replace("-", "_"): value for name, value in fault.items() if name != "kind"}
    return _KINDS[fault["kind"]](site, **arguments)


@contextmanager
def _bedrock(site: Site, **fault: Any) -> Iterator[None]:
    ask(f"{site.bedrock_faults}/faults", times=_ALWAYS, **fault)
    try:
        yield
    finally:
        ask(f"{site.bedrock_faults}/faults", "DELETE")


@contextmanager
def _each_question(site: Site, times: int, **fault: Any) -> Iterator[None]:
    """Let Bedrock fail so often for each question, and then answer."""
    site.hooks.before = lambda request: ask(f"{site.bedrock_faults}/faults", question=request, times=times, **fault)
    try:
        yield
    finally:
        site.hooks.before = None
        ask(f"{site.bedrock_faults}/faults", "DELETE")


@contextmanager
def _posts(site: Site, status: int, error: str, times: int = _ALWAYS) -> Iterator[None]:
    site.hooks.before = lambda request: ask(
        f"{site.faults}/posts", requestId=request, status=status, errorType=error, times=times
    )
    try:
        yield
    finally:
        site.hooks.before = None


@contextmanager
def _workers(site: Site, do: str) -> Iterator[None]:
    site.hooks.started = lambda request: ask(f"{site.faults}/workers", requestId=request, do=do)
    try:
        yield
    finally:
        site.hooks.started = None


@contextmanager
def _no_heartbeat(site: Site) -> Iterator[None]:
    site.hooks.heartbeats = False
    try:
        yield
    finally:
        site.hooks.heartbeats = True


@contextmanager
def _deny(site: Site, function: str, action: str) -> Iterator[None]:
    configuration = site.client("lambda").get_function_configuration(FunctionName=site.function(function))
    role, iam = configuration["Role"].rpartition("/")[2], site.client("iam")
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName=_POLICY, PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName=_POLICY)


@contextmanager
def _concurrency(site: Site, function: str, most: int) -> Iterator[None]:
    functions, name = site.client("lambda"), site.function(function)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=most)
    try:
        yield
    finally:
        functions.delete_function_concurrency(FunctionName=name)


@contextmanager
def _variable(site: Site, function: str, name: str, value: str) -> Iterator[None]:
    """Deploy the function with another environment variable: a new version behind its alias."""
    functions, of = site.client("lambda"), {"FunctionName": site.function(function)}
    variables = functions.get_function_configuration(**of)["Environment"]["Variables"]
    before = functions.get_alias(**of, Name="live")["FunctionVersion"]
    functions.update_function_configuration(**of, Environment={"Variables": {**variables, name: value}})
    broken = functions.publish_version(**of)["Version"]
    functions.update_alias(**of, Name="live", FunctionVersion=broken)
    try:
        yield
    finally:
        functions.update_alias(**of, Name="live", FunctionVersion=before)
        functions.update_function_configuration(**of, Environment={"Variables": variables})


@contextmanager
def _no_permission(site: Site, function: str, route: str) -> Iterator[None]:
    """Take API Gateway's permission to call the function for a route."""
    functions, of = site.client("lambda"), {"FunctionName": site.function(function), "Qualifier": "live"}
    statements = json.loads(functions.get_policy(**of)["Policy"])["Statement"]
    taken = [one for one in statements if one["Condition"]["ArnLike"]["AWS:SourceArn"].endswith(f"/{route}")]
    assert taken, f"no permission is for the route {route}"
    for statement in taken:
        functions.remove_permission(**of, StatementId=statement["Sid"])
    try:
        yield
    finally:
        for statement in taken:
            functions.add_permission(
                **of,
                StatementId=statement["Sid"],
                Action=statement["Action"],
                Principal=statement["Principal"]["Service"],
                SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
            )


@contextmanager
def _mapping(site: Site, **change: Any) -> Iterator[None]:
    """Change the event source mapping."""
    functions = site.client("lambda")
    (found,) = functions.list_event_source_mappings(FunctionName=f"{site.function('main')}:live")["EventSourceMappings"]
    before = {"Enabled": True, "ScalingConfig": found.get("ScalingConfig", {})}
    functions.update_event_source_mapping(UUID=found["UUID"], **change)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=found["UUID"], **{name: before[name] for name in change})


@contextmanager
def _unreadable(site: Site, messages: int) -> Iterator[None]:
    sqs, queue = site.client("sqs"), site.outputs["queue_url"]
    for number in range(messages):
        sqs.send_message(QueueUrl=queue, MessageBody=f"nobody can read this: {number}")
    yield


@contextmanager
def _thief(site: Site) -> Iterator[None]:
    """Let another program read the queue, and delete what it gets."""
    sqs, queue = site.client("sqs"), site.outputs["queue_url"]

    def steal() -> None:
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in received.get("Messages", []):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    with repeated("stealing from the queue", steal, pause_seconds=0, threads=3):
        yield


@contextmanager
def _metric(site: Site, name: str, value: float, function: str = "") -> Iterator[None]:
    """Put a metric once a minute, as whoever is said to put it would."""
    dimension = (
        {"Name": "FunctionName", "Value": site.function(function)}
        if function
        else {"Name": "Environment", "Value": site.prefix}
    )

    cloudwatch = site.client("cloudwatch")

    def put() -> None:
        datum = {"MetricName": name, "Dimensions": [dimension], "Value": value, "Timestamp": site.clock.time()}
        cloudwatch.put_metric_data(Namespace="Selador", MetricData=[datum])

    with repeated(f"putting the metric {name}", put, pause_seconds=site.clock.machine_seconds(60)):
        yield


_KINDS: Mapping[str, Callable[..., AbstractContextManager[None]]] = {
    "bedrock": _bedrock,
    "concurrency": _concurrency,
    "deny": _deny,
    "each-question": _each_question,
    "mapping": _mapping,
    "metric": _metric,
    "no-heartbeat": _no_heartbeat,
    "no-permission": _no_permission,
    "posts": _posts,
    "thief": _thief,
    "unreadable": _unreadable,
    "variable": _variable,
    "workers": _workers,
}
KINDS = frozenset(_KINDS)
