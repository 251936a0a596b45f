"""Compare the tests' coverage with its floors: `make test` calls this with the report that pytest wrote.

usage: check_coverage.py REPORT.json

Prints each folder's percentage of lines and branches. Exit status: 1 if one of them is below its floor in
scripts/coverage_floors.toml, or if a folder of the report has no floor.
"""

import argparse
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

FLOORS = Path(__file__).with_name("coverage_floors.toml")

type Percentages = dict[str, dict[str, float]]
"""By folder: the percentage of `lines` and of `branches` that ran."""


def percentages(report: Mapping[str, Any]) -> Percentages:
    """Return the coverage of each folder in the JSON report of coverage.py.

    A folder is the package's: `functions/main/selador_main/worker.py` counts for `functions/main`.
    """
    covered: dict[str, Counter[str]] = {}
    for file, measured in report["files"].items():
        package = next(index for index, part in enumerate(PurePosixPath(file).parts) if part.startswith("selador_"))
        folder = "/".join(PurePosixPath(file).parts[:package])
        covered.setdefault(folder, Counter()).update(measured["summary"])
    return {
        folder: {
            "lines": _percentage(sums["covered_lines"], sums["num_statements"]),
            "branches": _percentage(sums["covered_branches"], sums["num_branches"]),
        }
        for folder, sums in sorted(covered.items())
    }


def faults(found: Percentages, floors: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Yield a sentence for each figure below its floor, and for each folder that only one of the two knows."""
    for folder in sorted(found.keys() - floors.keys()):
        yield f"{folder} has no floor; add one to {FLOORS.name}"
    for folder in sorted(floors.keys() - found.keys()):
        yield f"{folder} has a floor in {FLOORS.name}, but no test ran it"
    for folder in sorted(floors.keys() & found.keys()):
        for kind, floor in floors[folder].items():
            if found[folder][kind] < floor:
                yield f"{folder}: {found[folder][kind]:.1f} % of the {kind} ran; the floor is {floor} %"


def _percentage(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0


def main(arguments: Sequence[str]) -> int:
    """Print the figures and what is wrong with them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, help="coverage.py's JSON report")
    options = parser.parse_args(arguments)
    found = percentages(json.loads(options.report.read_text(encoding="utf-8")))
    for folder, figures in found.items():
        print(f"coverage: {folder:28} lines {figures['lines']:5.1f} %   branches {figures['branches']:5.1f} %")
    wrong = list(faults(found, tomllib.loads(FLOORS.read_text(encoding="utf-8"))))
    for fault in wrong:
        print(f"coverage: {fault}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
