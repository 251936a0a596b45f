"""Find who reads a queue already that a plan would read by a mapping of its own.

Two event source mappings are two pollers: each gets a part of the requests. AWS refuses a second one for the same alias
alone. A system that was made by hand has one that feeds its function without an alias.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from selador_deploy.account import ClientMaker
from selador_deploy.findings import Finding, Verdict


@dataclass(frozen=True)
class Reader:
    """An event source mapping that a plan neither makes nor adopts: its id, its queue, and what it feeds."""

    mapping_id: str
    queue_arn: str
    function_arn: str
    adoptable: bool
    """Whether the plan adopts no other one in its place."""

    @property
    def function_name(self) -> str:
        """The name of the function, whatever its version or alias."""
        return name_in(self.function_arn)


def name_in(function_arn: str) -> str:
    """Return the name in the ARN of a function, of its version or of its alias."""
    return function_arn.split(":")[6]


def find_readers(plan: Mapping[str, Any], make_client: ClientMaker) -> tuple[list[Reader], list[Finding]]:
    """Return who reads the queue of a mapping that a plan creates or adopts, and a finding if that can't be told."""
    readers: list[Reader] = []
    for resource in plan.get("resource_changes", []):
        change = resource["change"]
        queue = (change.get("after") or {}).get("event_source_arn")
        if resource["type"] != "aws_lambda_event_source_mapping" or queue is None:
            continue
        if change["actions"] == ["create"] or change.get("importing"):
            try:
                readers += _others(make_client("lambda"), queue, change)
            except (ClientError, BotoCoreError) as error:
                detail = f"a second mapping would take a part of the requests: {error}"
                return [], [Finding("whether another mapping reads the queue", Verdict.UNKNOWN, detail)]
    return readers, []


def _others(lambda_: Any, queue_arn: str, change: Mapping[str, Any]) -> Iterator[Reader]:
    adopted = (change.get("importing") or {}).get("id")
    for page in lambda_.get_paginator("list_event_source_mappings").paginate(EventSourceArn=queue_arn):
        for mapping in page["EventSourceMappings"]:
            # One that feeds the very alias is what a killed apply left behind (orphans.py).
            is_orphan = adopted is None and mapping["FunctionArn"] == change["after"].get("function_name")
            if mapping["UUID"] != adopted and mapping["State"] != "Deleting" and not is_orphan:
                yield Reader(mapping["UUID"], queue_arn, mapping["FunctionArn"], adoptable=adopted is None)
