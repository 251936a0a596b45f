"""Conditions of Logs Insights, as in its command `filter` (CW-43). Pure.

A record's fields are texts and numbers by name, nested ones by a path with dots. A comparison with a field that the
record lacks is false.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from selador_local.cloudwatch_logs.filter_pattern import ORDERS
from selador_local.errors import SeladorLocalError

type Record = Mapping[str, str | float]

type Condition = Callable[[Record], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<regex>/(?:[^/\\]|\\.)+/)
      | (?P<quoted>`[^`]+`)
      | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
      | (?P<name>@?[A-Za-z_][\w@]*(?:\.[\w@-]+)*)
      | (?P<sign>!=|<=|>=|=~|=|<|>|\(|\)|\[|\]|,|\*)
    )""",
    re.VERBOSE,
)


class MalformedQueryError(SeladorLocalError):
    """The query can't be read, or asks for something that doesn't run here."""


class Token(NamedTuple):
    """A word of a query. `kind` is string, regex, name, number or sign; a string's text is without its quotes."""

    kind: str
    text: str

    def says(self, word: str) -> bool:
        return self.kind in {"name", "sign"} and self.text.lower() == word


_END = Token("end", "the end")


class Tokens:
    """The words of a command, taken one after another."""

    def __init__(self, text: str) -> None:
        self._left: list[Token] = []
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise MalformedQueryError(f"the query can't be read at: {text[position:].strip()}")
            self._left.append(_token(found.lastgroup, found[found.lastgroup]))
            position = found.end()

    def peek(self) -> Token:
        return self._left[0] if self._left else _END

    def take(self, kind: str | None = None) -> Token:
        """Return the next word. Raises MalformedQueryError if it is of another kind, or if there is none."""
        token = self.peek()
        if token is _END or (kind is not None and token.kind != kind):
            raise MalformedQueryError(f"the query has {token.text} where {kind or 'something else'} should stand")
        return self._left.pop(0)

    def take_if(self, word: str) -> bool:
        """Take the next word if it is this one, in any case."""
        if self.peek().says(word):
            del self._left[0]
            return True
        return False

    def expect(self, word: str) -> None:
        """Take the word. Raises MalformedQueryError if another one stands there."""
        if not self.take_if(word):
            raise MalformedQueryError(f"the query has {self.peek().text} where {word} should stand")

    def end(self) -> None:
        """Raise MalformedQueryError if words are left."""
        if self._left:
            raise MalformedQueryError(f"the query has {self._left[0].text} where it should end")


def _token(kind: str, text: str) -> Token:
    match kind:
        case "string":
            return Token("string", re.sub(r"\\(.)", r"\1", text[1:-1]))
        case "quoted":
            return Token("name", text[1:-1])
        case "regex":
            return Token("regex", text[1:-1])
    return Token(kind, text)


def condition(tokens: Tokens) -> Condition:
    """Read a condition; `or` binds loosest. Raises MalformedQueryError."""
    sides = [_both(tokens)]
    while tokens.take_if("or"):
        sides.append(_both(tokens))
    return sides[0] if len(sides) == 1 else lambda record: any(side(record) for side in sides)


def _both(tokens: Tokens) -> Condition:
    sides = [_one(tokens)]
    while tokens.take_if("and"):
        sides.append(_one(tokens))
    return sides[0] if len(sides) == 1 else lambda record: all(side(record) for side in sides)


def _one(tokens: Tokens) -> Condition:
    if tokens.take_if("not"):
        inner = _one(tokens)
        return lambda record: not inner(record)
    if tokens.take_if("("):
        inner = condition(tokens)
        tokens.expect(")")
        return inner
    field = tokens.take("name").text
    if tokens.take_if("("):
        return _presence(field, tokens)
    if tokens.take_if("not"):
        found = _test(field, tokens)
        return lambda record: field in record and not found(record)
    return _test(field, tokens)


def _presence(function: str, tokens: Tokens) -> Condition:
    if function.lower() != "ispresent":
        raise MalformedQueryError(f"the function {function} doesn't run here; ispresent does")
    field = tokens.take("name").text
    tokens.expect(")")
    return lambda record: field in record


def _test(field: str, tokens: Tokens) -> Condition:
    if tokens.take_if("in"):
        tokens.expect("[")
        values = [tokens.take().text]
        while tokens.take_if(","):
            values.append(tokens.take().text)
        tokens.expect("]")
        return lambda record: any(_holds(record, field, "=", value) for value in values)
    if tokens.take_if("like") or tokens.take_if("=~"):
        wanted = tokens.take()
        pattern = re.compile(wanted.text if wanted.kind == "regex" else re.escape(wanted.text))
        return lambda record: field in record and pattern.search(str(record[field])) is not None
    sign = tokens.take("sign").text
    if sign not in ORDERS:
        raise MalformedQueryError(f"the query has {sign} where a comparison should stand")
    value = tokens.take().text
    return lambda record: _holds(record, field, sign, value)


def _holds(record: Record, field: str, sign: str, wanted: str) -> bool:
    found = record.get(field)
    if found is None:
        return False
    try:
        return ORDERS[sign](float(found), float(wanted))
    except ValueError:  # texts
        holds: Callable[[str, str], bool] = getattr(operator, ORDERS[sign].__name__)
        return holds(str(found), wanted)
