"""Suppressed actions: the examples of CloudWatch's documentation, in its units of time (CW-56)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selador_local.cloudwatch.actions_suppression import NOT_SUPPRESSED, SuppressedBy, Suppression, suppress
from selador_local.cloudwatch.alarm import AlarmState, StateValue
from selador_local.cloudwatch.composite_alarm import Child, CompositeAlarm

WAIT, EXTENSION = 2, 3
MAINTENANCE = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:maintenance"


def composite(wait: int = WAIT, extension: int = EXTENSION) -> CompositeAlarm:
    return CompositeAlarm.from_api(
        {
            "AlarmName": "page",
            "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:page",
            "AlarmConfigurationUpdatedTimestamp": datetime(2026, 9, 14, tzinfo=UTC),
            "AlarmRule": "ALARM(a)",
            "ActionsSuppressor": "maintenance",
            "ActionsSuppressorWaitPeriod": wait,
            "ActionsSuppressorExtensionPeriod": extension,
        }
    )


def suppressor(value: StateValue, changed: float) -> Child:
    return Child(MAINTENANCE, AlarmState(value, "", None, changed))


def history(alarm: str, maintenance: str, composite_alarm: CompositeAlarm) -> list[tuple[str | None, bool]]:
    """Return what suppresses the actions at each time, and whether they run.

    The states are `-` for OK and `X` for ALARM; the first ones are those before it all.
    """
    suppression, changed_at, found = NOT_SUPPRESSED, 0, []
    for now, ((before, after), (earlier, later)) in enumerate(zip(pairwise(alarm), pairwise(maintenance), strict=True)):
        changed_at = now if earlier != later else changed_at
        value = StateValue.ALARM if later == "X" else StateValue.OK
        suppression, run = suppress(
            composite_alarm, suppressor(value, changed_at), now, suppression, changed=before != after
        )
        found.append((suppression.by and str(suppression.by), run))
    return found


EXAMPLES: Mapping[str, tuple[str, str, str, str]] = {
    # the composite alarm, the suppressor, what suppresses, when the actions run; from t0 on
    "1: not suppressed after the wait": (
        "--XXXXXXXX",
        "----------",
        "..WW......",
        "....!.....",
    ),
    "2: suppressed by the alarm before the wait is over": (
        "--XXXXXXXX",
        "---XXXXXXX",
        "..WAAAAAAA",
        "..........",
    ),
    "3: a change while waiting": (
        "--X-------",
        "----------",
        "..WWW.....",
        ".....!....",
    ),
    "4: a change while suppressed by the alarm": (
        "--XXXXXXXX",
        "XXXXXXXXXX",
        "AAAAAAAAAA",
        "..........",
    ),
    "5: not suppressed after the extension": (
        "--XXXXXXXXXX",
        "---XXX------",
        "..WAAAEEE...",
        ".........!..",
    ),
    "6: a change in the extension": (
        "--XXXXX-----",
        "---XXX------",
        "..WAAAEWW...",
        ".........!..",
    ),
}
BY = {".": None, "W": "WaitPeriod", "A": "Alarm", "E": "ExtensionPeriod"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_documentation(example: str) -> None:
    alarm, maintenance, suppressed_by, runs = EXAMPLES[example]

    found = history(alarm[0] + alarm, maintenance[0] + maintenance, composite())

    assert found == [(BY[by], run == "!") for by, run in zip(suppressed_by, runs, strict=True)]


def test_an_alarm_without_a_suppressor_acts_when_it_changes() -> None:
    assert suppress(composite(), None, 0, NOT_SUPPRESSED, changed=True) == (NOT_SUPPRESSED, True)
    assert suppress(composite(), None, 0, NOT_SUPPRESSED, changed=False) == (NOT_SUPPRESSED, False)


def test_periods_of_zero_seconds_suppress_nothing() -> None:
    at_once = composite(wait=0, extension=0)
    was_suppressed = Suppression(SuppressedBy.ALARM, pending=True)

    assert suppress(at_once, suppressor(StateValue.OK, 0), 5, NOT_SUPPRESSED, changed=True) == (NOT_SUPPRESSED, True)
    assert suppress(at_once, suppressor(StateValue.OK, 5), 5, was_suppressed, changed=False) == (NOT_SUPPRESSED, True)


def test_a_suppressor_that_comes_and_goes_without_a_change_runs_no_actions() -> None:
    assert all(not run for _, run in history("-" * 12, "--XXX-------", composite()))


def test_a_suppressor_that_lacks_data_suppresses_nothing() -> None:
    maintenance = suppressor(StateValue.INSUFFICIENT_DATA, 0)

    held, _ = suppress(composite(), maintenance, 5, NOT_SUPPRESSED, changed=True)

    assert held.by == SuppressedBy.WAIT_PERIOD


def test_reasons_are_cloudwatchs() -> None:
    ten_past = datetime(2026, 9, 14, 11, 10, tzinfo=UTC).timestamp()
    raised, over = suppressor(StateValue.ALARM, ten_past), suppressor(StateValue.OK, ten_past)

    by_alarm, _ = suppress(composite(), raised, ten_past, NOT_SUPPRESSED, changed=True)
    by_wait, _ = suppress(composite(), over, ten_past, NOT_SUPPRESSED, changed=True)
    by_extension, _ = suppress(composite(), over, ten_past, by_alarm, changed=False)

    assert by_alarm.reason == (
        f"Actions suppressed by {MAINTENANCE} that transitioned to ALARM at Monday 14 September, 2026 11:10:00 UTC"
    )
    assert by_wait.reason == "Actions suppressed by WaitPeriod"
    assert by_extension.reason == "Actions suppressed by ExtensionPeriod"


STATES = st.text("-X", min_size=20, max_size=20)


@given(STATES, STATES)
def test_actions_never_run_while_the_suppressor_is_in_alarm(alarm: str, maintenance: str) -> None:
    found = history(alarm, maintenance, composite())

    assert all(not run for (_, run), suppressed in zip(found, maintenance[1:], strict=True) if suppressed == "X")


@given(STATES)
def test_every_last_change_is_acted_on_in_the_end(alarm: str) -> None:
    quiet = alarm + alarm[-1] * (WAIT + 1)

    found = history(quiet, "-" * len(quiet), composite())

    assert any(run for _, run in found) == (len(set(alarm)) > 1)
    assert found[-1] == (None, found[-1][1])
