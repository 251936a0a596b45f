"""The alarms' runbooks, compared with the alarms."""

import re
from pathlib import Path

from .deployed_alarms import Definition

ROOT = Path(__file__).parents[2]


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm(definitions: dict[str, Definition]) -> None:
    named = {
        key
        for key, definition in definitions.items()
        if f"Runbook: docs/runbooks/{key}.md" in definition["AlarmDescription"]
    }
    runbooks = {file.stem for file in (ROOT / "docs/runbooks").glob("*.md")}

    assert len(runbooks) >= 35
    assert named == runbooks


def test_runbooks_link_to_runbooks_that_exist() -> None:
    for runbook in (ROOT / "docs/runbooks").glob("*.md"):
        for link in re.findall(r"\]\(([^)]+)\)", runbook.read_text()):
            assert (runbook.parent / link).is_file(), f"{runbook.name} links to {link}"
