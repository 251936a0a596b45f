import json
from pathlib import Path

import check_coverage
import pytest


def summary(lines: int, of: int, branches: int = 0, of_branches: int = 0) -> dict[str, dict[str, int]]:
    return {
        "summary": {
            "covered_lines": lines,
            "num_statements": of,
            "covered_branches": branches,
            "num_branches": of_branches,
        }
    }


def test_files_count_for_the_folder_of_their_package() -> None:
    report = {
        "files": {
            "functions/main/selador_main/worker.py": summary(90, 100, 3, 4),
            "functions/main/selador_main/agents/agent.py": summary(60, 100, 4, 4),
            "local/selador_local/http.py": summary(1, 2),
        }
    }

    assert check_coverage.percentages(report) == {
        "functions/main": {"lines": 75.0, "branches": 87.5},
        "local": {"lines": 50.0, "branches": 100.0},
    }


def test_a_figure_below_its_floor_is_a_fault() -> None:
    found = {"local": {"lines": 89.9, "branches": 90.0}}

    assert list(check_coverage.faults(found, {"local": {"lines": 90, "branches": 90}})) == [
        "local: 89.9 % of the lines ran; the floor is 90 %"
    ]


@pytest.mark.parametrize(
    ("found", "floors", "fault"),
    [
        (["new"], [], "new has no floor; add one to coverage_floors.toml"),
        ([], ["gone"], "gone has a floor in coverage_floors.toml, but no test ran it"),
    ],
)
def test_a_folder_that_only_one_side_knows_is_a_fault(found: list[str], floors: list[str], fault: str) -> None:
    figures = {"lines": 100.0, "branches": 100.0}

    assert list(check_coverage.faults(dict.fromkeys(found, figures), dict.fromkeys(floors, figures))) == [fault]


def test_the_exit_status_is_1_below_a_floor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "floors.toml").write_text("[local]\nlines = 60\nbranches = 0\n")
    monkeypatch.setattr(check_coverage, "FLOORS", tmp_path / "floors.toml")
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"files": {"local/selador_local/http.py": summary(1, 2)}}))

    assert check_coverage.main([str(report)]) == 1
    printed = capsys.readouterr()
    assert "local" in printed.out
    assert "50.0 % of the lines ran" in printed.err
