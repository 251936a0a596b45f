"""Runs alarms' actions: publishes to SNS topics, whose policies must let CloudWatch do so (CW-35)."""

import json
import logging
import threading
from collections.abc import Callable

from moto.sns.models import Topic, sns_backends

from selador_local.cloudwatch.alarm import AlarmState, StateValue
from selador_local.cloudwatch.composite_alarm import CompositeAlarm
from selador_local.cloudwatch.metric_alarm import MetricAlarm
from selador_local.cloudwatch.notification import Notification, notification
from selador_local.control_plane.moto_overlay.cloudwatch.alarms import CloudWatchBackend
from selador_local.errors import SeladorLocalError
from selador_local.iam_policy.policies import AccessRequest, Principal, Verdict, evaluate

_logger = logging.getLogger(__name__)

_SERVICE = "cloudwatch.amazonaws.com"
_AWS_OWN_KEY = "alias/aws/sns"  # which CloudWatch may not use (CW-31)


class ActionError(SeladorLocalError):
    """An action can't be run. The message says why."""


class AlarmActions:
    """Runs actions in threads of their own, since a subscriber may be slow, and remembers how they ended."""

    def __init__(self, backend: Callable[[], CloudWatchBackend], account_id: str) -> None:
        self._backend = backend
        self._account_id = account_id

    def __call__(self, alarm: MetricAlarm | CompositeAlarm, before: StateValue, after: AlarmState) -> None:
        """Run the actions of an alarm that went from one state to another."""
        actions = alarm.actions_on(after.value)
        if actions:
            told = notification(alarm, before, after)
            threading.Thread(target=self._run, args=(alarm, actions, told), daemon=True).start()

    def _run(self, alarm: MetricAlarm | CompositeAlarm, actions: tuple[str, ...], told: Notification) -> None:
        backend = self._backend()
        for action in actions:
            try:
                self._publish(alarm.arn, action, told)
            except ActionError as error:
                _logger.warning("the alarm %s told nobody: %s", alarm.name, error)
                summary, outcome = f"Failed to execute action {action}. {error}", "Failed"
            else:
                summary, outcome = f"Successfully executed action {action}", "Succeeded"
            stored = backend.alarms.get(alarm.name)
            if stored is not None:
                data = {
                    "actionState": outcome,
                    "notificationResource": action,
                    "publishedMessage": json.loads(told.message),
                }
                backend.remember(stored, "Action", summary, data)

    def _publish(self, alarm_arn: str, topic_arn: str, told: Notification) -> None:
        service, region = (topic_arn.split(":") + ["", ""] * 2)[2:4]
        if service != "sns":
            raise ActionError(f"{topic_arn} is not an SNS topic; other actions don't run here")
        topic: Topic | None = sns_backends[self._account_id][region].topics.get(topic_arn)
        if topic is None:
            raise ActionError(f"the topic {topic_arn} does not exist")
        context = {
            "aws:sourceaccount": self._account_id,
            "aws:sourcearn": alarm_arn,
            "aws:securetransport": "true",
        }
        publisher = Principal(_SERVICE, self._account_id, service=_SERVICE)
        asked = AccessRequest(publisher, "sns:Publish", topic_arn, context)
        if evaluate([json.loads(topic.policy)], asked) is not Verdict.ALLOWED:
            raise ActionError(f"the policy of {topic_arn} does not let {_SERVICE} publish to it")
        if topic.kms_master_key_id.endswith(_AWS_OWN_KEY):
            raise ActionError(f"{topic_arn} is encrypted with {_AWS_OWN_KEY}, which CloudWatch may not use")
        try:
            topic.publish(told.message, subject=told.subject)
        except Exception as error:  # a subscriber's endpoint may fail in any way
            raise ActionError(f"a subscriber of {topic_arn} can't be reached: {error!r}") from error
