"""Reading expressions of metric math."""

import pytest

from selador_local.cloudwatch.metric_math.expression import (
    ArrayOf,
    ExpressionError,
    FunctionCall,
    Keyword,
    Name,
    Negative,
    Node,
    Number,
    Operation,
    Text,
    parse,
    walk,
)

A, B, C = Name("a"), Name("b"), Name("c")


@pytest.mark.parametrize(
    ("expression", "tree"),
    [
        ("a", A),
        ("errors_5xx", Name("errors_5xx")),
        (" 12.5 ", Number(12.5)),
        (".5", Number(0.5)),
        ("1e3", Number(1000)),
        ('"errors"', Text("errors")),
        ("'errors'", Text("errors")),
        ("a + b - c", Operation(Operation(A, "+", B), "-", C)),
        ("a - b * c", Operation(A, "-", Operation(B, "*", C))),
        ("(a - b) / c", Operation(Operation(A, "-", B), "/", C)),
        ("a * b ^ c", Operation(A, "*", Operation(B, "^", C))),
        ("a ^ b ^ c", Operation(A, "^", Operation(B, "^", C))),
        ("-a ^ b", Negative(Operation(A, "^", B))),
        ("a ^ -b", Operation(A, "^", Negative(B))),
        ("a * -b", Operation(A, "*", Negative(B))),
        ("a-1", Operation(A, "-", Number(1))),
        ("a + b > c", Operation(Operation(A, "+", B), ">", C)),
        ("a >= b AND b != c", Operation(Operation(A, ">=", B), "AND", Operation(B, "!=", C))),
        ("a OR b AND c", Operation(A, "OR", Operation(B, "AND", C))),
        ("a || b && c", Operation(A, "OR", Operation(B, "AND", C))),
        ("[a, b, 100 * c]", ArrayOf((A, B, Operation(Number(100), "*", C)))),
        ("METRICS()", FunctionCall("METRICS", ())),
        ("FILL(a, REPEAT)", FunctionCall("FILL", (A, Keyword("REPEAT")))),
        ("IF(a > 1, b, c)", FunctionCall("IF", (Operation(A, ">", Number(1)), B, C))),
        (
            "SUM(METRICS('e')) / 2",
            Operation(FunctionCall("SUM", (FunctionCall("METRICS", (Text("e"),)),)), "/", Number(2)),
        ),
        ("SUM(\n  [a, b]\n)", FunctionCall("SUM", (ArrayOf((A, B)),))),
    ],
)
def test_an_expression_becomes_a_tree(expression: str, tree: Node) -> None:
    assert parse(expression) == tree


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("", "the expression '' has the end where a value is expected"),
        ("a +", "the expression 'a +' has the end where a value is expected"),
        ("a b", "the expression 'a b' has 'b' at character 2 where an operator or the end is expected"),
        ("(a", "the expression '(a' has the end where an operator or ')' is expected"),
        ("a)", "the expression 'a)' has ')' at character 1 where an operator or the end is expected"),
        ("[a, ", "the expression '[a, ' has the end where a value is expected"),
        ("[]", "the expression '[]' has ']' at character 1 where a value is expected"),
        ("SUM(a b)", "the expression 'SUM(a b)' has 'b' at character 6 where an operator, ',' or ')' is expected"),
        ("a % b", "the expression 'a % b' has '%' at character 2 where a value or an operator is expected"),
        ("a = b", "the expression 'a = b' has '=' at character 2 where a value or an operator is expected"),
        ("a * / b", "the expression 'a * / b' has '/' at character 4 where a value is expected"),
        ("'a", 'the expression "\'a" has "\'" at character 0 where a value or an operator is expected'),
    ],
)
def test_what_is_wrong_and_where_is_said(expression: str, complaint: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        parse(expression)

    assert str(raised.value) == complaint


def test_a_walk_visits_every_node() -> None:
    visited = list(walk(parse("IF(-a > 1, [b, c])")))

    assert {Name("a"), Name("b"), Name("c"), Number(1)} <= set(visited)
    assert len(visited) == 8
