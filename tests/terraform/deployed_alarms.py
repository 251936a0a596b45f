"""The alarms as Terraform would deploy them, evaluated by the laptop's CloudWatch on metrics that a test puts.

The definitions come from the plan of `terraform/tests/alarm_definitions.tftest.hcl`, so they are what is deployed.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from selador_deploy.terraform import Terraform
from selador_local.cloudwatch import composite_alarm, metric_alarm
from selador_local.cloudwatch.alarm import AlarmState, StateValue
from selador_local.cloudwatch.composite_alarm import Child, CompositeAlarm
from selador_local.cloudwatch.datum import Datum
from selador_local.cloudwatch.metric_alarm import MetricAlarm
from selador_local.cloudwatch.metric_store import MetricStore

ROOT = Path(__file__).parents[2]
PREFIX = "selador-test-"
HANDLER, AUTHORIZER, MAIN = f"{PREFIX}websocket-handler", f"{PREFIX}authorizer", f"{PREFIX}main"
QUEUE, DEAD_LETTERS = f"{PREFIX}requests", f"{PREFIX}requests-dead-letter"
API = {"ApiId": "abcdefghij", "Stage": "test"}
CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/a-certificate"
START = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()

type Definition = dict[str, Any]
"""An alarm as PutMetricAlarm or PutCompositeAlarm takes it."""


def planned(data_dir: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the module's resources as Terraform plans them, by the test's run.

    It keeps what it needs for that in `data_dir`.
    """
    terraform = Terraform(ROOT, os.environ, color=False)
    terraform.choose_provider_source()
    terraform.capture(*terraform.init_arguments, "-backend=false", data_dir=data_dir)
    file = "tests/alarm_definitions.tftest.hcl"
    said = terraform.capture("test", "-json", "-verbose", f"-filter={file}", data_dir=data_dir)
    plans = (message for message in map(json.loads, said.splitlines()) if message["type"] == "test_plan")
    return {plan["@testrun"]: plan["test_plan"]["resource_changes"] for plan in plans}


def definitions_of(resources: list[dict[str, Any]]) -> dict[str, Definition]:
    """Return the definition of each alarm by its key."""
    read = {"aws_cloudwatch_metric_alarm": _metric_alarm, "aws_cloudwatch_composite_alarm": _composite_alarm}
    found = [read[one["type"]](one["change"]["after"]) for one in resources if one["type"] in read]
    return {definition["AlarmName"].removeprefix(PREFIX): definition for definition in found}


def _metric_alarm(planned: Mapping[str, Any]) -> Definition:
    return _common(planned) | {
        "ComparisonOperator": planned["comparison_operator"],
        "DatapointsToAlarm": planned["datapoints_to_alarm"],
        "EvaluationPeriods": planned["evaluation_periods"],
        "Metrics": [_query(query) for query in planned["metric_query"]],
        "Threshold": planned["threshold"],
        "TreatMissingData": planned["treat_missing_data"],
    }


def _composite_alarm(planned: Mapping[str, Any]) -> Definition:
    definition = _common(planned) | {"AlarmRule": planned["alarm_rule"]}
    for suppressor in planned["actions_suppressor"]:
        definition["ActionsSuppressor"] = suppressor["alarm"]
        definition["ActionsSuppressorExtensionPeriod"] = suppressor["extension_period"]
        definition["ActionsSuppressorWaitPeriod"] = suppressor["wait_period"]
    return definition


def _common(planned: Mapping[str, Any]) -> Definition:
    return {
        "AlarmActions": planned["alarm_actions"] or [],
        "AlarmDescription": planned["alarm_description"],
        "AlarmName": planned["alarm_name"],
        "OKActions": planned["ok_actions"] or [],
    }


def _query(planned: Mapping[str, Any]) -> Definition:
    query: Definition = {"Id": planned["id"], "ReturnData": planned["return_data"]}
    if planned["expression"] is not None:
        return query | {"Expression": planned["expression"]}
    (metric,) = planned["metric"]
    dimensions = [{"Name": name, "Value": value} for name, value in metric["dimensions"].items()]
    named = {"Namespace": metric["namespace"], "MetricName": metric["metric_name"], "Dimensions": dimensions}
    return query | {"MetricStat": {"Metric": named, "Period": metric["period"], "Stat": metric["stat"]}}


@dataclass
class DeployedAlarms:
    """Alarms, the metrics that they look at, and a clock that the test moves by minutes.

    Within a test, a minute's metrics are put first; `pass_minute` then lets it end and evaluates every alarm.
    """

    definitions: Mapping[str, Definition]
    now: float = START
    store: MetricStore = field(default_factory=MetricStore)
    states: dict[str, AlarmState] = field(default_factory=dict)
    """By key."""
    went_off: set[str] = field(default_factory=set)
    """The keys of all alarms that were in ALARM at some time."""

    def __post_init__(self) -> None:
        members = {
            key: {"AlarmArn": f"arn:{key}", "AlarmConfigurationUpdatedTimestamp": _moment(self.now), **definition}
            for key, definition in self.definitions.items()
        }
        self._metric = {key: MetricAlarm.from_api(one) for key, one in members.items() if "Metrics" in one}
        composites = [CompositeAlarm.from_api(one) for one in members.values() if "AlarmRule" in one]
        self._composite = {one.name.removeprefix(PREFIX): one for one in composite_alarm.in_order(composites)}
        self.states = {key: AlarmState.of_new_alarm(self.now) for key in members}

    def put(self, namespace: str, dimensions: Mapping[str, str], **values: float | Sequence[float]) -> None:
        """Put data of this minute, each metric's value or values by its name."""
        identity = tuple(sorted(dimensions.items()))
        for name, given in values.items():
            numbers = tuple(map(float, given if isinstance(given, Sequence) else (given,)))
            self.store.put([Datum(namespace, name, identity, self.now, "None", numbers, (1.0,) * len(numbers))])

    def pass_minute(self, *, evaluated: bool = True) -> None:
        """End the minute, and evaluate the alarms as CloudWatch does."""
        self.now += 60
        if evaluated:
            self._evaluate()

    def _evaluate(self) -> None:
        for key, alarm in self._metric.items():
            self.states[key] = metric_alarm.evaluate(alarm, self.store.read, self.now, self.states[key])
        for key, composite in self._composite.items():
            children = {PREFIX + key: Child(f"arn:{key}", state) for key, state in self.states.items()}
            self.states[key] = composite_alarm.evaluate(composite, children, self.now, self.states[key])
        self.went_off |= self.on()

    def on(self) -> set[str]:
        """Return the keys of the alarms that are in ALARM now."""
        return {key for key, state in self.states.items() if state.value is StateValue.ALARM}

    def handler(self, **values: float | Sequence[float]) -> None:
        """Put what the websocket handler counts."""
        self.put("Selador", {"FunctionName": HANDLER}, **values)

    def authorizer(self, **values: float | Sequence[float]) -> None:
        """Put what the authorizer counts."""
        self.put("Selador", {"FunctionName": AUTHORIZER}, **values)

    def main(self, **values: float | Sequence[float]) -> None:
        """Put what the main function counts."""
        self.put("Selador", {"FunctionName": MAIN}, **values)

    def api(self, **values: float | Sequence[float]) -> None:
        """Put what API Gateway counts."""
        self.put("AWS/ApiGateway", API, **values)

    def aws_lambda(self, function: str, **values: float | Sequence[float]) -> None:
        """Put what Lambda counts of a function."""
        self.put("AWS/Lambda", {"FunctionName": function}, **values)

    def run_of_version(self, version: str, seconds: float) -> None:
        """Put the duration of a run of main as Lambda does: of the function, and of the version that was chosen."""
        function = {"FunctionName": MAIN}
        for dimensions in (function, function | {"ExecutedVersion": version, "Resource": f"{MAIN}:live"}):
            self.put("AWS/Lambda", dimensions, Duration=1000 * seconds)

    def sqs(self, queue: str, *, visible: float = 0, in_flight: float = 0, deleted: float = 0) -> None:
        """Put what SQS reports of a queue once a minute."""
        self.put(
            "AWS/SQS",
            {"QueueName": queue},
            ApproximateNumberOfMessagesNotVisible=in_flight,
            ApproximateNumberOfMessagesVisible=visible,
            NumberOfMessagesDeleted=deleted,
        )


def _moment(time: float) -> datetime:
    return datetime.fromtimestamp(time, UTC)
