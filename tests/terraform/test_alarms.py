"""Every alarm, and what sets it off: minutes of health, faults that change them, evaluated as CloudWatch does.

A fault must set off the alarms that are named for it and no other. When it is over, they must be, too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from selador_deploy.cost.system import System
from selador_local.control_plane.service_rules.cloudwatch import put_composite_alarm, put_metric_alarm

from .deployed_alarms import (
    AUTHORIZER,
    CERTIFICATE,
    DEAD_LETTERS,
    HANDLER,
    MAIN,
    PREFIX,
    QUEUE,
    ROOT,
    Definition,
    DeployedAlarms,
)

EVERYTHING = "answers-are-not-coming"
"""The composite alarm over all pages, which is on whenever one of them is."""

PARTS = {
    *("error-budget-1h", "error-budget-30m", "error-budget-5m", "error-budget-6h"),
    *("maintenance", "work-unfinished", "work-untouched"),
}
"""Parts of other alarms, which notify nobody."""

BUDGET = {"error-budget-burns", "error-budget-burns-fast", "error-budget-burns-slow"}

HOUR = 60
REQUESTS = 20
"""A minute, in good health."""


@pytest.fixture
def alarms(definitions: dict[str, Definition]) -> DeployedAlarms:
    return DeployedAlarms(definitions)


# The parts of a minute. Their defaults are good health; a fault gives some of them other arguments.


def connect(alarms: DeployedAlarms, *, calls: int = 5, connected: int = 5, seconds: float = 0.2, **more: float) -> None:
    throttles = more.pop("throttles", 0)
    alarms.aws_lambda(AUTHORIZER, Invocations=calls, Throttles=throttles, Duration=[1000 * seconds] * calls)
    alarms.api(ConnectCount=connected)
    alarms.authorizer(**more)


def accept(
    alarms: DeployedAlarms, *, accepted: int = REQUESTS, seconds: float = 0.02, throttles: int = 0, **more: float
) -> None:
    calls = 2 * REQUESTS
    alarms.handler(Accepted=accepted, **more)
    alarms.aws_lambda(HANDLER, Invocations=calls, Throttles=throttles, Duration=[1000 * seconds] * calls)


def answer(
    alarms: DeployedAlarms,
    *,
    ends: Mapping[str, int] | None = None,
    attempts: int = REQUESTS,
    wait_seconds: float = 0.1,
    first_word_seconds: float = 2,
    seconds: float = 10,
    tokens: int = 1000,
    errors: int = 0,
    throttles: int = 0,
    **more: float,
) -> None:
    ends = {"Completed": REQUESTS} if ends is None else ends
    posts = {"FailedPosts": 0.0, "Posts": 30.0 * attempts, "ThrottledPosts": 0.0}
    alarms.main(
        **ends,
        **(posts | more),
        Attempts=[1] * sum(ends.values()),
        AttemptDuration=[1000 * seconds] * attempts,
        InputTokens=tokens * attempts,
        OutputTokens=tokens * attempts,
        QueueWait=[1000 * wait_seconds] * attempts,
        TimeToFirstToken=[1000 * first_word_seconds] * attempts,
    )
    alarms.aws_lambda(
        MAIN,
        ConcurrentExecutions=4,
        Duration=[1000 * seconds] * attempts,
        Errors=errors,
        Invocations=attempts,
        Throttles=throttles,
    )


def queue(alarms: DeployedAlarms, *, visible: int = 0, in_flight: int = 4, deleted: int = REQUESTS) -> None:
    alarms.sqs(QUEUE, visible=visible, in_flight=in_flight, deleted=deleted)


def dead(alarms: DeployedAlarms, *, letters: int = 0) -> None:
    alarms.sqs(DEAD_LETTERS, visible=letters)


def api(alarms: DeployedAlarms, **errors: float) -> None:
    alarms.api(**errors)


def smoke(alarms: DeployedAlarms, *, heartbeat: float = 1) -> None:
    alarms.put("Selador", {"Environment": PREFIX.rstrip("-")}, Heartbeat=heartbeat)


def days(alarms: DeployedAlarms, *, model: float = 300, certificate: float = 200) -> None:
    alarms.put("Selador", {"Environment": PREFIX.rstrip("-")}, ModelDaysLeft=model)
    alarms.put("AWS/CertificateManager", {"CertificateArn": CERTIFICATE}, DaysToExpiry=certificate)


def sns(alarms: DeployedAlarms, *, failed: str | None = None) -> None:
    if failed is not None:
        alarms.put("AWS/SNS", {"TopicName": f"{PREFIX}{failed}"}, NumberOfNotificationsFailed=1)


def announce(alarms: DeployedAlarms, *, maintenance: float | None = None) -> None:
    if maintenance is not None:
        alarms.put("Selador", {"Environment": PREFIX.rstrip("-")}, Maintenance=maintenance)


MINUTE = (connect, accept, answer, queue, dead, api, smoke, days, sns, announce)

type Minute = Mapping[Callable[..., None], Mapping[str, Any] | None]
"""The arguments of some parts of a minute; None for a part that says nothing."""


def live(alarms: DeployedAlarms, minutes: int, minute: Minute) -> None:
    """Let minutes pass. Long times are looked at now and then, and at their end."""
    for left in reversed(range(minutes)):
        for part in MINUTE:
            given = minute.get(part, {})
            if given is not None:
                part(alarms, **given)
        alarms.pass_minute(evaluated=minutes - left < 3 * HOUR or left % (2 * HOUR) == 0)


@dataclass(frozen=True)
class Fault:
    """What goes wrong for some minutes, and the keys of all alarms that it sets off."""

    minute: Minute
    expected: set[str]
    minutes: int = 6
    healed_after: int = 12
    """Minutes of health after which all is over, but for the ticket that looks at a day."""


def ended(**ends: int) -> Minute:
    """Return a minute whose requests end so, and are as many as ever."""
    return {answer: {"ends": {"Completed": REQUESTS - sum(ends.values()), **ends}}}


NO_END: Minute = {answer: None, queue: {"deleted": 0, "in_flight": 0}}

FAULTS: dict[str, Fault] = {
    # The front door
    "the issuer's keys are gone": Fault(
        {connect: {"connected": 0, "KeySetUnavailable": 5}}, {"key-set-unavailable", "connects-fail"}
    ),
    "the authorizer crashes": Fault({connect: {"connected": 0}}, {"connects-fail"}),
    "the authorizer is throttled": Fault(
        {connect: {"calls": 1, "connected": 1, "throttles": 4}}, {"authorizer-throttles", "connects-fail"}
    ),
    "the issuer answers slowly": Fault({connect: {"seconds": 8}}, {"authorizer-slow"}),
    "the queue refuses every message": Fault(
        {accept: {"accepted": 0, "SendFailed": REQUESTS}, **NO_END},
        {"front-door-fails", *BUDGET},
        healed_after=40,
    ),
    "the handler has a defect": Fault(
        {accept: {"accepted": 0, "Unanswered": REQUESTS}, **NO_END},
        {"front-door-fails", *BUDGET},
        healed_after=40,
    ),
    "the handler can't be called": Fault({api: {"ExecutionError": 20}}, {"api-execution-errors"}),
    "the handler fails": Fault({api: {"IntegrationError": 20}}, {"api-integration-errors"}),
    "the handler is slow": Fault({accept: {"seconds": 4}}, {"websocket-handler-slow"}, minutes=16, healed_after=6),
    "the handler is throttled": Fault(
        {accept: {"throttles": 10}}, {"websocket-handler-throttles"}, minutes=16, healed_after=6
    ),
    # The queue
    "there is more work than workers": Fault(
        {answer: {"wait_seconds": 90}, queue: {"visible": 30}}, {"answers-wait"}, minutes=11, healed_after=6
    ),
    "the mapping is disabled": Fault(
        {answer: None, queue: {"visible": 20, "in_flight": 0, "deleted": 0}}, {"work-stalls"}, minutes=5
    ),
    "workers take messages and end none": Fault(
        {accept: {"accepted": 0}, answer: None, queue: {"visible": 20, "in_flight": 10, "deleted": 0}},
        {"work-stalls"},
        minutes=17,
    ),
    "somebody else reads the queue": Fault(NO_END, {"requests-unaccounted"}, minutes=10),
    # The answer
    "the model refuses everything": Fault(
        {answer: {"ends": {"Buried": REQUESTS}, "attempts": 5 * REQUESTS, "DeploymentFault": 3 * REQUESTS}},
        {"deployment-fault", *BUDGET},
        healed_after=40,
    ),
    "the guardrail blocks everything": Fault(
        ended(Blocked=REQUESTS), {"blocked-unusually"}, minutes=16, healed_after=6
    ),
    "the model stalls": Fault(
        {answer: {"ends": {"Failed": REQUESTS}, "first_word_seconds": 400, "seconds": 880}},
        {"first-words-late", "main-near-timeout", *BUDGET},
        minutes=16,
        healed_after=40,
    ),
    "requests expire": Fault(ended(Expired=REQUESTS), BUDGET, healed_after=40),
    "a release can't read the other's messages": Fault(ended(Unreadable=REQUESTS), BUDGET, healed_after=40),
    "a few requests fail, for hours": Fault(
        ended(Failed=1), {"error-budget-burns-slow", "error-budget-burns"}, minutes=40, healed_after=25 * HOUR
    ),
    "Bedrock throttles": Fault({answer: {"BedrockThrottled": 4}}, {"bedrock-throttles"}, minutes=16, healed_after=6),
    "the first words are late": Fault(
        {answer: {"first_word_seconds": 45}}, {"first-words-late"}, minutes=16, healed_after=6
    ),
    "answers cost too much": Fault({answer: {"tokens": 50_000}}, {"tokens-run-away"}, healed_after=70),
    # The way back
    "main may not post": Fault(
        {answer: {"ends": {"Buried": REQUESTS}, "FailedPosts": 600}},
        {"deliveries-fail", *BUDGET},
        healed_after=40,
    ),
    "every post says that the client is gone": Fault(
        ended(Abandoned=REQUESTS), {"clients-leave"}, minutes=16, healed_after=6
    ),
    "posts are throttled": Fault({answer: {"ThrottledPosts": 100}}, {"posts-throttled"}, minutes=16, healed_after=6),
    # The functions
    "main crashes": Fault({answer: {"errors": 5}}, {"main-crashes"}, healed_after=40),
    "main is throttled": Fault({answer: {"throttles": 5}}, {"main-throttles"}, minutes=16, healed_after=6),
    "answers take all of main's time": Fault(
        {answer: {"seconds": 880}}, {"main-near-timeout"}, minutes=11, healed_after=40
    ),
    # What is dead, and what is watched otherwise
    "a request failed for good": Fault(
        {dead: {"letters": 1}}, {"dead-letters", "dead-letters-arrive"}, healed_after=70
    ),
    "many requests failed for good": Fault(
        {dead: {"letters": 60}}, {"dead-letters", "dead-letters-arrive", "dead-letters-many"}, healed_after=70
    ),
    "the smoke test fails": Fault({smoke: {"heartbeat": 0}}, {"heartbeat-fails"}, minutes=61, healed_after=1),
    "the smoke test doesn't run": Fault({smoke: None}, {"heartbeat-fails"}, minutes=121, healed_after=1),
    "the model retires soon": Fault({days: {"model": 60}}, {"model-retires"}, healed_after=25 * HOUR),
    "the certificate expires soon": Fault({days: {"certificate": 20}}, {"certificate-expires"}, healed_after=25 * HOUR),
    "pages don't arrive": Fault({sns: {"failed": "alarms"}}, {"notifications-fail"}, healed_after=16),
    "tickets don't arrive": Fault({sns: {"failed": "tickets"}}, {"notifications-fail"}, healed_after=16),
}


def heard(keys: set[str]) -> set[str]:
    return keys - PARTS - {EVERYTHING}


@pytest.mark.parametrize(
    ("newest_seconds", "stable_seconds", "on"),
    [
        pytest.param(10, 800, False, id="the older version takes longer than the newest may"),
        pytest.param(580, 10, True, id="the newest is cut off"),
        pytest.param(580, 500, True, id="the newest is cut off, and the older version takes long"),
        pytest.param(580, 800, False, id="the newest is cut off, but the older version takes even longer"),
        pytest.param(10, 880, True, id="the older version is cut off"),
        pytest.param(570, None, False, id="only the newest is asked"),
        pytest.param(None, 880, True, id="only the older version is asked"),
    ],
)
def test_while_two_versions_serve_each_is_judged_by_its_own_timeout(
    canary_definitions: dict[str, Definition], newest_seconds: float | None, stable_seconds: float | None, on: bool
) -> None:
    """The newest may take 600 s, the older one 900 s, and both keep 21 s to tell a client that the time is up."""
    alarms = DeployedAlarms({"main-near-timeout": canary_definitions["main-near-timeout"]})

    for _ in range(15):
        for version, seconds in {"7": newest_seconds, "6": stable_seconds}.items():
            if seconds is not None:
                alarms.run_of_version(version, seconds)
        alarms.pass_minute()

    assert alarms.on() == ({"main-near-timeout"} if on else set())


def test_cloudwatch_takes_every_definition(
    definitions: dict[str, Definition], canary_definitions: dict[str, Definition]
) -> None:
    class Existing:
        def alarm_rules(self) -> dict[str, str]:
            return {definition["AlarmName"]: definition.get("AlarmRule", "") for definition in definitions.values()}

    refusals = [
        refusal
        for definition in (*definitions.values(), *canary_definitions.values())
        for refusal in (put_metric_alarm if "Metrics" in definition else put_composite_alarm)(definition, Existing())
    ]

    assert len(definitions) >= 42
    assert refusals == []


def test_make_cost_counts_the_alarms_that_are_deployed(definitions: dict[str, Definition]) -> None:
    with_a_token = {"authorizer-slow", "authorizer-throttles", "connects-fail", "key-set-unavailable"}
    others = {"certificate-expires", "heartbeat-fails"}
    metrics = {
        key: sum("MetricStat" in query for query in definition.get("Metrics", []))
        for key, definition in definitions.items()
    }

    assert System().alarm_metrics == sum(metrics[key] for key in metrics.keys() - with_a_token - others)
    assert System().authorizer_alarm_metrics == sum(metrics[key] for key in with_a_token)
    assert System().composite_alarms == sum("AlarmRule" in definition for definition in definitions.values())


def test_the_readme_says_what_the_alarms_cost(definitions: dict[str, Definition]) -> None:
    """CloudWatch bills each metric of a metric alarm, and each composite alarm."""
    optional = {"authorizer-slow", "authorizer-throttles", "connects-fail", "key-set-unavailable"}
    optional |= {"certificate-expires", "heartbeat-fails"}
    metrics = {
        key: sum("MetricStat" in query for query in definition.get("Metrics", []))
        for key, definition in definitions.items()
    }
    composites = sum("AlarmRule" in definition for definition in definitions.values())
    usual = sum(number for key, number in metrics.items() if key not in optional)
    readme = " ".join((ROOT / "terraform/modules/alarms/README.md").read_text().split())

    assert f"The alarms look at {usual} metrics, and four are composite" in readme
    assert composites == 4
    assert f"**about {0.1 * usual + 0.5 * composites:.2f} USD a month**" in readme
    assert f"it is {0.1 * sum(metrics.values()) + 0.5 * composites:.2f} USD" in readme


def test_every_alarm_has_a_fault_that_sets_it_off(definitions: dict[str, Definition]) -> None:
    expected = {key for fault in FAULTS.values() for key in fault.expected}

    assert expected == heard({*definitions}) - {"dead-letters-age"}, "dead-letters-age has a test of its own"


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_sets_off_its_alarms_and_no_other_and_they_are_over_after_it(
    alarms: DeployedAlarms, definitions: dict[str, Definition], name: str
) -> None:
    fault = FAULTS[name]
    live(alarms, 10, {})
    assert alarms.went_off == set()

    live(alarms, fault.minutes, fault.minute)

    assert heard(alarms.went_off) == fault.expected
    pages = {key for key in fault.expected if f'ALARM("{PREFIX}{key}")' in definitions[EVERYTHING]["AlarmRule"]}
    assert (EVERYTHING in alarms.went_off) == bool(pages)

    live(alarms, fault.healed_after, {})

    assert heard(alarms.on()) - ({"error-budget-burns"} if fault.healed_after < 25 * HOUR else set()) == set()


def test_dead_letters_that_nobody_empties_for_days_are_a_ticket(alarms: DeployedAlarms) -> None:
    seen = []
    for _ in range(4 * 24):
        dead(alarms, letters=1)
        seen.append("dead-letters-age" in alarms.on())
        for left in reversed(range(HOUR)):
            alarms.pass_minute(evaluated=left == 0)

    assert seen == [False] * 4 * 24
    assert "dead-letters-age" in alarms.on()


def test_maintenance_holds_pages_back_for_an_hour(definitions: dict[str, Definition], alarms: DeployedAlarms) -> None:
    """The composite alarm's suppressor is that alarm; CloudWatch then runs none of its actions."""
    live(alarms, 1, {announce: {"maintenance": 1}})
    seen = []
    for _ in range(HOUR):
        seen.append("maintenance" in alarms.on())
        live(alarms, 1, {})

    assert definitions[EVERYTHING]["ActionsSuppressor"] == f"{PREFIX}maintenance"
    assert seen == [True] * HOUR
    assert "maintenance" not in alarms.on()


def test_a_new_environment_is_quiet(alarms: DeployedAlarms) -> None:
    """Nobody has connected yet. CloudWatch has no data at all, but for a smoke test that runs on its schedule."""
    for _ in range(30):
        smoke(alarms)
        alarms.pass_minute()

    assert alarms.went_off == set()


def test_a_day_without_users_is_quiet(alarms: DeployedAlarms) -> None:
    idle: Minute = {connect: None, accept: None, answer: None, api: None, queue: {"in_flight": 0, "deleted": 0}}
    live(alarms, 30, {})

    live(alarms, 2 * HOUR, idle)
    live(alarms, 30, {})

    assert alarms.went_off == set()


def test_a_burst_and_long_answers_are_quiet(alarms: DeployedAlarms) -> None:
    """A hundred requests come at once, and each takes fourteen minutes."""
    live(alarms, 1, {accept: {"accepted": 100}, answer: None, queue: {"in_flight": 100, "deleted": 0}})
    live(alarms, 13, {accept: {"accepted": 0}, answer: None, queue: {"in_flight": 100, "deleted": 0}})
    live(
        alarms,
        1,
        {
            accept: {"accepted": 0},
            answer: {"ends": {"Completed": 100}, "attempts": 100, "seconds": 840},
            queue: {"in_flight": 0, "deleted": 100},
        },
    )
    live(alarms, 10, {})

    assert alarms.went_off == set()


def test_a_hiccup_of_a_minute_is_quiet(alarms: DeployedAlarms) -> None:
    live(alarms, 20, {})

    live(
        alarms,
        1,
        {
            accept: {"SendFailed": 3},
            answer: {"errors": 1, "ends": {"Completed": 18, "Failed": 1}, "FailedPosts": 30},
            api: {"IntegrationError": 3},
        },
    )
    live(alarms, 20, {})

    assert alarms.went_off == set()


def test_one_of_a_few_requests_that_fails_is_quiet(alarms: DeployedAlarms) -> None:
    """A quiet environment: one request every ten minutes, and one in three hours fails."""
    for number in range(18):
        ends = {"Failed": 1} if number == 9 else {"Completed": 1}
        live(alarms, 1, {accept: {"accepted": 1}, answer: {"ends": ends, "attempts": 1}, queue: {"deleted": 1}})
        live(alarms, 9, {accept: {"accepted": 0}, answer: None, queue: {"in_flight": 0, "deleted": 0}})

    assert heard(alarms.went_off) == set()


def test_every_request_of_a_quiet_environment_that_fails_pages(alarms: DeployedAlarms) -> None:
    for _ in range(6):
        live(alarms, 1, {accept: {"accepted": 1}, answer: {"ends": {"Failed": 1}, "attempts": 1}})
        live(alarms, 9, {accept: {"accepted": 0}, answer: None, queue: {"in_flight": 0, "deleted": 0}})

    assert EVERYTHING in alarms.went_off


def test_more_dead_letters_on_old_ones_are_told_again(alarms: DeployedAlarms) -> None:
    live(alarms, 10, {dead: {"letters": 1}})
    live(alarms, 2 * HOUR, {dead: {"letters": 1}})
    assert "dead-letters-arrive" not in alarms.on()

    live(alarms, 1, {dead: {"letters": 2}})

    assert {"dead-letters", "dead-letters-arrive"} <= alarms.on()
