"""Filter patterns of CloudWatch Logs: terms, and properties of JSON (CW-42). Pure.

- `one two` wants both terms, `?one ?two` one of them, `-one` none; `"one two"` is a phrase.
- `{ $.requestId = "r-*" && ($.attempt > 1 || $.code NOT EXISTS) }` compares properties of a JSON object.

Not here, and refused by name: patterns of columns in brackets, regular expressions, and `[*]` in a path.
"""

import json
import operator
import re
from collections.abc import Callable
from typing import Any

from selador_local.errors import SeladorLocalError

type Matches = Callable[[str], bool]
"""Whether a log line matches."""

type _Condition = Callable[[Any], bool]
"""Whether a line's JSON object matches."""

_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))')
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<path>\$(?:\.[\w@-]+|\['[^']*'\]|\["[^"]*"\]|\[\d+\])*)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<operator>&&|\|\||!=|<=|>=|=|<|>|\(|\))
      | (?P<word>[^\s()=<>!&|"]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r"\.([\w@-]+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
ORDERS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MISSING = object()


class FilterPatternError(SeladorLocalError):
    """The pattern is malformed, or of a kind that doesn't run here."""


def compiled(pattern: str) -> Matches:
    """Return the test that a filter pattern is. Raises FilterPatternError."""
    text = pattern.strip()
    if text.startswith("["):
        raise FilterPatternError("filter patterns of columns, in brackets, don't run here; use terms or { $.property }")
    if text.startswith("{"):
        if not text.endswith("}"):
            raise FilterPatternError(f"the filter pattern {pattern} has no closing brace")
        condition = _JsonPattern(text[1:-1]).condition()
        return lambda line: condition(_object(line))
    if "%" in text:
        raise FilterPatternError("regular expressions in filter patterns, between %, don't run here; use terms")
    return _terms(text)


def _terms(text: str) -> Matches:
    found: dict[str, list[str]] = {"": [], "?": [], "-": []}
    for sign, phrase, word in _TERM.findall(text):
        found[sign].append(phrase.replace('\\"', '"') or word)
    all_of, any_of, none_of = found[""], found["?"] if not found[""] else [], found["-"]

    def matches(line: str) -> bool:
        return (
            all(term in line for term in all_of)
            and (not any_of or any(term in line for term in any_of))
            and not any(term in line for term in none_of)
        )

    return matches


class _JsonPattern:
    """A recursive descent over `{ … }`: `||` binds loosest."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            token = _TOKEN.match(text, position)
            if token is None or token.lastgroup is None:
                raise FilterPatternError(f"the filter pattern {{{text}}} can't be read at {text[position:].strip()}")
            self._tokens.append((token.lastgroup, token[token.lastgroup]))
            position = token.end()

    def condition(self) -> _Condition:
        found = self._either()
        if self._tokens:
            raise self._unexpected(self._tokens[0][1])
        return found

    def _either(self) -> _Condition:
        sides = [self._both()]
        while self._take("operator", "||"):
            sides.append(self._both())
        return sides[0] if len(sides) == 1 else lambda document: any(side(document) for side in sides)

    def _both(self) -> _Condition:
        sides = [self._one()]
        while self._take("operator", "&&"):
            sides.append(self._one())
        return sides[0] if len(sides) == 1 else lambda document: all(side(document) for side in sides)

    def _one(self) -> _Condition:
        if self._take("operator", "("):
            inner = self._either()
            if not self._take("operator", ")"):
                raise self._unexpected("the end")
            return inner
        kind, path = self._next()
        if kind != "path":
            raise self._unexpected(path)
        find = _finder(path)
        kind, word = self._next()
        if kind == "operator" and word in ORDERS:
            return _comparison(find, word, *self._next())
        match word.upper(), self._next()[1].upper():
            case "NOT", "EXISTS":
                return lambda document: find(document) is _MISSING
            case "IS", "NULL":
                return lambda document: find(document) is None
            case "IS", "TRUE":
                return lambda document: find(document) is True
            case "IS", "FALSE":
                return lambda document: find(document) is False
        raise self._unexpected(word)

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise self._unexpected("the end")
        return self._tokens.pop(0)

    def _take(self, *token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            del self._tokens[0]
            return True
        return False

    def _unexpected(self, what: str) -> FilterPatternError:
        return FilterPatternError(f"the filter pattern {{{self._text}}} has {what} where it can't stand")


def _comparison(find: Callable[[Any], Any], sign: str, kind: str, literal: str) -> _Condition:
    if kind == "word" and _NUMBER.fullmatch(literal):
        number = float(literal)
        holds = ORDERS[sign]

        def compares(document: Any) -> bool:
            value = find(document)
            return isinstance(value, int | float) and not isinstance(value, bool) and holds(value, number)

        return compares
    if kind not in {"word", "string"} or sign not in {"=", "!="}:
        raise FilterPatternError(f"a filter pattern compares texts by = and != only, and has {sign} {literal}")
    if literal.startswith("%"):
        raise FilterPatternError(
            "regular expressions in filter patterns, between %, don't run here; use * for any text"
        )
    text = literal[1:-1].replace('\\"', '"') if kind == "string" else literal
    wanted = re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)

    def equals(document: Any) -> bool:
        value = find(document)
        return isinstance(value, str) and (wanted.fullmatch(value) is not None) is (sign == "=")

    return equals


def _finder(path: str) -> Callable[[Any], Any]:
    steps = [(name or quoted or double, index) for name, quoted, double, index in _STEP.findall(path)]

    def find(value: Any) -> Any:
        for name, index in steps:
            if isinstance(value, dict) and name in value:
                value = value[name]
            elif index and isinstance(value, list) and int(index) < len(value):
                value = value[int(index)]
            else:
                return _MISSING
        return value

    return find


def _object(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return _MISSING
