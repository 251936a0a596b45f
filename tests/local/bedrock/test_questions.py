"""Second questions, asked of the documents that `make demo` answers from."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from selador_local.bedrock.library import read_library
from selador_local.bedrock.questions import NO_TOPIC, Found, Question, find, read_question
from selador_local.bedrock.retrieval import open_index

DOCUMENTS = Path(__file__).parents[3] / "local" / "documents"
PETS = "Which flats near the harbour allow pets?"


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    with closing(open_index(read_library(DOCUMENTS))) as connection:
        yield connection


def asked(index: sqlite3.Connection, *questions: str) -> Found:
    """Ask one after another in a session; return what the last one found."""
    topic = NO_TOPIC
    for question in questions:
        found = find(index, read_question(question), topic, limit=5)
        topic = found.topic
    return found


def titles(found: Found) -> set[str]:
    return {passage.title for passage in found.passages}


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (
            "How much is the deposit for the villa?",
            Question(("deposit", "villa"), ("deposit", "villa"), ("deposit",), "for the villa"),
        ),
        (
            "How long is the notice period? (r-1)",
            Question(("long", "notice", "period", "r", "1"), ("notice", "period"), ("notice", "period")),
        ),
        (
            "How much is the villa?",
            Question(("villa",), ("villa",), ("villa",), measures=("rent", "price", "costs")),
        ),
        ("And the deposit?", Question(("deposit",), ("deposit",), ("deposit",), is_follow_up=True, is_part=True)),
        ("What about dogs?", Question(("dogs",), ("dogs",), ("dogs",), is_follow_up=True, is_part=True)),
        ("Is there a lift?", Question(("lift",), ("lift",), ("lift",))),
        ("Does it have a lift?", Question(("lift",), ("lift",), ("lift",), points="of it")),
        ("Does the loft have a lift?", Question(("loft", "lift"), ("lift", "loft"), ("lift",), "of the loft")),
        (
            "Is smoking allowed here?",
            Question(("smoking", "allowed", "here"), ("smoking", "here"), ("smoking",), "here"),
        ),
        ("Is it cheap?", Question(("cheap",), ("cheap",), points="of it")),
        ("Is it true that dogs are allowed?", Question(("dogs", "allowed"), ("dogs", "allowed"))),
        ("If a tap drips, who mends it?", Question(("tap", "drips", "mends"), ("tap", "drips", "mends"))),
        ("How big are they?", Question(("big",), measures=("m²",), points="of them")),
        ("How much is it?", Question((), measures=("rent", "price", "costs"), points="of it")),
        ("Who pays for repairs?", Question(("pays", "repairs"), ("pays", "repairs"))),
        ("Andorra?", Question(("andorra",), ("andorra",))),
        ("", Question(())),
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


@pytest.mark.parametrize(
    ("first", "second", "answer"),
    [
        ("Tell me about the studio", "How much is it?", "The rent is €690 a month"),
        ("Tell me about the studio", "How big is it?", "A ground-floor studio of 34 m²"),
        ("Is there a lift in Northgate Road 112?", "And a balcony?", "living room with balcony"),
        ("How much is the rent of the loft?", "What about the attic?", "The rent is €1,165 a month"),
        ("Is there a tram in Millfield?", "How often does it run?", "Tram 2 runs every eight minutes"),
        ("Does the villa have a garden?", "Does it have a cellar?", "a cellar with its own entrance"),
    ],
)
def test_what_points_back_is_answered_from_the_documents_that_answered_before(
    index: sqlite3.Connection, first: str, second: str, answer: str
) -> None:
    found = asked(index, first, second)

    assert any(answer in passage.text for passage in found.passages[:2])
    assert found.not_said_of == ""


@pytest.mark.parametrize(
    ("first", "second", "not_said_of"),
    [
        ("When is Weaver's Row 17 available?", "Can I view it on Saturday?", "of it"),
        ("What is quiet about the Old Town?", "Where can I park there?", "there"),
        ("May I sublet my flat?", "What does it cost?", "of it"),
    ],
)
def test_what_those_documents_do_not_say_is_said_before_others_are_quoted(
    index: sqlite3.Connection, first: str, second: str, not_said_of: str
) -> None:
    assert asked(index, first, second).not_said_of == not_said_of


def test_a_whole_question_behind_an_and_is_answered_by_its_own_words(index: sqlite3.Connection) -> None:
    alone, behind = (
        asked(index, "How long is the notice period?"),
        asked(index, PETS, "And how long is the notice period?"),
    )

    assert behind.passages == alone.passages


def test_what_was_answered_in_general_is_no_topic_to_go_on_from(index: sqlite3.Connection) -> None:
    found = asked(index, "When is Weaver's Row 17 available?", "Can I view it on Saturday?", "And its energy rating?")

    assert titles(found) == {"Weaver's Row 17, terraced house, Millfield: five rooms to let"}


@pytest.mark.parametrize(
    ("question", "not_said_of"),
    [
        ("Where is the nearest school?", "of the nearest school"),
        ("Which house has the largest garden?", "of the largest garden"),
        ("Do you have a flat with a swimming pool?", "with a swimming pool"),
        ("Is there a lift in Northgate Road 112?", "in Northgate Road 112"),
    ],
)
def test_what_is_said_in_general_alone_comes_with_a_remark(
    index: sqlite3.Connection, question: str, not_said_of: str
) -> None:
    found = asked(index, question)

    assert found.passages
    assert found.not_said_of == not_said_of


def test_how_much_something_is_asks_for_its_price(index: sqlite3.Connection) -> None:
    assert "€1,180,000" in asked(index, "How much is the villa?").passages[0].text


def test_a_question_without_words_of_its_own_is_joined_too(index: sqlite3.Connection) -> None:
    found = asked(index, "Tell me about Weaver's Row 17", "And the deposit?", "How much is it?")

    assert "The deposit is €5,520." in found.passages[0].text


@pytest.mark.parametrize(
    "second", ["What is the meaning of life?", "What is the weather in the Old Town?", "Is smoking allowed?", "xyzzy"]
)
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
