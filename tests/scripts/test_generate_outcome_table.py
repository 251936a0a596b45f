"""The outcome table in docs/architecture.md, compared with main's own and with the tests that it names."""

import re
from collections import Counter
from pathlib import Path

import generate_outcome_table
import pytest
from generate_outcome_table import ROWS, Told

from selador_main.outcomes import Ending

ROOT = Path(__file__).parents[2]
UNPROVOKED = {Ending.NOT_UNDERSTOOD, Ending.REFUSED}
"""The stack's agents answer in forms that main reads, and its handler is of main's own release."""


def test_the_document_has_the_table_as_the_code_has_it() -> None:
    document = (ROOT / generate_outcome_table.DOCUMENT).read_text()

    assert generate_outcome_table.renewed(document) == document, "run make tables"


def test_every_ending_has_one_row() -> None:
    rows = Counter(row.ending for row in ROWS if isinstance(row, Told))

    assert rows == Counter(list(Ending))


def test_every_row_names_tests_that_exist_end_to_end_if_the_stack_can_provoke_it() -> None:
    end_to_end = "\n".join(path.read_text() for path in (ROOT / "tests/end_to_end").glob("test_*.py"))
    unit = (ROOT / "tests/functions/main/test_outcomes.py").read_text()

    for row in ROWS:
        where = unit if isinstance(row, Told) and row.ending in UNPROVOKED else end_to_end
        assert row.tests, row
        for test in row.tests:
            assert re.search(rf"^def {test}\(", where, re.MULTILINE), test


def test_a_table_that_is_up_to_date_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / generate_outcome_table.DOCUMENT
    document.parent.mkdir()
    document.write_text(f"{generate_outcome_table.MARKERS.begin}\n{generate_outcome_table.MARKERS.end}\n")

    for _ in range(2):
        assert generate_outcome_table.main([], tmp_path) == 0

    assert capsys.readouterr().out == "wrote docs/architecture.md\n"
    assert "test_answered" in document.read_text()
