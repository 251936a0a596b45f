"""What docs/cost.md says that a month costs is what `make cost` prints."""

import shutil
from pathlib import Path

import generate_cost_table
import pytest

ROOT = Path(__file__).parents[2]


def test_the_document_has_what_the_command_prints() -> None:
    document = (ROOT / generate_cost_table.DOCUMENT).read_text()

    assert generate_cost_table.renewed(document, generate_cost_table.printed(ROOT)) == document, "run make tables"


def test_an_output_that_is_up_to_date_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "benchmarks").mkdir()
    shutil.copy(ROOT / "benchmarks" / "log_bytes.json", tmp_path / "benchmarks")
    document = tmp_path / generate_cost_table.DOCUMENT
    document.write_text(f"before\n{generate_cost_table.MARKERS.begin}\n{generate_cost_table.MARKERS.end}\nafter\n")

    for _ in range(2):
        generate_cost_table.main([], tmp_path)

    assert capsys.readouterr().out == "wrote docs/cost.md\n"
    assert document.read_text().startswith(f"before\n{generate_cost_table.MARKERS.begin}\n```\nUSD a month")
    assert document.read_text().endswith(f"```\n{generate_cost_table.MARKERS.end}\nafter\n")
