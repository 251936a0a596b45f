import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from selador_local.bedrock.retrieval import DocumentsError, Passage, content_words, open_index, search

DOCUMENTS = Path(__file__).parents[3] / "local" / "documents"


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    with closing(open_index(DOCUMENTS)) as connection:
        yield connection


def find(index: sqlite3.Connection, question: str) -> list[Passage]:
    return search(index, content_words(question), limit=5)


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("Which flats near the harbour allow pets?", "listings/pier-street-14-flat-3b.md"),
        ("How long is the notice period?", "tenancy/notice-periods.md"),
        ("Who pays for repairs?", "tenancy/repairs.md"),
        ("How much is the deposit for Pier Street 14?", "listings/pier-street-14-flat-3b.md"),
        ("May I sublet my flat to tourists?", "tenancy/subletting.md"),
        ("What does it cost to rent in Northgate?", "listings/northgate-road-112-flat-7.md"),
    ],
)
def test_the_best_passage_is_from_the_document_that_answers(
    index: sqlite3.Connection, question: str, document: str
) -> None:
    assert find(index, question)[0].document == document


def test_passages_come_best_first_and_no_more_than_asked_for(index: sqlite3.Connection) -> None:
    passages = search(index, ["deposit"], limit=3)

    assert len(passages) == 3
    assert [passage.score for passage in passages] == sorted((passage.score for passage in passages), reverse=True)


def test_a_word_matches_in_any_inflection(index: sqlite3.Connection) -> None:
    found = search(index, ["allowing"], limit=1)[0]

    assert {found.text[start:end].lower() for start, end in found.matches} <= {"allow", "allows", "allowed"}
    assert found.matches


def test_one_shared_word_of_many_is_no_answer(index: sqlite3.Connection) -> None:
    assert find(index, "Which rocket lands near Jupiter in a flat orbit?") == []
    assert find(index, "flat") != []


def test_stop_words_are_not_looked_for() -> None:
    assert content_words("How long is the Notice period, and the notice?") == ["long", "notice", "period"]


def test_a_question_of_stop_words_alone_finds_nothing(index: sqlite3.Connection) -> None:
    assert find(index, "What is it?") == []


@pytest.mark.parametrize(
    "question",
    [
        'deposit"',
        "deposit NEAR(",
        "title:deposit*",
        "deposit OR",
        "^deposit -",
        "'; DROP deposit",
        "deposit\0",
    ],
)
def test_what_would_be_query_syntax_is_looked_for_as_words(index: sqlite3.Connection, question: str) -> None:
    assert find(index, question)[0].document == "tenancy/deposit.md"


def test_every_character_can_be_asked_for(index: sqlite3.Connection) -> None:
    every = "".join(chr(code) for code in range(1, 0x3000))

    words = content_words(re.sub(r"(.{40})", r"\1 ", every, flags=re.DOTALL))

    search(index, words, limit=1)
    assert len(words) > 100


def test_a_passage_has_its_title_heading_and_the_lines_of_a_wrapped_paragraph(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text("# Guide\n\n## Transport\n\nThe tram\nruns daily.\n\n## Noise\n\nQuiet.\n")

    with closing(open_index(tmp_path)) as index:
        [passage] = search(index, ["tram"], limit=5)

    assert (passage.title, passage.heading, passage.text) == ("Guide", "Transport", "The tram runs daily.")


def test_list_items_keep_their_own_lines(tmp_path: Path) -> None:
    (tmp_path / "list.md").write_text("Costs:\n- rent, paid\n  monthly\n- power\n")

    with closing(open_index(tmp_path)) as index:
        [passage] = search(index, ["rent"], limit=5)

    assert passage.text == "Costs:\n- rent, paid monthly\n- power"


def test_a_text_without_a_title_is_named_after_its_file(tmp_path: Path) -> None:
    (tmp_path / "house-rules.txt").write_text("No ball games.")

    with closing(open_index(tmp_path)) as index:
        [passage] = search(index, ["ball"], limit=1)

    assert passage.title == "house rules"


def test_a_folder_without_documents_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "note.md").write_text("hidden")

    with pytest.raises(DocumentsError, match=re.escape(f"{tmp_path} has no text in any .md or .txt file")):
        open_index(tmp_path)


def test_a_folder_that_does_not_exist_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DocumentsError, match="nowhere is not a folder"):
        open_index(tmp_path / "nowhere")


def test_a_document_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_bytes(b"caf\xe9")

    with pytest.raises(DocumentsError, match=r"old.txt is not UTF-8 \(at byte 3\)"):
        open_index(tmp_path)
