"""Each alarm's definition, changed in one place at a time: some data must show the difference.

The data are just below and just above what each alarm is meant to go off at. So they notice a threshold that is half
as high again, a metric of another function, another statistic, and another treatment of missing data. They are written
here by hand, from what the alarms are for, and not derived from the definitions.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from selador_local.cloudwatch import metric_alarm
from selador_local.cloudwatch.alarm import AlarmState, StateValue
from selador_local.cloudwatch.datum import Datum
from selador_local.cloudwatch.metric_alarm import MetricAlarm
from selador_local.cloudwatch.metric_store import MetricStore

from .deployed_alarms import API, AUTHORIZER, CERTIFICATE, DEAD_LETTERS, HANDLER, MAIN, PREFIX, QUEUE, START, Definition

type Identity = tuple[str, Mapping[str, str], str]
"""A metric: namespace, dimensions, name."""
type Values = Mapping[float, int]
"""How often each value came within a minute."""
type Minute = Mapping[str, Values]
"""The data of a minute, by the metric's short name in METRICS."""

PEOPLE = 1000
"""So many requests a minute that a share is exact to a tenth of a percent."""


def own(function: str, *names: str) -> dict[str, Identity]:
    return {name: ("Selador", {"FunctionName": function}, name) for name in names}


def of_lambda(prefix: str, function: str) -> dict[str, Identity]:
    names = ("Duration", "Errors", "Invocations", "Throttles")
    return {f"{prefix}.{name}": ("AWS/Lambda", {"FunctionName": function}, name) for name in names}


def of_queue(prefix: str, queue: str) -> dict[str, Identity]:
    names = {
        "visible": "ApproximateNumberOfMessagesVisible",
        "in_flight": "ApproximateNumberOfMessagesNotVisible",
        "deleted": "NumberOfMessagesDeleted",
    }
    return {f"{prefix}.{short}": ("AWS/SQS", {"QueueName": queue}, name) for short, name in names.items()}


ENVIRONMENT = {"Environment": PREFIX.rstrip("-")}
METRICS: dict[str, Identity] = {
    **own(HANDLER, "Accepted", "SendFailed", "Unanswered"),
    **own(AUTHORIZER, "ConnectionRefused", "KeySetUnavailable"),
    **own(MAIN, "Abandoned", "AttemptDuration", "Attempts", "BedrockThrottled", "Blocked", "Buried", "Completed"),
    **own(MAIN, "DeploymentFault", "Expired", "Failed", "FailedPosts", "InputTokens", "OutputTokens", "Posts"),
    **own(MAIN, "QueueWait", "ThrottledPosts", "TimeToFirstToken", "Unreadable"),
    **of_lambda("authorizer", AUTHORIZER),
    **of_lambda("handler", HANDLER),
    **of_lambda("main", MAIN),
    **of_queue("queue", QUEUE),
    **of_queue("dead", DEAD_LETTERS),
    **{name: ("AWS/ApiGateway", API, name) for name in ("ConnectCount", "ExecutionError", "IntegrationError")},
    **{name: ("Selador", ENVIRONMENT, name) for name in ("Heartbeat", "Maintenance", "ModelDaysLeft")},
    "DaysToExpiry": ("AWS/CertificateManager", {"CertificateArn": CERTIFICATE}, "DaysToExpiry"),
    **{
        f"failed {topic}": ("AWS/SNS", {"TopicName": f"{PREFIX}{topic}"}, "NumberOfNotificationsFailed")
        for topic in ("alarms", "tickets")
    },
}


@dataclass(frozen=True)
class Case:
    """Data, and whether the alarm is on at their end. `minutes` come one after the other, the last one now."""

    on: bool
    minutes: tuple[Minute, ...]
    step: int = 60
    """The seconds from one to the next: the data of an hour or a day may stand in its first minute."""
    was_on: bool = False
    """Whether the alarm was on before."""


def off(times: int, minute: Minute, step: int = 60) -> Case:
    return Case(on=False, minutes=(minute,) * times, step=step)


def on(times: int, minute: Minute, step: int = 60) -> Case:
    return Case(on=True, minutes=(minute,) * times, step=step)


def ones(number: float) -> Values:
    return {1.0: round(number)}


def silence(*, on: bool = False, was_on: bool = True) -> Case:
    return Case(on=on, minutes=({},) * 5, step=86_400, was_on=was_on)


def share(
    part: str,
    percent: float,
    times: int,
    *,
    rest: str = "",
    whole: str = "",
    each: float = 1,
    least: int = 0,
    people: int = PEOPLE,
    step: int = 60,
) -> list[Case]:
    """Return cases for a share, a fifth below its percentage and a quarter above it.

    Beside the part there is the `rest`, or the `whole` of which it is; these come with the value `each`. With one
    failure less than `least`, and nothing else, the alarm must be off.
    """

    def minute(number: int, of: int) -> Minute:
        return {part: ones(number), **({rest: {each: of - number}} if rest else {whole: {each: of}})}

    below, above = (round(people * percent / 100 * factor) for factor in (0.8, 1.25))
    cases = [off(times, minute(below, people), step), on(times, minute(above, people), step)]
    if least:
        nothing_else = {part: ones(least - 1), **({whole: {each: least - 1}} if whole else {})}
        cases.append(
            Case(on=False, minutes=(nothing_else, {}, {}, {}, {}) * (times // 5) or (nothing_else,), step=step)
        )
    return cases


MINUTES, QUARTER, HOUR, DAY = 5, 15, 3600, 86_400
BAD = ("Buried", "Expired", "Failed", "SendFailed", "Unanswered", "Unreadable")


def budget(percent: float, period: int, least: int) -> list[Case]:
    return [
        case
        for part in BAD
        for case in share(part, percent, 1, rest="Completed", least=least, people=10 * PEOPLE, step=period)
    ]


def connects(*, lost: int = 0, throttled: int = 0) -> Minute:
    return {
        "authorizer.Invocations": ones(PEOPLE - throttled),
        "authorizer.Throttles": ones(throttled),
        "ConnectionRefused": ones(200),
        "ConnectCount": ones(PEOPLE - 200 - lost - throttled),
    }


def accounted(ended: int, *, waiting: int = 20, in_flight: int = 5) -> Minute:
    """Of a thousand requests a minute. Each took two attempts, and the queue's counts are now lower, now higher."""
    return {
        "Accepted": ones(PEOPLE),
        "Attempts": {2.0: ended},
        "queue.visible": {0.0: 1, float(waiting): 1},
        "queue.in_flight": {0.0: 1, float(in_flight): 1},
    }


def letters(*numbers: float) -> tuple[Minute, ...]:
    """The dead letters of hours: in each hour as many as in the one before, and at last so many."""
    hours: list[Minute] = [{"dead.visible": {number: 60}} for number in numbers[:-1]]
    return (*hours, {"dead.visible": {numbers[-2]: 59, numbers[-1]: 1}})


CASES: dict[str, list[Case]] = {
    # Pages
    "answers-wait": [
        off(10, {"QueueWait": {48_000.0: 96, 100_000.0: 4}}),
        on(10, {"QueueWait": {1000.0: 90, 75_000.0: 10}}),
        off(3, {"QueueWait": {100_000.0: 1}}, 300),
    ],
    "api-execution-errors": share("ExecutionError", 5, MINUTES, rest="handler.Invocations", least=2),
    "api-integration-errors": share("IntegrationError", 5, MINUTES, rest="handler.Invocations", least=2),
    "authorizer-slow": [
        off(MINUTES, {"authorizer.Invocations": ones(100), "authorizer.Duration": {5_600.0: 92, 9_900.0: 8}}),
        on(MINUTES, {"authorizer.Invocations": ones(100), "authorizer.Duration": {100.0: 85, 8_750.0: 15}}),
        off(MINUTES, {"authorizer.Invocations": ones(1), "authorizer.Duration": {9_900.0: 1}}),
    ],
    "authorizer-throttles": share("authorizer.Throttles", 5, MINUTES, rest="authorizer.Invocations", least=2),
    "connects-fail": [
        off(MINUTES, connects(lost=80)),
        on(MINUTES, connects(lost=125)),
        on(MINUTES, connects(throttled=125)),
    ],
    "dead-letters-many": [
        Case(on=False, minutes=letters(3, 3, 43), step=HOUR),
        Case(on=True, minutes=letters(3, 3, 66), step=HOUR),
    ],
    "deliveries-fail": share("FailedPosts", 10, MINUTES, whole="Posts", least=5),
    "deployment-fault": share("DeploymentFault", 10, MINUTES, whole="AttemptDuration", each=5_000, least=2),
    "front-door-fails": [
        case for part in ("SendFailed", "Unanswered") for case in share(part, 10, MINUTES, rest="Accepted", least=2)
    ],
    "heartbeat-fails": [
        off(3, {"Heartbeat": {1.0: 1}}, HOUR),
        off(3, {"Heartbeat": {0.0: 1, 1.0: 1}}, HOUR),
        on(3, {"Heartbeat": {0.0: 1}}, HOUR),
        silence(on=True, was_on=False),
    ],
    "key-set-unavailable": share("KeySetUnavailable", 10, MINUTES, whole="authorizer.Invocations", least=2),
    "requests-unaccounted": [
        off(10, accounted(915)),
        on(10, accounted(870)),
        off(10, accounted(800, waiting=900)),
        off(10, accounted(800, in_flight=900)),
    ],
    # Parts of pages
    "error-budget-5m": budget(7.2, 300, 1),
    "error-budget-1h": budget(7.2, HOUR, 5),
    "error-budget-30m": budget(3, 1800, 1),
    "error-budget-6h": budget(3, 6 * HOUR, 5),
    "maintenance": [on(1, {"Maintenance": {0.0: 1, 1.0: 1}}, HOUR), off(1, {"Maintenance": {0.0: 1}}, HOUR)],
    "work-unfinished": [
        on(20, {"queue.visible": {1.0: 1, 5.0: 1}, "queue.deleted": {0.0: 1}}),
        off(20, {"queue.visible": {1.0: 1, 5.0: 1}, "queue.deleted": {0.0: 9, 1.0: 1}}),
        off(20, {"queue.visible": {0.0: 1, 5.0: 1}, "queue.deleted": {0.0: 1}}),
    ],
    "work-untouched": [
        on(8, {"queue.visible": {1.0: 1, 5.0: 1}, "queue.in_flight": {0.0: 1}}),
        off(8, {"queue.visible": {1.0: 1, 5.0: 1}, "queue.in_flight": {0.0: 9, 1.0: 1}}),
        off(8, {"queue.visible": {0.0: 1, 5.0: 1}, "queue.in_flight": {0.0: 1}}),
    ],
    # Tickets
    "bedrock-throttles": share("BedrockThrottled", 5, QUARTER, whole="AttemptDuration", each=3_000, least=5),
    "blocked-unusually": share("Blocked", 20, QUARTER, whole="Attempts", each=2, least=5),
    "certificate-expires": [
        off(2, {"DaysToExpiry": {36.0: 2}}, DAY),
        on(2, {"DaysToExpiry": {24.0: 2}}, DAY),
        on(2, {"DaysToExpiry": {24.0: 1, 400.0: 1}}, DAY),
        silence(on=True),
        silence(on=False, was_on=False),
    ],
    "clients-leave": share("Abandoned", 20, QUARTER, whole="Attempts", each=2, least=5),
    "dead-letters": [
        on(3, {"dead.visible": {0.0: 1, 1.0: 1}, "dead.in_flight": {0.0: 1}}),
        on(3, {"dead.visible": {0.0: 1}, "dead.in_flight": {0.0: 1, 1.0: 1}}),
        off(3, {"dead.visible": {0.0: 1}, "dead.in_flight": {0.0: 1}}),
    ],
    "dead-letters-age": [
        on(100, {"dead.visible": {0.0: 30, 1.0: 30}}, HOUR),
        Case(on=False, minutes=({"dead.visible": ones(1)},) * 50 + ({"dead.visible": {0.0: 1}},) * 50, step=HOUR),
    ],
    "dead-letters-arrive": [
        Case(on=False, minutes=letters(3, 3, 3), step=HOUR),
        Case(on=True, minutes=letters(3, 3, 4), step=HOUR),
    ],
    "error-budget-burns": budget(0.5, DAY, 5),
    "first-words-late": [
        off(QUARTER, {"TimeToFirstToken": {24_000.0: 96, 90_000.0: 4}}),
        on(QUARTER, {"TimeToFirstToken": {1000.0: 90, 37_500.0: 10}}),
        off(5, {"TimeToFirstToken": {90_000.0: 4}}, 300),
    ],
    "main-crashes": [
        *share("main.Errors", 5, QUARTER, whole="main.Invocations"),
        off(1, {"main.Errors": ones(2), "main.Invocations": ones(2)}, 900),
    ],
    "main-near-timeout": [
        off(25, {"main.Duration": {700_000.0: 9}}),
        on(25, {"main.Duration": {1000.0: 9, 890_000.0: 1}}),
    ],
    "main-throttles": share("main.Throttles", 5, QUARTER, rest="main.Invocations", least=5),
    "model-retires": [
        off(2, {"ModelDaysLeft": {110.0: 1}}, DAY),
        on(2, {"ModelDaysLeft": {75.0: 1}}, DAY),
        on(2, {"ModelDaysLeft": {75.0: 1, 400.0: 1}}, DAY),
        silence(on=True),
        silence(on=False, was_on=False),
    ],
    "notifications-fail": [
        off(5, {"failed alarms": {0.0: 1}, "failed tickets": {0.0: 1}}),
        *(on(1, {f"failed {topic}": {0.0: 9, 1.0: 1}}, 300) for topic in ("alarms", "tickets")),
    ],
    "posts-throttled": share("ThrottledPosts", 5, QUARTER, whole="Posts", least=5),
    "tokens-run-away": [
        case
        for name in ("InputTokens", "OutputTokens")
        for case in (off(1, {name: {8_000.0: 1000}}, HOUR), on(1, {name: {12_500.0: 1000}}, HOUR))
    ],
    "websocket-handler-slow": [
        off(QUARTER, {"handler.Invocations": ones(100), "handler.Duration": {2_400.0: 96, 9_000.0: 4}}),
        on(QUARTER, {"handler.Invocations": ones(100), "handler.Duration": {10.0: 90, 3_750.0: 10}}),
        off(5, {"handler.Invocations": ones(4), "handler.Duration": {9_000.0: 4}}, 300),
    ],
    "websocket-handler-throttles": share("handler.Throttles", 5, QUARTER, rest="handler.Invocations", least=5),
}

# Changes that no data show.
_WHOLE_NUMBERS = "its data are whole numbers: from 2/3 on is the same as from 1 on"
_ANY = "if there is any at all, the sum and the largest are both 1 or more"
EQUIVALENT: dict[str, dict[str, str]] = {
    **{
        key: {"threshold 0.666667": _WHOLE_NUMBERS}
        for key in (
            *("dead-letters", "dead-letters-age", "dead-letters-arrive", "heartbeat-fails", "maintenance"),
            "work-untouched",
        )
    },
    "notifications-fail": {
        "threshold 0.666667": _WHOLE_NUMBERS,
        "page_failures's Maximum": _ANY,
        "ticket_failures's Maximum": _ANY,
    },
    "work-unfinished": {"threshold 0.666667": _WHOLE_NUMBERS, "deleted's Maximum": _ANY},
}
TREATMENTS = ("breaching", "ignore", "missing", "notBreaching")
STATISTICS = {
    "Sum": ("Average", "Maximum"),
    "SampleCount": ("Sum", "Average"),
    "Maximum": ("Minimum", "Average"),
    "Minimum": ("Maximum", "Average"),
    "p90": ("Average", "Maximum", "p50"),
    "p95": ("Average", "Maximum", "p50"),
}


def treatments_without_effect(definition: Definition) -> set[str]:
    """Return the changes of the treatment of missing data, if the alarm's expression fills every gap itself."""
    expression = next((query["Expression"] for query in definition["Metrics"] if "Expression" in query), "")
    if not expression.startswith(("FILL(", "DIFF(FILL(")):
        return set()
    return {f"missing data {treatment}" for treatment in TREATMENTS if treatment != definition["TreatMissingData"]}


def mutants(definition: Definition) -> Iterator[tuple[str, Definition]]:
    """Yield each change of a definition: what it is, and the changed definition."""

    def changed(change: Callable[[Definition], None]) -> Definition:
        copied = copy.deepcopy(definition)
        change(copied)
        return copied

    threshold = definition["Threshold"]
    for factor in (1.5, 2 / 3):
        yield f"threshold {threshold * factor:g}", changed(lambda one: one.update(Threshold=threshold * factor))  # noqa: B023 # called at once
    for treatment in TREATMENTS:
        if treatment != definition["TreatMissingData"]:
            yield f"missing data {treatment}", changed(lambda one: one.update(TreatMissingData=treatment))  # noqa: B023 # called at once
    for number, query in enumerate(definition["Metrics"]):
        if "MetricStat" not in query:
            continue
        for place, dimension in enumerate(query["MetricStat"]["Metric"]["Dimensions"]):
            yield (
                f"{query['Id']} of another {dimension['Name']}",
                changed(lambda one: _stat(one, number)["Metric"]["Dimensions"][place].update(Value="another")),  # noqa: B023 # called at once
            )
        for statistic in STATISTICS[query["MetricStat"]["Stat"]]:
            yield f"{query['Id']}'s {statistic}", changed(lambda one: _stat(one, number).update(Stat=statistic))  # noqa: B023 # called at once


def _stat(definition: Definition, number: int) -> dict[str, Any]:
    found: dict[str, Any] = definition["Metrics"][number]["MetricStat"]
    return found


def state_after(definition: Definition, case: Case) -> StateValue:
    """Return the state that an alarm of this definition is in at the end of a case's data."""
    alarm = MetricAlarm.from_api(
        {"AlarmArn": "arn", "AlarmConfigurationUpdatedTimestamp": datetime.fromtimestamp(START, UTC), **definition}
    )
    store = MetricStore()
    for number, minute in enumerate(case.minutes):
        for short, values in minute.items():
            namespace, dimensions, name = METRICS[short]
            identity = tuple(sorted(dimensions.items()))
            some = {value: count for value, count in values.items() if count}
            counts = tuple(map(float, some.values()))
            if some:
                store.put([Datum(namespace, name, identity, START + number * case.step, "None", tuple(some), counts)])
    before = StateValue.ALARM if case.was_on else StateValue.OK
    now = START + len(case.minutes) * case.step
    return metric_alarm.evaluate(alarm, store.read, now, AlarmState(before, "", None, START)).value


def cases(key: str) -> list[Case]:
    own = CASES[key]
    return own if any(case.minutes == ({},) * 5 for case in own) else [*own, silence()]


def is_as_meant(definition: Definition, key: str) -> bool:
    return all(state_after(definition, case) is (StateValue.ALARM if case.on else StateValue.OK) for case in cases(key))


def test_every_metric_alarm_has_data_of_its_own(definitions: dict[str, Definition]) -> None:
    assert {key for key, definition in definitions.items() if "Metrics" in definition} == CASES.keys()


@pytest.mark.parametrize("key", CASES)
def test_an_alarm_is_on_just_above_and_off_just_below_what_it_is_for(
    definitions: dict[str, Definition], key: str
) -> None:
    states = [state_after(definitions[key], case) for case in cases(key)]

    assert states == [StateValue.ALARM if case.on else StateValue.OK for case in cases(key)]


@pytest.mark.parametrize("key", CASES)
def test_every_change_of_an_alarm_is_noticed(definitions: dict[str, Definition], key: str) -> None:
    survivors = {what for what, definition in mutants(definitions[key]) if is_as_meant(definition, key)}
    shows_nothing = {*EQUIVALENT.get(key, {}), *treatments_without_effect(definitions[key])}

    assert survivors == shows_nothing
