"""The alarms' runbooks, compared with the alarms."""

import re
from pathlib import Path

from selador_deploy import hcl

ROOT = Path(__file__).parents[2]


def alarms() -> set[str]:
    """Return the keys of the table of alarms."""
    document = hcl.read((ROOT / "terraform/modules/alarms/alarms.tf").read_text())
    return set(hcl.local_values(document)["alarms"])


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm() -> None:
    runbooks = {file.stem for file in (ROOT / "docs/runbooks").glob("*.md")}

    assert len(runbooks) >= 9
    assert alarms() == runbooks


def test_runbooks_link_to_runbooks_that_exist() -> None:
    for runbook in (ROOT / "docs/runbooks").glob("*.md"):
        for link in re.findall(r"\]\(([^)]+)\)", runbook.read_text()):
            assert (runbook.parent / link).is_file(), f"{runbook.name} links to {link}"
