"""Clients that ask a server all the time."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from selador_local.clock import StackClock
from selador_local.control_plane_client.client import ControlPlane
from selador_local.drills.site import Site
from selador_local.drills.traffic import SteadyTraffic

from ...conftest import STUCK_SECONDS


class FakeSite(Site):
    """A site whose CloudWatch keeps what is put."""

    def __init__(self) -> None:
        alarms = {"answers-are-not-coming": {"name": "selador-local-answers-are-not-coming"}}
        nowhere = ControlPlane("http://127.0.0.1:9", "us-east-1", "123456789012", "key", "secret")
        super().__init__(nowhere, {"alarms": alarms}, "", "", StackClock(600, 0))
        self.hooks.every_seconds = 0.01
        self.put: list[dict[str, Any]] = []
        self.puts_that_fail = 0

    def client(self, service: str) -> Any:
        assert service == "cloudwatch"
        return self

    def put_metric_data(self, **arguments: Any) -> None:
        if self.puts_that_fail:
            self.puts_that_fail -= 1
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")
        self.put.append(arguments)


@contextmanager
def server(*frames: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Answer each question with these frames; give the URL and the tokens that were offered."""
    offered: list[str] = []

    def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        offered.append(connection.request.headers["Sec-WebSocket-Protocol"])
        request = json.loads(connection.recv())["requestId"]
        for frame in frames:
            connection.send(json.dumps({"requestId": request, **frame}))
        for _ in connection:
            pass

    with serve(handle, "127.0.0.1", 0, subprotocols=[Subprotocol("selador.v1")]) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{running.socket.getsockname()[1]}", offered
        finally:
            running.shutdown()
            thread.join()


def ask(site: FakeSite, url: str, until: str) -> SteadyTraffic:
    """Let clients ask until one of their questions has ended so, and the heartbeat was put."""
    traffic = SteadyTraffic(site, url, "a.token")
    pause = threading.Event()
    with traffic.running():
        for _ in range(20 * STUCK_SECONDS):
            if traffic.ends[until] and site.put:
                break
            pause.wait(0.05)
    return traffic


def test_every_question_has_a_connection_a_token_and_an_end() -> None:
    with server({"type": "started", "attempt": 1, "seq": 0}, {"type": "completed", "attempt": 1, "seq": 1}) as (
        url,
        offered,
    ):
        traffic = ask(FakeSite(), url, "completed")

    assert set(traffic.ends) == {"completed"}
    assert len(offered) >= traffic.ends["completed"]
    assert set(offered) == {"selador.v1, bearer.a.token"}


def test_a_fault_hears_of_each_request_before_it_and_when_it_starts() -> None:
    site = FakeSite()
    before: list[str] = []
    started: list[str] = []
    site.hooks.before, site.hooks.started = before.append, started.append

    with server({"type": "started", "attempt": 1, "seq": 0}, {"type": "error", "code": "internal"}) as (url, _):
        traffic = ask(site, url, "internal")

    assert traffic.ends["internal"] == len(started)
    assert set(started) <= set(before)
    assert "drill-1" in before


def test_an_answer_of_api_gateway_s_own_and_no_connection_are_ends_too() -> None:
    with server({"message": "Internal server error"}) as (url, _):
        assert ask(FakeSite(), url, "gateway error").ends["gateway error"] >= 1
    assert ask(FakeSite(), "ws://127.0.0.1:9", "no connection").ends["no connection"] >= 1


def test_the_heartbeat_is_put_for_the_environment() -> None:
    site = FakeSite()

    with server({"type": "completed", "attempt": 1, "seq": 0}) as (url, _):
        ask(site, url, "completed")

    (datum,) = site.put[0]["MetricData"]
    assert (site.put[0]["Namespace"], datum["MetricName"], datum["Value"]) == ("Selador", "Heartbeat", 1)
    assert datum["Dimensions"] == [{"Name": "Environment", "Value": "selador-local"}]


def test_a_heartbeat_that_fails_is_not_the_last() -> None:
    site = FakeSite()
    site.puts_that_fail = 1

    with server({"type": "completed", "attempt": 1, "seq": 0}) as (url, _):
        ask(site, url, "completed")

    assert site.put


def test_a_fault_that_cannot_be_put_in_is_no_lost_connection(caplog: pytest.LogCaptureFixture) -> None:
    site = FakeSite()

    def refuse(request: str) -> None:
        raise ConnectionRefusedError("nobody listens")

    site.hooks.before = refuse
    with server({"type": "completed", "attempt": 1, "seq": 0}) as (url, _):
        traffic = ask(site, url, "client failed")

    assert set(traffic.ends) == {"client failed"}
    assert "the client of drill-1 failed: its fault can't be put in: nobody listens" in caplog.messages


def test_a_frame_that_no_client_expects_is_an_end_too() -> None:
    with server({"type": "started", "seq": 0}) as (url, _):
        assert ask(FakeSite(), url, "client failed").ends["client failed"] >= 1
