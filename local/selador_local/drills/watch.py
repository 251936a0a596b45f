"""What the alarms do meanwhile: their states, each change with its time, and what their topics tell."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from selador_local.drills.site import Site

QUEUE = "drills-hear"


@dataclass(frozen=True)
class Change:
    """An alarm, by its key, went into a state at `at`, in seconds of the stack's clock."""

    alarm: str
    state: str
    at: float


@dataclass
class AlarmWatch:
    """Looks at the alarms of a site."""

    site: Site
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """As DescribeAlarms has them, by key."""
    told: list[Change] = field(default_factory=list)
    """What the topics have told so far."""
    _queue: str = ""

    def begin(self) -> None:
        """Learn what is deployed, and subscribe to the topics."""
        sqs, sns = self.site.client("sqs"), self.site.client("sns")
        self._queue = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for topic in ("alarm_topic_arn", "ticket_topic_arn"):
            sns.subscribe(TopicArn=self.site.outputs[topic], Protocol="sqs", Endpoint=arn)
        self.definitions = {self._key(alarm["AlarmName"]): alarm for alarm in self._alarms()}

    def ringing(self) -> set[str]:
        """Return the keys of the alarms that are in ALARM now."""
        return {self._key(alarm["AlarmName"]) for alarm in self._alarms() if alarm["StateValue"] == "ALARM"}

    def changes(self, since: float) -> list[Change]:
        """Return the changes of all alarms since then, oldest first."""
        pages = (
            self.site.client("cloudwatch")
            .get_paginator("describe_alarm_history")
            .paginate(
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                HistoryItemType="StateUpdate",
                ScanBy="TimestampAscending",
                StartDate=since,
            )
        )
        return [
            Change(
                self._key(item["AlarmName"]),
                item["HistorySummary"].rpartition(" ")[2],
                item["Timestamp"].timestamp(),
            )
            for page in pages
            for item in page["AlarmHistoryItems"]
        ]

    def listen(self) -> None:
        """Take what the topics have told since the last time."""
        sqs = self.site.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
                told = json.loads(json.loads(message["Body"])["Message"])
                at = datetime.fromisoformat(told["StateChangeTime"]).timestamp()
                self.told.append(Change(self._key(told["AlarmName"]), told["NewStateValue"], at))

    def parts(self, alarm: str) -> frozenset[str]:
        """Return the alarms in a composite alarm's rule, and those in theirs; none for a metric alarm."""
        named = re.findall(r'"([^"]+)"', self.definitions[alarm].get("AlarmRule", ""))
        own = {self._key(name) for name in named}
        return frozenset(own.union(*(self.parts(one) for one in own)))

    def evaluation_seconds(self, alarm: str) -> float:
        """Return how long a fault has to last until the alarm goes off, by its definition."""
        definition = self.definitions[alarm]
        if "AlarmRule" in definition:
            return max(self.evaluation_seconds(part) for part in self.parts(alarm))
        period = max(query["MetricStat"]["Period"] for query in definition["Metrics"] if "MetricStat" in query)
        return float(period * (definition.get("DatapointsToAlarm") or definition["EvaluationPeriods"]))

    def pages(self, alarm: str) -> bool:
        """Return whether it pages: the composite alarm over all pages has it in its rule."""
        return alarm in self.parts("answers-are-not-coming")

    def _alarms(self) -> list[dict[str, Any]]:
        pages = (
            self.site.client("cloudwatch")
            .get_paginator("describe_alarms")
            .paginate(AlarmNamePrefix=f"{self.site.prefix}-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        )
        return [alarm for page in pages for alarm in (*page["MetricAlarms"], *page["CompositeAlarms"])]

    def _key(self, name: str) -> str:
        return name.removeprefix(f"{self.site.prefix}-")
