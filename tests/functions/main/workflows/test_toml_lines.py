"""Where the keys of a workflow's file stand, so that a fault can name its line."""

import pytest

from selador_main.workflows.toml_lines import TomlLines

FILE = TomlLines(
    '''description = "A workflow"

[inputs.question]  # what is asked
description = "The question"

[[steps]]
name = "passages"
prompt = """
name = "not a key"
"""

[[steps]]
name = 'answer'
system = \'\'\'one line\'\'\'
prompt = "Answer."
'''
)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("description",), 1),
        (("inputs", "question"), 3),
        (("inputs", "question", "description"), 4),
        (("steps", 0, "name"), 7),
        (("steps", 0, "prompt"), 8),
        (("steps", 1), 12),
        (("steps", 1, "prompt"), 15),
    ],
)
def test_a_key_is_on_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert FILE.line(*path) == line


@pytest.mark.parametrize(
    ("path", "line"), [(("steps", 1, "model"), 12), (("steps", 7, "name"), 1), (("outputs",), 1), ((), 1)]
)
def test_a_key_that_is_missing_has_the_line_of_what_is_around_it(path: tuple[str | int, ...], line: int) -> None:
    assert FILE.line(*path) == line
