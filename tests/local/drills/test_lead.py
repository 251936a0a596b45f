"""Leading drills, with alarms that follow the heartbeat: off without it, over with it."""

from typing import Any

import pytest

from selador_local.clock import StackClock
from selador_local.control_plane_client.client import ControlPlane
from selador_local.drills.catalogue import Drill
from selador_local.drills.lead import Lead
from selador_local.drills.outcome import TOP
from selador_local.drills.site import Site
from selador_local.drills.watch import AlarmWatch, Change

SCALE = 6000


class Queues:
    """Stands for SQS: no dead letters, and so many requests that wait at each look, the last of them for ever."""

    def __init__(self, *waiting: int) -> None:
        self._waiting = list(waiting) or [0]

    def receive_message(self, **_: Any) -> dict[str, Any]:
        return {}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        waiting = self._waiting.pop(0) if len(self._waiting) > 1 else self._waiting[0]
        return {"Attributes": {"ApproximateNumberOfMessages": str(waiting)}}


class FakeSite(Site):
    def __init__(self, *waiting: int) -> None:
        nowhere = ControlPlane("http://127.0.0.1:9", "us-east-1", "123456789012", "key", "secret")
        outputs = {
            "alarms": {"a-page": {"severity": "page"}, "a-part": {"severity": "part"}},
            "dead_letter_queue_url": "dead",
            "queue_url": "queue",
        }
        super().__init__(nowhere, outputs, "", "", StackClock(SCALE, 0))
        self.queues = Queues(*waiting)

    def client(self, service: str) -> Any:
        assert service == "sqs"
        return self.queues


class FakeWatch(AlarmWatch):
    """Alarms that are on while no heartbeat is put; a page's lets the alarm over all pages go off, too."""

    def __init__(self, site: FakeSite, pages: set[str], tickets: set[str], deaf: bool = False) -> None:
        super().__init__(site)
        self._pages, self._tickets, self._deaf = pages, tickets, deaf
        self._seen: list[Change] = []
        self._on = False

    def ringing(self) -> set[str]:
        self._look()
        return {*self._pages, *self._tickets, TOP} if self._on else set()

    def changes(self, since: float) -> list[Change]:
        self._look()
        return [change for change in self._seen if change.at >= since]

    def listen(self) -> None:
        if not self._deaf:
            self.told = [change for change in self._seen if change.alarm in {TOP, *self._tickets}]

    def parts(self, alarm: str) -> frozenset[str]:
        return frozenset(self._pages) if alarm == TOP else frozenset()

    def evaluation_seconds(self, alarm: str) -> float:
        return 600

    def _look(self) -> None:
        now_on = not self.site.hooks.heartbeats
        if now_on != self._on:
            self._on = now_on
            state = "ALARM" if now_on else "OK"
            at = self.site.clock.time()
            self._seen += [Change(alarm, state, at) for alarm in (*self._pages, *self._tickets, TOP)]


def drill(alarm: str, *also: str, kind: str = "no-heartbeat") -> Drill:
    return Drill(alarm, "nothing beats", {"kind": kind}, frozenset(also))


@pytest.fixture
def said() -> list[str]:
    return []


def test_each_fault_is_put_in_seen_and_taken_out(said: list[str]) -> None:
    site = FakeSite()
    lead = Lead(site, FakeWatch(site, pages={"a-page"}, tickets={"a-ticket"}), said.append)

    outcomes = lead.all([drill("a-page", "a-ticket"), drill("a-ticket", "a-page")])

    assert [(one.led.drill.alarm, one.passed) for one in outcomes] == [("a-page", True), ("a-ticket", True)]
    assert [line for line in said if "went off" not in line] == ["a-page: nothing beats", "a-ticket: nothing beats"]
    assert len(said) == 4
    assert site.hooks.heartbeats


def test_no_fault_is_put_in_while_requests_of_the_one_before_wait(said: list[str]) -> None:
    site = FakeSite(7, 3, 0)
    lead = Lead(site, FakeWatch(site, pages={"a-page"}, tickets=set()), said.append)

    (outcome,) = lead.all([drill("a-page")])

    assert outcome.passed
    assert site.queues._waiting == [0]


def test_what_else_goes_off_is_a_failure(said: list[str]) -> None:
    site = FakeSite()
    lead = Lead(site, FakeWatch(site, pages={"a-page"}, tickets={"a-ticket"}), said.append)

    (outcome,) = lead.all([drill("a-page")])

    assert (outcome.passed, outcome.unexpected) == (False, ("a-ticket",))


def test_an_alarm_that_tells_nobody_may_go_off(said: list[str]) -> None:
    site = FakeSite()
    lead = Lead(site, FakeWatch(site, pages={"a-page"}, tickets={"a-part"}), said.append)

    (outcome,) = lead.all([drill("a-page")])

    assert (outcome.passed, outcome.unexpected) == (True, ())


def test_a_notification_that_never_comes_is_a_failure(said: list[str]) -> None:
    site = FakeSite()
    lead = Lead(site, FakeWatch(site, pages={"a-page"}, tickets=set(), deaf=True), said.append)

    (outcome,) = lead.all([drill("a-page")])

    assert (outcome.passed, outcome.told) == (False, False)


def test_an_alarm_that_stays_quiet_is_given_up_after_its_time(said: list[str]) -> None:
    site = FakeSite()
    lead = Lead(site, FakeWatch(site, pages={"a-page"}, tickets=set()), said.append)

    (outcome,) = lead.all([drill("another")])

    assert (outcome.passed, outcome.rang_after) == (False, None)


def test_health_is_watched_for_so_many_minutes(said: list[str]) -> None:
    site = FakeSite()
    lead = Lead(site, FakeWatch(site, pages={"a-page"}, tickets=set()), said.append)
    began = site.clock.time()

    assert lead.healthy(30) == set()
    assert site.clock.time() >= began + 30 * 60


def test_no_healthy_minute_is_left_out_however_many_they_are(said: list[str]) -> None:
    site = FakeSite()
    watch = FakeWatch(site, pages={"a-page"}, tickets=set())
    lead = Lead(site, watch, said.append, patience_seconds=0.01)
    began = site.clock.time()

    lead.healthy(120)

    assert site.clock.time() >= began + 120 * 60
    assert said == []


def test_an_alarm_that_never_was_quiet_is_none_of_health(said: list[str]) -> None:
    site = FakeSite()
    site.hooks.heartbeats = False
    watch = FakeWatch(site, pages={"a-page"}, tickets=set())
    lead = Lead(site, watch, said.append, patience_seconds=0.01)

    assert lead.healthy(30) == {"a-page", TOP}
    assert said == ["gave up waiting until all alarms are quiet"]
