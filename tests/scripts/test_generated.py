"""A generated part keeps to its place in a document."""

from pathlib import Path

import pytest
from generated import Markers, write

MARKERS = Markers("<!-- begin -->", "<!-- end -->")


def test_what_stands_around_the_part_stays() -> None:
    document = "before\n<!-- begin -->\nold\n<!-- end -->\nafter\n"

    assert MARKERS.renewed(document, "new") == "before\n<!-- begin -->\nnew\n<!-- end -->\nafter\n"


@pytest.mark.parametrize(
    "document",
    ["", "<!-- begin -->\n", "<!-- end -->\n", "<!-- begin -->\n<!-- end -->\n<!-- begin -->\n<!-- end -->\n"],
    ids=["no marker", "no end", "no beginning", "two of each"],
)
def test_a_document_without_one_of_each_marker_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match="it needs the lines <!-- begin --> and <!-- end -->, once each"):
        MARKERS.renewed(document, "new")


def test_only_what_differs_is_written_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "same.md").write_text("text\n")
    (tmp_path / "same.md").chmod(0o444)

    for name in ("same.md", "other.md"):
        write(tmp_path, Path(name), "text\n")

    assert (tmp_path / "other.md").read_text() == "text\n"
    assert capsys.readouterr().out == "wrote other.md\n"
