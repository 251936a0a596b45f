import pytest

from selador_local.cloudwatch_logs.insights_expressions import MalformedQueryError, Record, Tokens, condition

RECORD: Record = {
    "@message": "the lease was lost",
    "level": "error",
    "attempt": 2,
    "record.status": "timeout",
    "odd field": "x",
    "text": "12",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('level = "error"', True),
        ("level = 'error'", True),
        ('level != "error"', False),
        ('missing != "error"', False),
        ('missing = ""', False),
        ("attempt = 2", True),
        ("attempt >= 3", False),
        ("attempt < 10", True),
        ("text < 100", True),
        ('record.status != "success"', True),
        ('level = "error" and attempt = 3', False),
        ('level = "info" or attempt = 2', True),
        ('level = "info" or attempt = 2 and level = "warning"', False),
        ('(level = "info" or attempt = 2) and level = "error"', True),
        ("ispresent(attempt)", True),
        ("ispresent(missing)", False),
        ("not ispresent(missing)", True),
        ('level = "warning" or ispresent(attempt)', True),
        ("@message like /lease.*lost/", True),
        ('@message like "lease"', True),
        ("@message =~ /^lease/", False),
        ('@message not like "lease"', False),
        ('@message not like "deadline"', True),
        ('missing not like "deadline"', False),
        ('level in ["warning", "error"]', True),
        ("attempt in [1, 3]", False),
        ("`odd field` = 'x'", True),
        ('level = "err\\"or"', False),
    ],
)
def test_conditions(text: str, expected: bool) -> None:
    tokens = Tokens(text)

    assert condition(tokens)(RECORD) is expected
    tokens.end()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("level", "the end"),
        ("level = ", "the end"),
        ('"error" = level', "error where name should stand"),
        ("strlen(level) > 2", "strlen doesn't run here"),
        ("(level = 1", "where ) should stand"),
        ("level * 2", "* where a comparison should stand"),
        ("level ; 2", "can't be read at: ; 2"),
        ("level in [1", "where ] should stand"),
    ],
)
def test_what_can_not_be_read_is_said(text: str, said: str) -> None:
    with pytest.raises(MalformedQueryError) as refused:
        condition(Tokens(text))

    assert said in str(refused.value)
