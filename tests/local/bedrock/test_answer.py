from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from selador_local.bedrock.answer import Event, stream_answer
from selador_local.bedrock.library import read_library
from selador_local.bedrock.retrieval import Passage, content_words, open_index, search

DOCUMENTS = Path(__file__).parents[3] / "local" / "documents"


def ask(question: str) -> list[Event]:
    with closing(open_index(read_library(DOCUMENTS))) as index:
        return list(stream_answer(search(index, content_words(question), limit=5)))


def text_of(events: list[Event]) -> str:
    return "".join(members["text"] for kind, members in events if kind == "output")


def citations_of(events: list[Event]) -> list[dict[str, Any]]:
    return [members for kind, members in events if kind == "citation"]


def passage(text: str, *, title: str = "Guide", score: float = 1.0, matching: str = "") -> Passage:
    start = text.find(matching) if matching else -1
    matches = ((start, start + len(matching)),) if start >= 0 else ()
    return Passage("guide.md", title, "", text, score, matches)


def test_the_answer_quotes_the_documents() -> None:
    text = text_of(ask("Which flats near the harbour allow pets?"))

    assert "Pier Street 14, flat 3B, Harbour Quarter: Pets are allowed: cats, and dogs up to 15 kg" in text
    assert "Ropewalk 22" in text


def test_every_paragraph_but_the_opening_has_a_citation_after_its_text() -> None:
    events = ask("How long is the notice period?")

    text = ""
    for kind, members in events:
        if kind == "output":
            text += members["text"]
        else:
            assert text.endswith(members["generatedResponsePart"]["textResponsePart"]["text"])
    assert len(citations_of(events)) == text.count("\n\n") > 0


def test_spans_are_of_the_whole_answer_and_include_their_last_character() -> None:
    events = ask("How long is the notice period?")

    text = text_of(events)
    for citation in citations_of(events):
        part = citation["generatedResponsePart"]["textResponsePart"]
        assert text[part["span"]["start"] : part["span"]["end"] + 1] == part["text"]


def test_a_citation_names_its_passage_as_an_object_in_s3() -> None:
    citation = citations_of(ask("How long is the notice period?"))[0]

    [reference] = citation["retrievedReferences"]
    assert reference["location"] == {
        "type": "S3",
        "s3Location": {"uri": "s3://selador-documents/tenancy/notice-periods.md"},
    }
    assert reference["content"]["type"] == "TEXT"
    assert "three months to the end of a month" in reference["content"]["text"]


def test_text_comes_word_by_word() -> None:
    chunks = [members["text"] for kind, members in ask("How long is the notice period?") if kind == "output"]

    assert all(len(chunk.split()) <= 1 for chunk in chunks)


def test_the_same_question_gets_the_same_events() -> None:
    assert ask("Who pays for repairs?") == ask("Who pays for repairs?")


@pytest.mark.parametrize("question", ["Who won the football world cup?", "What is it?"])
def test_where_nothing_was_found_the_answer_says_so_and_cites_nothing(question: str) -> None:
    events = ask(question)

    assert text_of(events) == "The documents do not say anything about this."
    assert citations_of(events) == []


def test_sentences_without_a_word_of_the_question_are_left_out() -> None:
    events = list(stream_answer([passage("Trams run daily. Cats are welcome. Parking is dear.", matching="Cats")]))

    assert text_of(events).endswith("Guide: Cats are welcome.")


def test_a_passage_far_below_the_best_is_left_out() -> None:
    best, poor = passage("Cats.", score=9.0, matching="Cats"), passage("Cats, too.", score=3.0, matching="Cats")

    assert len(citations_of(list(stream_answer([best, poor])))) == 1


def test_a_passage_that_matches_by_its_title_alone_gives_way_to_one_that_matches_itself() -> None:
    by_title = passage("Trams run daily.", title="Cats", score=2.0)
    by_text = passage("Cats are welcome.", score=1.9, matching="Cats")

    assert "Trams" not in text_of(list(stream_answer([by_title, by_text])))
    assert "Trams" in text_of(list(stream_answer([by_title])))
