"""Comments cite facts about AWS by code, which docs/aws-facts.md defines."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[1]
FACTS = Path("docs/aws-facts.md")

MARKS = {"read", "observed", "seen on AWS", "derived", "recalled", "unverified", "background"}
_CODE = re.compile(r"\b(?!UTF|CRC)[A-Z]{2,4}-\d\d\b")
_ENTRY = re.compile(r'^- <a id="(?P<anchor>.+)"></a>\*\*(?P<code>.+)\*\* \((?P<marks>.+?)\): \S', re.MULTILINE)


class Entry(NamedTuple):
    code: str
    anchor: str
    marks: list[str]


def entries() -> list[Entry]:
    matches = _ENTRY.finditer((PROJECT / FACTS).read_text())
    return [Entry(match["code"], match["anchor"], match["marks"].split(", ")) for match in matches]


@cache
def sources() -> dict[Path, str]:
    """Return the text of each file that git knows or would add, but for the facts themselves and this test."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    texts = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = PROJECT / name
        if path.is_file() and path != Path(__file__) and Path(name) != FACTS:
            try:
                texts[Path(name)] = path.read_text()
            except UnicodeDecodeError:
                continue  # a recorded zip
    return texts


def _listed(advice: str, found: Iterable[str]) -> str:
    return "\n  ".join([f"{advice}:", *sorted(found)])


def test_every_cited_fact_is_defined() -> None:
    defined = {entry.code for entry in entries()}
    cited = {
        f"{path}: {code}"
        for path, text in [*sources().items(), (FACTS, (PROJECT / FACTS).read_text())]
        for code in _CODE.findall(text)
        if code not in defined
    }

    assert not cited, _listed(f"{FACTS} has no entry for these", cited)


def test_a_fact_is_defined_once_in_one_form() -> None:
    found = entries()
    lines = [line for line in (PROJECT / FACTS).read_text().splitlines() if line.startswith("- ")]

    assert len(lines) == len(found), "an entry has another form"
    assert [code for code, count in Counter(entry.code for entry in found).items() if count > 1] == []
    assert [entry for entry in found if entry.anchor != entry.code.lower() or not _CODE.fullmatch(entry.code)] == []
    assert [entry for entry in found if not set(entry.marks) <= MARKS] == []


def test_a_fact_that_nothing_cites_is_marked_as_background_and_no_other_is() -> None:
    cited = {code for text in sources().values() for code in _CODE.findall(text)}
    uncited = {entry.code for entry in entries() if entry.code not in cited}
    background = {entry.code for entry in entries() if "background" in entry.marks}

    unmarked, marked = uncited - background, background - uncited
    assert not unmarked, _listed("these are not cited; mark them as background, or remove them", unmarked)
    assert not marked, _listed("these are cited; take the mark `background` off them", marked)
