"""The rule of a composite alarm, such as `ALARM("a") AND NOT (OK(b) OR ALARM(c))`. Pure.

A name may be an ARN. In quotes it may have blanks, commas and parentheses, and a backslash before a quote. `NOT` binds
most and `OR` least (CW-29).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from selador_local.cloudwatch.alarm import AlarmDefinitionError, StateValue

type Rule = "Constant | InState | Negation | Combination"

_TOKEN = re.compile(
    r'\s*(?:(?P<quoted>"(?:\\.|[^"\\])*")|(?P<symbol>[(),])|(?P<word>[^\s(),"]+)|(?P<end>$)|(?P<wrong>.))'
)
_START = "'(', 'NOT', TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA"


class AlarmRuleError(AlarmDefinitionError):
    """A rule that can't be read; it says so in CloudWatch's words."""


@dataclass(frozen=True)
class Constant:
    value: bool


@dataclass(frozen=True)
class InState:
    """Whether an alarm is in a state."""

    alarm: str
    """Its name."""
    state: StateValue


@dataclass(frozen=True)
class Negation:
    rule: Rule


@dataclass(frozen=True)
class Combination:
    """Whether both rules hold, or one of them."""

    left: Rule
    both: bool
    right: Rule


def parse(text: str) -> Rule:
    """Return the rule of a text, or raise an AlarmRuleError that says where it is wrong."""
    return _RuleParser(text).whole()


def holds(rule: Rule, states: Mapping[str, StateValue]) -> bool:
    """Return whether a rule holds. `states` has the alarms' states by name."""
    match rule:
        case Constant(value=value):
            return value
        case InState(alarm=alarm, state=state):
            return states[alarm] == state
        case Negation(rule=negated):
            return not holds(negated, states)
        case Combination(left=left, both=True, right=right):
            return holds(left, states) and holds(right, states)
        case Combination(left=left, right=right):
            return holds(left, states) or holds(right, states)


def alarms_of(rule: Rule) -> list[str]:
    """Return the names of the alarms in a rule, each once, in their order."""
    return list(dict.fromkeys(_names(rule)))


def alarm_name(name_or_arn: str) -> str:
    """Return an alarm's name, which may be given as an ARN."""
    return name_or_arn.partition(":alarm:")[2] if name_or_arn.startswith("arn:") else name_or_arn


def _names(rule: Rule) -> Iterator[str]:
    match rule:
        case InState(alarm=alarm):
            yield alarm
        case Negation(rule=negated):
            yield from _names(negated)
        case Combination(left=left, right=right):
            yield from _names(left)
            yield from _names(right)


@dataclass(frozen=True)
class _RuleToken:
    kind: str
    text: str
    character: int


class _RuleParser:
    def __init__(self, text: str) -> None:
        self._tokens = list(self._read(text))
        self._next = 0

    def whole(self) -> Rule:
        rule = self._any()
        self._expect("", "<EOF>, 'AND', 'OR'")
        return rule

    @staticmethod
    def _read(text: str) -> Iterator[_RuleToken]:
        at = 0
        while match := _TOKEN.match(text, at):
            kind = str(match.lastgroup)
            yield _RuleToken(kind, match[kind], match.start(kind))
            if kind == "end":
                return
            at = match.end()

    def _any(self) -> Rule:
        rule = self._all()
        while self._taken("OR"):
            rule = Combination(rule, False, self._all())
        return rule

    def _all(self) -> Rule:
        rule = self._one()
        while self._taken("AND"):
            rule = Combination(rule, True, self._one())
        return rule

    def _one(self) -> Rule:
        if self._taken("NOT"):
            return Negation(self._one())
        if self._taken("("):
            rule = self._any()
            self._expect(")", "')', 'AND', 'OR'")
            return rule
        token = self._tokens[self._next]
        if token.text in {"TRUE", "FALSE"}:
            self._next += 1
            return Constant(token.text == "TRUE")
        if token.text in StateValue:
            self._next += 1
            return self._in_state(StateValue(token.text))
        if token.text == "AT_LEAST":
            raise AlarmRuleError("Error in AlarmRule [AT_LEAST is computed by CloudWatch but not by the laptop]")
        raise self._wrong(_START)

    def _in_state(self, state: StateValue) -> Rule:
        self._expect("(", "'('")
        token = self._tokens[self._next]
        if token.kind not in {"word", "quoted"}:
            raise self._wrong("alarm name or ARN")
        self._next += 1
        self._expect(")", "')'")
        name = re.sub(r"\\(.)", r"\1", token.text[1:-1]) if token.kind == "quoted" else token.text
        return InState(alarm_name(name), state)

    def _taken(self, text: str) -> bool:
        token = self._tokens[self._next]
        self._next += token.text == text
        return token.text == text

    def _expect(self, text: str, expected: str) -> None:
        if not self._taken(text):
            raise self._wrong(expected)

    def _wrong(self, expected: str) -> AlarmRuleError:
        token = self._tokens[self._next]
        found = f"Unsupported token '{token.text or '<EOF>'}' at char {token.character}"
        return AlarmRuleError(f"Error in AlarmRule [{found}, must be: {expected}]")
