"""Clients that ask all the time, each on a connection of its own, and the heartbeat beside them."""

import itertools
import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from selador_local.drills.repetition import repeated
from selador_local.drills.site import Site
from selador_local.errors import SeladorLocalError

_logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 60
"""How long a client waits for its answer, in the machine's seconds, before it leaves."""
_MOST = 60
_HEARTBEAT = "Heartbeat"


class FaultNotPutInError(SeladorLocalError):
    """The fault of a request can't be put in: its end would tell of something else."""


class SteadyTraffic:
    """Asks until it is stopped. `ends` counts how the questions ended, as their clients saw it."""

    def __init__(self, site: Site, url: str, token: str) -> None:
        self._site = site
        self._url = url
        self._token = token
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self.ends: Counter[str] = Counter()

    def __str__(self) -> str:
        return ", ".join(f"{number} {end}" for end, number in self.ends.most_common())

    @contextmanager
    def running(self) -> Iterator[None]:
        """Ask beside the block."""
        pool = ThreadPoolExecutor(_MOST, thread_name_prefix="client")
        asking = threading.Thread(target=self._ask_on, args=(pool,))
        beat = partial(self._beat, self._site.client("cloudwatch"))
        asking.start()
        try:
            with repeated("the heartbeat", beat, pause_seconds=self._site.clock.machine_seconds(30)):
                yield
        finally:
            self._stopping.set()
            asking.join()
            pool.shutdown()

    def _ask_on(self, pool: ThreadPoolExecutor) -> None:
        for number in itertools.count(1):
            pool.submit(self._ask, f"drill-{number}")
            if self._stopping.wait(self._site.hooks.every_seconds):
                return

    def _beat(self, cloudwatch: Any) -> None:
        if self._site.hooks.heartbeats:
            dimensions = [{"Name": "Environment", "Value": self._site.prefix}]
            datum = {"MetricName": _HEARTBEAT, "Dimensions": dimensions, "Value": 1}
            cloudwatch.put_metric_data(
                Namespace="Selador", MetricData=[{**datum, "Timestamp": self._site.clock.time()}]
            )

    def _ask(self, request: str) -> None:
        if self._stopping.is_set():
            return
        try:
            end = self._answer(request)
        except Exception as error:  # the pool would keep it to itself, and the question would have no end
            _logger.warning("the client of %s failed: %s", request, error)
            end = "client failed"
        with self._lock:
            self.ends[end] += 1

    def _answer(self, request: str) -> str:
        offered = ["selador.v1", f"bearer.{self._token}"]
        try:
            with connect(self._url, subprotocols=[Subprotocol(one) for one in offered], proxy=None) as connection:
                _put_in(self._site.hooks.before, request)
                question = {"action": "invoke", "text": f"How long is the notice period? ({request})"}
                connection.send(json.dumps({**question, "requestId": request}))
                while True:
                    frame = json.loads(connection.recv(PATIENCE_SECONDS))
                    if frame.get("type") == "started" and frame["attempt"] == 1:
                        _put_in(self._site.hooks.started, request)
                    if "type" not in frame:
                        return "gateway error"
                    if frame["type"] in {"completed", "error"}:
                        return str(frame.get("code", frame["type"]))
        except TimeoutError:
            return "no answer"
        except (OSError, WebSocketException):
            return "no connection"


def _put_in(fault: Callable[[str], None] | None, request: str) -> None:
    if fault is None:
        return
    try:
        fault(request)
    except OSError as error:
        raise FaultNotPutInError(f"its fault can't be put in: {error}") from error
