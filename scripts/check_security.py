"""Run checkov over terraform/. Each finding has to be fixed, or skipped at its resource with a reason.

checkov does not report a skip that no longer skips anything. So this program runs it on a copy without skips. There
each finding must meet a skip of the original, inside the lines of its resource, and each skip must meet a finding.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SKIP = re.compile(r"#\s*checkov:skip=(\w+)(?::(.*))?$", re.MULTILINE)
_SKIPPED_FOLDERS = ("tests", ".terraform", "environments")


@dataclass(frozen=True)
class Skip:
    """A comment `checkov:skip=<check>:<reason>`."""

    file: str
    line: int
    check: str
    reason: str


@dataclass(frozen=True)
class Finding:
    """A failed check, with its resource and the resource's lines."""

    file: str
    first_line: int
    last_line: int
    check: str
    resource: str
    title: str

    def meets(self, skip: Skip) -> bool:
        """Return whether the skip is about this finding."""
        return skip.check == self.check and skip.file == self.file and self.first_line <= skip.line <= self.last_line


def skips_in(file: str, text: str) -> list[Skip]:
    """Return the skips in a file's text."""
    return [
        Skip(file, text.count("\n", 0, found.start()) + 1, found[1], (found[2] or "").strip())
        for found in _SKIP.finditer(text)
    ]


def without_skips(text: str) -> str:
    """Return the text with the skips taken out and every line in its place."""
    return _SKIP.sub("#", text)


def findings_in(report: Any) -> list[Finding]:
    """Return the failed checks of checkov's JSON report."""
    reports = report if isinstance(report, list) else [report]
    return [
        Finding(
            failed["file_path"].lstrip("/"),
            failed["file_line_range"][0],
            failed["file_line_range"][1],
            failed["check_id"],
            failed["resource"],
            failed["check_name"],
        )
        for one in reports
        for failed in one.get("results", {}).get("failed_checks", [])
    ]


def faults(findings: Iterable[Finding], skips: Sequence[Skip]) -> list[str]:
    """Return a line for each finding without a skip, and for each skip without a finding or a reason."""
    found = list(findings)
    told = [
        f"{finding.file}:{finding.first_line}: {finding.resource}: {finding.check}: {finding.title}"
        for finding in found
        if not any(finding.meets(skip) for skip in skips)
    ]
    told += [
        f"{skip.file}:{skip.line}: the skip of {skip.check} skips nothing any more; take it out"
        for skip in skips
        if not any(finding.meets(skip) for finding in found)
    ]
    return told + [
        f"{skip.file}:{skip.line}: {skip.check} is skipped without a reason; write one after the colon"
        for skip in skips
        if not skip.reason
    ]


def scan(checkov: Path, folder: Path) -> tuple[list[Finding], list[Skip], int]:
    """Run checkov on a copy of `folder` without skips; return the findings, the skips, and how many checks passed."""
    skips: list[Skip] = []
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*_SKIPPED_FOLDERS))
        for file in sorted(Path(copy).rglob("*.tf")):
            text = file.read_text(encoding="utf-8")
            skips += skips_in(str(file.relative_to(copy)), text)
            file.write_text(without_skips(text), encoding="utf-8")
        done = subprocess.run(
            [
                str(checkov),
                *("--directory", copy, "--framework", "terraform", "--output", "json", "--compact", "--quiet"),
                *("--skip-download", "--download-external-modules", "false"),
            ],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LOG_LEVEL": "ERROR"},
        )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(
            f"checkov: it ended with status {done.returncode} and no report; read its last words: {done.stderr[-500:]}"
        ) from None
    return findings_in(report), skips, report["summary"]["passed"]


def main(arguments: Sequence[str], root: Path) -> int:
    """Scan, and print each fault; return the exit status."""
    parser = argparse.ArgumentParser(prog="check_security.py", description=__doc__)
    parser.add_argument("checkov", type=Path, help="checkov's executable")
    options = parser.parse_args(arguments)
    findings, skips, passed = scan(options.checkov, root / "terraform")
    told = faults(findings, skips)
    for fault in told:
        print(fault)
    print(
        f"checkov: {passed} checks passed, {len(findings)} findings skipped by {len(skips)} reasons, {len(told)} faults"
    )
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent.parent))
