from pathlib import Path

import pytest

DOCUMENTS = sorted((Path(__file__).parents[3] / "local" / "documents").rglob("*.md"))


def test_there_are_two_dozen_documents() -> None:
    assert len(DOCUMENTS) == 24


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_is_short_and_begins_with_its_title(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert text.startswith("# ")
    assert 120 <= len(text.split()) <= 300
