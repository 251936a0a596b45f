"""An agent's answer, made of what a knowledge base's would be."""

from selador_local.bedrock.agent_runtime import stream_runtime_answer
from selador_local.bedrock.answer import stream_answer
from selador_local.bedrock.retrieval import Passage

PASSAGE = Passage("guide.md", "Guide", "", "The notice period is three months.", 1.0, ((4, 10),))


def test_the_text_is_that_of_a_knowledge_bases_answer() -> None:
    text = [members["text"] for kind, members in stream_runtime_answer([PASSAGE]) if kind == "text"]

    assert text == [members["text"] for kind, members in stream_answer([PASSAGE]) if kind == "output"]
    assert "three months" in "".join(text)


def test_a_citation_names_its_source_and_the_span_of_its_text() -> None:
    events = list(stream_runtime_answer([PASSAGE]))

    text = "".join(members["text"] for kind, members in events if kind == "text")
    (citation,) = (members for kind, members in events if kind == "citation")
    assert citation["source"] == "s3://selador-documents/guide.md"
    assert citation["text"] == PASSAGE.text
    assert text[citation["span"]["start"] : citation["span"]["end"] + 1] == f"Guide: {PASSAGE.text}"


def test_the_last_event_ends_the_answer_and_counts_its_words() -> None:
    *before, (kind, members) = stream_runtime_answer([])

    assert (kind, members["stopReason"]) == ("completed", "end_turn")
    assert members["usage"] == {"inputTokens": 0, "outputTokens": len(before)}
