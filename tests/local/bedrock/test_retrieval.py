import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from selador_local.bedrock import retrieval
from selador_local.bedrock.library import read_library
from selador_local.bedrock.retrieval import MOST_WORDS, Passage, SearchTimeoutError, content_words, open_index, search

DOCUMENTS = Path(__file__).parents[3] / "local" / "documents"


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    with closing(open_index(read_library(DOCUMENTS))) as connection:
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


def test_a_search_that_takes_too_long_ends(index: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "_STEPS_BETWEEN_LOOKS", 1)  # a search that was made before takes fewer steps

    with pytest.raises(SearchTimeoutError, match="the search took more than 0 s"):
        search(index, content_words("Which flats near the harbour allow pets?" * 5), limit=5, seconds=0)

    assert find(index, "deposit"), "the next search has its own time"


def test_of_very_many_words_the_first_count(index: sqlite3.Connection) -> None:
    words = [*(f"nothing{number}" for number in range(MOST_WORDS - 1)), "pets", "allowed"]

    # Two words of a long question are needed, and one of the two comes too late.
    assert search(index, words, limit=5) == []
    assert search(index, words[1:], limit=5) != []
