import pytest

from selador_deploy.cost.workload import LIMITS, Workload, read_choice, read_number
from selador_deploy.errors import DeployError


@pytest.mark.parametrize(("text", "number"), [("3000000", 3e6), ("3,000,000", 3e6), ("2.5", 2.5), ("1e6", 1e6)])
def test_a_number_may_be_written_as_people_write_it(text: str, number: float) -> None:
    assert read_number("requests", text) == number


@pytest.mark.parametrize("text", ["0", "-1", "many", "nan", "inf", "901", "", "2,5", "1_0", "٥", " 5"])
def test_what_is_no_number_within_the_limits_is_refused_by_name(text: str) -> None:
    with pytest.raises(DeployError) as caught:
        read_number("answer_seconds", text)

    assert str(caught.value) == (
        f"ANSWER_SECONDS is {text!r}; it takes 0.1 to 900: Lambda stops a function after a quarter of an hour;"
        " give a number of these, such as 1,500 or 2.5"
    )
    assert caught.value.status == 2


@pytest.mark.parametrize("option", LIMITS)
def test_both_limits_are_within(option: str) -> None:
    limit = LIMITS[option]

    assert read_number(option, repr(limit.least)) == limit.least
    assert read_number(option, repr(limit.most)) == limit.most


def test_another_word_is_refused_with_the_choices() -> None:
    with pytest.raises(DeployError) as caught:
        read_choice("auth", "oauth", ("none", "iam", "jwt"))

    assert str(caught.value) == "AUTH is 'oauth'; give one of none, iam, jwt"
    assert caught.value.status == 2


def test_the_answer_is_written_after_the_first_word() -> None:
    assert Workload(requests=1, answer_seconds=10, first_words_seconds=3).writing_seconds == 7
