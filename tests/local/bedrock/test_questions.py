"""Second questions, asked of the documents that `make demo` answers from."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from selador_local.bedrock.library import read_library
from selador_local.bedrock.questions import Found, Question, find, read_question
from selador_local.bedrock.retrieval import open_index

DOCUMENTS = Path(__file__).parents[3] / "local" / "documents"
PETS = "Which flats near the harbour allow pets?"


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    with closing(open_index(read_library(DOCUMENTS))) as connection:
        yield connection


def asked(index: sqlite3.Connection, *questions: str) -> Found:
    """Ask one after another in a session; return what the last one found."""
    found = Found((), ())
    for question in questions:
        found = find(index, read_question(question), found.words, limit=5)
    return found


def titles(found: Found) -> set[str]:
    return {passage.title for passage in found.passages}


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (
            "How much is the deposit for the villa?",
            Question(("deposit", "villa"), ("deposit",), "for the villa", ("villa",)),
        ),
        (
            "How long is the notice period? (r-1)",
            Question(("long", "notice", "period", "r", "1"), ("notice", "period")),
        ),
        ("And the deposit?", Question(("deposit",), ("deposit",), is_follow_up=True)),
        ("What about dogs?", Question(("dogs",), ("dogs",), is_follow_up=True)),
        ("Is it cheap?", Question(("cheap",), points_back=True)),
        ("How much is it?", Question((), points_back=True)),
        ("Who pays for repairs?", Question(("pays", "repairs"))),
        ("Andorra?", Question(("andorra",))),
        ("", Question((), points_back=True)),
    ],
)
def test_a_question_is_read_as_far_as_its_form_is_known(text: str, question: Question) -> None:
    assert read_question(text) == question


def test_a_question_of_its_own_is_not_answered_with_what_was_asked_before(index: sqlite3.Connection) -> None:
    found = asked(index, PETS, "How much is the deposit for the villa?")

    assert titles(found) == {"The deposit: how much, when and how it is returned"}
    assert found.not_said_of == "for the villa"


def test_what_the_documents_say_of_a_thing_in_particular_comes_without_a_remark(index: sqlite3.Connection) -> None:
    found = asked(index, PETS, "How much is the deposit for Weaver's Row 17?")

    assert any("€5,520" in passage.text for passage in found.passages)
    assert found.not_said_of == ""


@pytest.mark.parametrize("second", ["And the deposit?", "What about the deposit?", "So how much is the deposit?"])
def test_a_follow_up_is_joined_with_the_question_before(index: sqlite3.Connection, second: str) -> None:
    found = asked(index, "Tell me about Weaver's Row 17", second)

    assert "The deposit is €5,520." in found.passages[0].text


def test_a_question_without_words_of_its_own_is_joined_too(index: sqlite3.Connection) -> None:
    found = asked(index, "Tell me about Weaver's Row 17", "And the deposit?", "How much is it?")

    assert "The deposit is €5,520." in found.passages[0].text


@pytest.mark.parametrize("second", ["What is the meaning of life?", "What is the weather in the Old Town?", "xyzzy"])
def test_what_the_documents_do_not_say_is_not_answered_with_something_else(
    index: sqlite3.Connection, second: str
) -> None:
    assert asked(index, PETS, second).passages == []


def test_a_follow_up_on_something_else_stands_alone(index: sqlite3.Connection) -> None:
    found = asked(index, "xyzzy", "And the energy rating of the villa?")

    assert any("The energy rating is D." in passage.text for passage in found.passages)


def test_a_long_question_is_no_burden(index: sqlite3.Connection) -> None:
    words = " ".join(f"word{number}" for number in range(5_000))

    assert asked(index, f"What is {words}?").passages == []
