"""Reads an expression of metric math into a tree.

| binds | operators |
|---|---|
| least | `OR`, `||` |
| | `AND`, `&&` |
| | `==`, `!=`, `<`, `<=`, `>`, `>=` |
| | `+`, `-` |
| | `*`, `/` |
| | `-` before a value |
| most | `^`, from right to left |
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selador_local.errors import SeladorLocalError

type Node = "Number | Text | Name | Keyword | ArrayOf | Negative | Operation | FunctionCall"


class ExpressionError(SeladorLocalError):
    """An expression that can't be read, or that can't be computed from its values."""


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Text:
    value: str


@dataclass(frozen=True)
class Name:
    """The id of a metric or of another expression: it begins with a small letter."""

    id: str


@dataclass(frozen=True)
class Keyword:
    """A word in capitals that is no function, such as REPEAT."""

    word: str


@dataclass(frozen=True)
class ArrayOf:
    members: tuple[Node, ...]


@dataclass(frozen=True)
class Negative:
    operand: Node


@dataclass(frozen=True)
class Operation:
    left: Node
    operator: str
    right: Node


@dataclass(frozen=True)
class FunctionCall:
    function: str
    arguments: tuple[Node, ...]


_TOKEN = re.compile(
    r"""\s*(?: (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
             | (?P<text>"[^"]*"|'[^']*')
             | (?P<word>[A-Za-z][A-Za-z0-9_]*)
             | (?P<symbol>\|\||&&|==|!=|<=|>=|[-+*/^<>()\[\],])
             | (?P<end>$)
           )""",
    re.VERBOSE,
)
_SAME = {"||": "OR", "&&": "AND"}
_BY_STRENGTH = (("OR",), ("AND",), ("==", "!=", "<", "<=", ">", ">="), ("+", "-"), ("*", "/"))


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    character: int


def parse(expression: str) -> Node:
    """Return the tree of an expression, or raise an ExpressionError that says where it is wrong."""
    return _Parser(expression).whole()


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    match node:
        case ArrayOf(members=below) | FunctionCall(arguments=below):
            pass
        case Negative(operand=operand):
            below = (operand,)
        case Operation(left=left, right=right):
            below = (left, right)
        case _:
            below = ()
    for one in below:
        yield from walk(one)


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = list(self._read())
        self._next = 0

    def whole(self) -> Node:
        node = self._operation(0)
        self._take("", "an operator or the end")
        return node

    def _read(self) -> Iterator[_Token]:
        at = 0
        while True:
            match = _TOKEN.match(self._expression, at)
            if match is None:
                rest = self._expression[at:].lstrip()
                raise self._wrong(rest[0], len(self._expression) - len(rest), "a value or an operator")
            kind = str(match.lastgroup)
            text = match[kind]
            yield _Token(kind, _SAME.get(text, text), match.start(kind))
            if kind == "end":
                return
            at = match.end()

    def _wrong(self, found: str, character: int, expected: str) -> ExpressionError:
        found = f"{found!r} at character {character}" if found else "the end"
        return ExpressionError(f"the expression {self._expression!r} has {found} where {expected} is expected")

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, text: str, expected: str) -> None:
        if self._token.text != text:
            raise self._wrong(self._token.text, self._token.character, expected)
        self._next += 1

    def _taken(self, *texts: str) -> str | None:
        if self._token.kind in {"symbol", "word"} and self._token.text in texts:
            self._next += 1
            return self._tokens[self._next - 1].text
        return None

    def _operation(self, strength: int) -> Node:
        if strength == len(_BY_STRENGTH):
            return self._negative()
        node = self._operation(strength + 1)
        while operator := self._taken(*_BY_STRENGTH[strength]):
            node = Operation(node, operator, self._operation(strength + 1))
        return node

    def _negative(self) -> Node:
        if self._taken("-"):
            return Negative(self._negative())
        node = self._value()
        return Operation(node, "^", self._negative()) if self._taken("^") else node

    def _value(self) -> Node:
        token = self._token
        self._next += token.kind != "end"
        match token.kind:
            case "number":
                return Number(float(token.text))
            case "text":
                return Text(token.text[1:-1])
            case "word":
                return self._word(token.text)
        if token.text == "(":
            node = self._operation(0)
            self._take(")", "an operator or ')'")
            return node
        if token.text == "[":
            return ArrayOf(self._list("]"))
        raise self._wrong(token.text, token.character, "a value")

    def _word(self, word: str) -> Node:
        if self._taken("("):
            return FunctionCall(word, () if self._taken(")") else self._list(")"))
        return Name(word) if word[0].islower() else Keyword(word)

    def _list(self, closing: str) -> tuple[Node, ...]:
        nodes = [self._operation(0)]
        while self._taken(","):
            nodes.append(self._operation(0))
        self._take(closing, f"an operator, ',' or {closing!r}")
        return tuple(nodes)
