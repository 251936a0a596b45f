"""What Terraform warns of, or fails with, as `-json` writes it: one object a line. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FAILED_CHECK = "Check block assertion failed"
"""Its detail is the check's own sentence. A plan's JSON form has it as well."""
_PLACE_OF_DECLARATION = re.compile(r" declared at \S+:[\d,-]+(?=:)")
_PLACE_OF_RULE = "This was checked by the validation rule at"
_STABLE_VERSION = "data.aws_lambda_function.stable[0]"
_NO_STABLE_VERSION = (
    "main_function.canary.stable_version names a version that the function doesn't have; "
    "aws lambda list-versions-by-function lists them"
)


@dataclass(frozen=True)
class Diagnostic:
    """A warning or an error. `file` is as Terraform names it; both are empty if it is about no line."""

    severity: str
    summary: str
    detail: str
    file: str
    line: int

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file else ""
        return f"{place}{self.summary}{f': {self.detail}' if self.detail else ''}"


def read_diagnostics(written: str) -> list[Diagnostic]:
    """Return the diagnostics among the lines, each once. Other lines, such as a wrapper's own, are none."""
    return list(dict.fromkeys(_read(written)))


def _read(written: str) -> Iterator[Diagnostic]:
    for line in written.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("type") == "diagnostic":
            yield _diagnostic(entry["diagnostic"])


def _diagnostic(value: Mapping[str, Any]) -> Diagnostic:
    place = value.get("range") or {}
    # Where the variable and its rule stand is of no use to whoever set the value: the sentence is.
    paragraphs = [part for part in value.get("detail", "").split("\n\n") if not part.startswith(_PLACE_OF_RULE)]
    detail = _PLACE_OF_DECLARATION.sub("", " ".join(" ".join(paragraphs).split()))
    summary = value["summary"]
    if value.get("address") == _STABLE_VERSION and summary.endswith("couldn't find resource"):
        detail = _NO_STABLE_VERSION  # the provider names the function alone, as if that were missing
    return Diagnostic(
        value["severity"],
        summary,
        detail,
        place.get("filename", ""),
        place.get("start", {}).get("line", 0),
    )
