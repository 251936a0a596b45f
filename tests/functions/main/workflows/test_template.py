"""Templates: references are filled once, and what is put in stays the text that it is."""

import pytest

from selador_main.workflows.template import Reference, parse_template


def filled(text: str, **values: str) -> str:
    return parse_template(text).fill(lambda reference: values[reference.name])


def test_references_are_filled() -> None:
    assert filled("Ask ${inputs.a} of ${steps.b}!", a="this", b="that") == "Ask this of that!"
    assert parse_template("${inputs.a}${steps.b}").references == [Reference("inputs", "a"), Reference("steps", "b")]


def test_a_doubled_dollar_is_one() -> None:
    assert filled("$$5, $${inputs.a}") == "$5, ${inputs.a}"


@pytest.mark.parametrize("value", ["${steps.b}", "$$", "{", "}", "$", "\x00\x1b\n", "%s {0} {{x}}", "${inputs.a}"])
def test_inputs_are_data(value: str) -> None:
    assert filled("<${inputs.a}>", a=value) == f"<{value}>"


@pytest.mark.parametrize(
    "text",
    ["$", "$x", "${}", "${a}", "${inputs}", "${inputs.}", "${inputs.A}", "${env.HOME}", "${inputs.a", "${ inputs.a }"],
)
def test_anything_else_with_a_dollar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no reference: write"):
        parse_template(text)
