"""What CloudWatch does once a minute: it takes the queues' metrics, and evaluates the alarms."""

import logging
import threading
from collections.abc import Callable

from moto.cloudwatch.models import cloudwatch_backends
from moto.sqs.models import sqs_backends

from selador_local.clock import StackClock
from selador_local.cloudwatch.metric_store import MetricStore
from selador_local.control_plane.moto_overlay.cloudwatch.actions import AlarmActions
from selador_local.control_plane.moto_overlay.cloudwatch.alarms import CloudWatchApi, CloudWatchBackend
from selador_local.control_plane.moto_overlay.cloudwatch.evaluation import AlarmEvaluation

_logger = logging.getLogger(__name__)

_MINUTE = 60


def start(account_id: str, region: str, clock: StackClock, metrics: MetricStore) -> None:
    """Evaluate the account's alarms from now on, in a thread that ends with the process."""

    def backend() -> CloudWatchBackend:
        found: CloudWatchBackend = cloudwatch_backends[account_id][region]
        return found

    evaluation = AlarmEvaluation(backend, metrics.read, AlarmActions(backend, account_id), clock)
    CloudWatchApi.set_state = evaluation.set_state

    def work(minute: float) -> None:
        for queue in list(sqs_backends[account_id][region].queues.values()):
            metrics.put(queue.report(minute))
        evaluation.run()

    threading.Thread(target=each_minute, args=(clock, work), daemon=True).start()


def each_minute(clock: StackClock, work: Callable[[float], None]) -> None:
    """Call `work` as each minute of the clock ends, with the time at which it began; for ever."""
    pause = threading.Event()
    while True:
        ends = (clock.time() // _MINUTE + 1) * _MINUTE
        while (left := ends - clock.time()) > 0:
            pause.wait(clock.machine_seconds(left))
        try:
            work(ends - _MINUTE)
        except Exception:
            _logger.exception("a minute's metrics and alarms are missing")
