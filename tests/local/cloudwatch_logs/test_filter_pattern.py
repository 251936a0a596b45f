"""What a filter pattern matches: terms and JSON, by CW-42."""

import json

import pytest

from selador_local.cloudwatch_logs.filter_pattern import FilterPatternError, compiled

EVENT = json.dumps(
    {
        "requestId": "r-10",
        "attempt": 2,
        "retry": False,
        "code": None,
        "record": {"status": "timeout", "metrics": {"durationMs": 12.5}},
        "steps": [{"name": "answer"}],
        "odd key": 'a "quoted" text',
    }
)


@pytest.mark.parametrize(
    ("pattern", "line", "expected"),
    [
        ("", "anything", True),
        ("lease", "the lease was lost", True),
        ("lease lost", "the lease was lost", True),
        ("lease renewed", "the lease was lost", False),
        ('"lease was"', "the lease was lost", True),
        ('"lease lost"', "the lease was lost", False),
        ("?renewed ?lost", "the lease was lost", True),
        ("?renewed ?kept", "the lease was lost", False),
        ("lease ?renewed", "the lease was lost", True),
        ("lease -lost", "the lease was lost", False),
        ("lease -renewed", "the lease was lost", True),
        ('"say \\"no\\""', 'they say "no"', True),
    ],
)
def test_terms(pattern: str, line: str, expected: bool) -> None:
    assert compiled(pattern)(line) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.requestId = "r-10" }', True),
        ('{ $.requestId = "r-1" }', False),
        ('{$.requestId="r-1*"}', True),
        ("{ $.requestId = r-10 }", True),
        ('{ $.requestId != "r-1" }', True),
        ('{ $.missing != "r-1" }', False),
        ("{ $.attempt = 2 }", True),
        ('{ $.attempt = "2" }', False),
        ("{ $.attempt > 1 }", True),
        ("{ $.attempt >= 3 }", False),
        ("{ $.record.metrics.durationMs <= 12.5 }", True),
        ("{ $.requestId > 1 }", False),
        ("{ $.retry IS FALSE }", True),
        ("{ $.retry IS TRUE }", False),
        ("{ $.code IS NULL }", True),
        ("{ $.missing IS NULL }", False),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.code NOT EXISTS }", False),
        ('{ $.steps[0].name = "answer" }', True),
        ('{ $.steps[1].name = "answer" }', False),
        ('{ $[\'odd key\'] = "a \\"quoted\\" *" }', True),
        ('{ $.attempt = 2 && $.record.status = "timeout" }', True),
        ('{ $.attempt = 3 || $.record.status = "timeout" }', True),
        ('{ $.attempt = 3 || $.attempt = 2 && $.record.status = "error" }', False),
        ('{ ($.attempt = 3 || $.attempt = 2) && $.record.status = "timeout" }', True),
    ],
)
def test_json(pattern: str, expected: bool) -> None:
    assert compiled(pattern)(EVENT) is expected


def test_a_line_that_is_no_json_matches_no_json_pattern() -> None:
    assert not compiled('{ $.requestId = "r-10" }')("requestId = r-10")
    assert not compiled('{ $.requestId = "r-10" }')("[1]")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("[ip, user]", "columns"),
        ("%lease.*%", "regular expressions"),
        ('{ $.requestId = "r"', "closing brace"),
        ("{ $.requestId }", "the end"),
        ("{ requestId = 1 }", "requestId where it can't stand"),
        ("{ $.requestId < r }", "= and != only"),
        ("{ $.requestId = %r% }", "regular expressions"),
        ("{ ($.a = 1 }", "the end"),
        ("{ $.a = 1 $.b = 2 }", "$.b where it can't stand"),
        ("{ $.a[*] = 1 }", "[*] where it can't stand"),
        ("{ $.a ODDLY SO }", "ODDLY"),
    ],
)
def test_other_patterns_are_refused_by_name(pattern: str, said: str) -> None:
    with pytest.raises(FilterPatternError) as refused:
        compiled(pattern)

    assert said in str(refused.value)
