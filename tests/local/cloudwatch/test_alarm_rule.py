"""Rules of composite alarms. What is refused, and how, was recorded from CloudWatch (CW-29)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selador_local.cloudwatch.alarm import StateValue
from selador_local.cloudwatch.alarm_rule import (
    AlarmRuleError,
    Combination,
    Constant,
    InState,
    Negation,
    Rule,
    alarm_name,
    alarms_of,
    holds,
    parse,
)

OK, ALARM, INSUFFICIENT = StateValue.OK, StateValue.ALARM, StateValue.INSUFFICIENT_DATA
A, B, C = (InState(name, ALARM) for name in "abc")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("TRUE", Constant(True)),
        ("FALSE", Constant(False)),
        ("NOT TRUE", Negation(Constant(True))),
        ("NOT NOT FALSE", Negation(Negation(Constant(False)))),
        ("ALARM(a)", A),
        ("ALARM ( a )", A),
        ('ALARM("a")', A),
        ("OK(a)", InState("a", OK)),
        ("INSUFFICIENT_DATA(a)", InState("a", INSUFFICIENT)),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a)", A),
        ('ALARM("arn:aws:cloudwatch:us-east-1:123456789012:alarm:a:b")', InState("a:b", ALARM)),
        ('ALARM("a b, (c)")', InState("a b, (c)", ALARM)),
        (r'ALARM("a\"b")', InState('a"b', ALARM)),
        ("ALARM('a')", InState("'a'", ALARM)),
        ('ALARM("")', InState("", ALARM)),
        ("ALARM(AND)", InState("AND", ALARM)),
        ("ALARM(a) AND ALARM(b) OR ALARM(c)", Combination(Combination(A, True, B), False, C)),
        ("ALARM(a) OR ALARM(b) AND ALARM(c)", Combination(A, False, Combination(B, True, C))),
        ("(ALARM(a) OR ALARM(b)) AND ALARM(c)", Combination(Combination(A, False, B), True, C)),
        ("NOT ALARM(a) AND ALARM(b)", Combination(Negation(A), True, B)),
        ("(ALARM(a) OR\nALARM(b))", Combination(A, False, B)),
    ],
)
def test_a_rule_is_read(text: str, rule: Rule) -> None:
    assert parse(text) == rule


START = "'(', 'NOT', TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("text", "token", "character", "expected"),
    [
        ("true", "true", 0, START),
        ("not TRUE", "not", 0, START),
        ("!TRUE", "!TRUE", 0, START),
        ("Alarm(a)", "Alarm", 0, START),
        ("UNKNOWN(a)", "UNKNOWN", 0, START),
        ("TRUE and FALSE", "and", 5, "<EOF>, 'AND', 'OR'"),
        ("TRUE && FALSE", "&&", 5, "<EOF>, 'AND', 'OR'"),
        ("ALARM(an alarm with spaces)", "alarm", 9, "')'"),
        ("", "<EOF>", 0, START),
        ("ALARM(a) AND", "<EOF>", 12, START),
        ("ALARM a", "a", 6, "'('"),
        ("ALARM()", ")", 6, "alarm name or ARN"),
        ("(ALARM(a)", "<EOF>", 9, "')', 'AND', 'OR'"),
        ("ALARM(a))", ")", 8, "<EOF>, 'AND', 'OR'"),
        ('ALARM("a)', '"', 6, "alarm name or ARN"),
        ('"TRUE"', '"TRUE"', 0, START),
    ],
)
def test_what_is_wrong_is_said_in_cloudwatchs_words(text: str, token: str, character: int, expected: str) -> None:
    with pytest.raises(AlarmRuleError) as raised:
        parse(text)

    assert str(raised.value) == (
        f"Error in AlarmRule [Unsupported token '{token}' at char {character}, must be: {expected}]"
    )


def test_a_quorum_is_refused_by_name() -> None:
    with pytest.raises(AlarmRuleError, match="AT_LEAST is computed by CloudWatch but not by the laptop"):
        parse("AT_LEAST(1, ALARM, (a, b))")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("ALARM(red)", True),
        ("OK(red)", False),
        ("NOT OK(red)", True),
        ("INSUFFICIENT_DATA(new)", True),
        ("ALARM(red) AND ALARM(green)", False),
        ("ALARM(red) OR ALARM(green)", True),
        ("ALARM(red) AND NOT ALARM(green)", True),
        ("TRUE OR FALSE AND FALSE", True),
        ("(ALARM(red) OR ALARM(green)) AND OK(new)", False),
    ],
)
def test_a_rule_holds_or_not(text: str, result: bool) -> None:
    assert holds(parse(text), {"red": ALARM, "green": OK, "new": INSUFFICIENT}) is result


def test_the_alarms_of_a_rule_are_named_once_in_their_order() -> None:
    assert alarms_of(parse("ALARM(b) OR NOT (OK(a) AND ALARM(b)) OR TRUE")) == ["b", "a"]


def test_an_arn_and_a_name_are_one_alarm() -> None:
    assert alarm_name("arn:aws:cloudwatch:us-east-1:123456789012:alarm:page") == alarm_name("page") == "page"


NAMES = st.text(min_size=1, max_size=20).filter(lambda name: not name.startswith("arn:"))
LEAVES = st.builds(Constant, st.booleans()) | st.builds(InState, NAMES, st.sampled_from(StateValue))
RULES = st.recursive(
    LEAVES, lambda rules: st.builds(Negation, rules) | st.builds(Combination, rules, st.booleans(), rules), max_leaves=8
)


def written(rule: Rule) -> str:
    match rule:
        case Constant(value=value):
            return str(value).upper()
        case InState(alarm=alarm, state=state):
            quoted = alarm.replace("\\", "\\\\").replace('"', '\\"')
            return f'{state}("{quoted}")'
        case Negation(rule=negated):
            return f"NOT ({written(negated)})"
        case Combination(left=left, both=both, right=right):
            return f"({written(left)}) {'AND' if both else 'OR'} ({written(right)})"


@given(RULES)
def test_any_rule_can_be_written_and_read(rule: Rule) -> None:
    assert parse(written(rule)) == rule


@given(RULES, st.sampled_from(StateValue))
def test_a_rule_or_its_negation_holds(rule: Rule, state: StateValue) -> None:
    states = dict.fromkeys(alarms_of(rule), state)

    assert holds(rule, states) is not holds(Negation(rule), states)
