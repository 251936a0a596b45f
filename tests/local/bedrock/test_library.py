"""Documents become passages; what can't be read is named and stops nothing."""

import re
from pathlib import Path

import pytest

from selador_local.bedrock import library
from selador_local.bedrock.library import PASSAGE_CHARACTERS, DocumentsError, Row, read_library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good document."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "good.md").write_text("# Good\n\nThe tram runs daily.\n")
    return folder


def left_out(folder: Path) -> list[str]:
    """Return what is left out beside the good document, which is there."""
    found = read_library(folder)
    assert Row("good.md", "Good", "", "The tram runs daily.") in found.rows
    return list(found.left_out)


def test_a_passage_has_its_title_heading_and_the_lines_of_a_wrapped_paragraph(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text("# Guide\n\n## Transport\n\nThe tram\nruns daily.\n\n## Noise\n\nQuiet.\n")

    assert read_library(tmp_path).rows == [
        Row("guide.md", "Guide", "Transport", "The tram runs daily."),
        Row("guide.md", "Guide", "Noise", "Quiet."),
    ]


def test_list_items_keep_their_own_lines(tmp_path: Path) -> None:
    (tmp_path / "list.md").write_text("Costs:\n- rent, paid\n  monthly\n- power\n")

    [row] = read_library(tmp_path).rows
    assert row.text == "Costs:\n- rent, paid monthly\n- power"


def test_a_text_without_a_title_is_named_after_its_file(tmp_path: Path) -> None:
    (tmp_path / "house-rules.txt").write_text("No ball games.")

    assert read_library(tmp_path).rows[0].title == "house rules"


def test_a_file_of_20_mb_without_blank_lines_is_cut_between_words(folder: Path) -> None:
    line = "The tram runs daily from the harbour to the old town. " * 4 + "\n"
    (folder / "long.txt").write_text(line * (20 * 10**6 // len(line)))

    rows = [row for row in read_library(folder).rows if row.document == "long.txt"]

    assert len(rows) > 9_000
    assert max(len(row.text) for row in rows) <= PASSAGE_CHARACTERS
    assert {word for row in rows[:100] for word in row.text.split()} == set(line.split())


def test_a_word_without_end_is_cut_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "blob.txt").write_text("x" * 5000)

    assert "".join(row.text for row in read_library(tmp_path).rows) == "x" * 5000


def test_a_thousand_documents_are_read(folder: Path) -> None:
    for number in range(1000):
        (folder / f"{number}.txt").write_text(f"Document {number}.")

    found = read_library(folder)

    assert str(found) == "documents: 1,001, passages: 1,001"


def test_other_files_and_encodings_are_named(folder: Path) -> None:
    (folder / "listing.pdf").write_bytes(b"%PDF-1.7")
    (folder / "old.txt").write_bytes(b"caf\xe9")
    (folder / "wide.txt").write_text("a text", encoding="utf-16")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "note.md").write_text("hidden")

    assert left_out(folder) == [
        "listing.pdf (it is no .md or .txt file)",
        "old.txt (it is not UTF-8 (at byte 3); convert it)",
        "wide.txt (it is not UTF-8 (at byte 0); convert it)",
    ]


def test_links_out_of_the_folder_are_named_and_not_read(folder: Path) -> None:
    secret = folder.parent / "secret.txt"
    secret.write_text("a secret")
    (folder / "other").mkdir()
    (folder.parent / "elsewhere").mkdir()
    (folder / "a-link-inside.md").symlink_to(folder / "good.md")
    (folder / "outside.txt").symlink_to(secret)
    (folder / "to-a-folder").symlink_to(folder.parent / "elsewhere")
    (folder / "nowhere.txt").symlink_to(folder / "gone.txt")

    assert left_out(folder) == [
        "nowhere.txt (the link leads nowhere)",
        "outside.txt (the link leads out of the folder)",
        "to-a-folder (a link to a folder is not followed)",
    ]
    assert "a secret" not in repr(read_library(folder).rows)


def test_files_that_are_too_large_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "FILE_BYTES", 2_000_000)
    monkeypatch.setattr(library, "LIBRARY_BYTES", 3_000_000)
    for name, size in (("large.txt", 2_500_000), ("one.txt", 1_900_000), ("two.txt", 1_900_000)):
        (folder / name).write_text("x " * (size // 2))

    assert left_out(folder) == [
        "large.txt (it has 2.5 MB; the limit is 2 MB)",
        "two.txt (all files together may have 3 MB)",
    ]


def test_the_first_that_is_left_out_is_in_the_summary(folder: Path) -> None:
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        (folder / name).touch()

    assert str(read_library(folder)) == (
        "documents: 1, passages: 1; left out: a.pdf (it is no .md or .txt file) and 2 more"
    )


def test_a_folder_without_documents_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff")

    with pytest.raises(DocumentsError) as refused:
        read_library(tmp_path)

    assert str(refused.value) == (
        f"{tmp_path} has no text in any .md or .txt file; left out: photo.jpg (it is no .md or .txt file); "
        "name a folder with the documents to answer from"
    )


def test_a_folder_that_does_not_exist_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DocumentsError, match=re.escape(f"{tmp_path}/nowhere is not a folder")):
        read_library(tmp_path / "nowhere")
