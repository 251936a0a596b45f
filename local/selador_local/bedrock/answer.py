"""An answer quoted from the passages found: without a model, but real text with real citations."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from selador_local.bedrock.retrieval import Passage

BUCKET = "selador-documents"
"""The bucket in the citations' addresses; as with a real knowledge base, a source is an object in S3."""

Event = tuple[str, dict[str, Any]]
"""The name of a member of RetrieveAndGenerateStream's stream, and its value (BR-08)."""

_NOTHING_FOUND = "The documents do not say anything about this."
_INTRODUCTION = "The documents say:"
_PARAGRAPHS = 4
_SENTENCES = 2  # of each passage
_RELEVANT = 0.8  # of the best passage's score; passages below it answer another question
_SENTENCE = re.compile(r"\S.*?(?:[.!?][\"'”’)]*(?=\s+[^\Wa-z_]|\s*$)|$)", re.MULTILINE)


def relevant(passages: Sequence[Passage]) -> Sequence[Passage]:
    """Return those to quote: none far below the best, and none that match by title alone if others match by text."""
    near = [passage for passage in passages if passage.score >= _RELEVANT * passages[0].score]
    return ([passage for passage in near if passage.matches] or near)[:_PARAGRAPHS]


def stream_answer(passages: Sequence[Passage], not_said_of: str = "") -> Iterator[Event]:
    """Yield the answer drawn from `passages` (best first): its text word by word, each citation after its text.

    `not_said_of` is the part of the question that no passage answers. The same passages give the same answer. A
    citation's span counts characters of the whole answer and includes its last one (BR-11).
    """
    quoted = relevant(passages)
    opening = _opening(not_said_of) if quoted else _NOTHING_FOUND
    yield from _outputs(opening)
    position = len(opening)
    for passage in quoted:
        yield from _outputs("\n\n")
        start = position + len("\n\n")
        quote = _quote(passage)
        yield from _outputs(quote)
        position = start + len(quote)
        yield "citation", _citation(quote, start, passage)


def _opening(not_said_of: str) -> str:
    return f"The documents do not say this “{not_said_of}”. In general they say:" if not_said_of else _INTRODUCTION


def stream_agentic_answer(
    passages: Sequence[Passage], knowledge_base_id: str, not_said_of: str = ""
) -> Iterator[Event]:
    """Yield the same answer in the form of AgenticRetrieveStream: steps, words, then all at once with the citations."""
    yield from _step("Planning")
    yield from _step("Retrieval")
    words: list[str] = []
    citations: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for event_type, members in stream_answer(passages, not_said_of):
        if event_type == "output":
            words.append(members["text"])
            yield "responseEvent", members
        else:
            span = members["generatedResponsePart"]["textResponsePart"]["span"]
            references = [{"resultIndex": len(results)}]
            citations.append({"startIndex": span["start"], "endIndex": span["end"] + 1, "references": references})
            results += [_result(cited, knowledge_base_id) for cited in members["retrievedReferences"]]
    generated = {"answer": "".join(words), "citations": citations}
    yield "result", {"results": results, "generatedResponse": generated}


def _step(name: str) -> Iterator[Event]:
    for status in ("IN_PROGRESS", "SUCCEEDED"):
        attributes = {"step": name, "status": status, "message": f"{name}: {status}"}
        yield "traceEvent", {"id": f"{name}-{status}", "timestamp": 0, "attributes": attributes}


def _result(cited: dict[str, Any], knowledge_base_id: str) -> dict[str, Any]:
    return {
        "content": {"mimeType": "text/plain", "text": cited["content"]["text"]},
        "metadata": {"_source_uri": cited["location"]["s3Location"]["uri"]},
        "sourceRetriever": {"identifier": knowledge_base_id},
    }


def reference(passage: Passage) -> dict[str, Any]:
    """Return the passage as Bedrock describes one: content, location and metadata (BR-09)."""
    uri = f"s3://{BUCKET}/{passage.document}"
    return {
        "content": {"type": "TEXT", "text": passage.text},
        "location": {"type": "S3", "s3Location": {"uri": uri}},
        "metadata": {"x-amz-bedrock-kb-source-uri": uri},
    }


def _outputs(text: str) -> Iterator[Event]:
    for chunk in re.findall(r"\s*\S+|\s+", text):
        yield "output", {"text": chunk}


def _quote(passage: Passage) -> str:
    """Return the sentences with most of the words searched for, in their order, after the name of their subject."""
    sentences = list(_SENTENCE.finditer(passage.text))
    matching = [sentence for sentence in sentences if _matching_words(passage, *sentence.span())] or sentences[:1]
    best = sorted(matching, key=lambda sentence: -_matching_words(passage, *sentence.span()))[:_SENTENCES]
    subject = passage.title.partition(": ")[0]
    return f"{subject}: {' '.join(sentence[0] for sentence in matching if sentence in best)}"


def _matching_words(passage: Passage, start: int, end: int) -> int:
    return len({passage.text[a:b].lower() for a, b in passage.matches if start <= a < end})


def _citation(quote: str, start: int, passage: Passage) -> dict[str, Any]:
    span = {"start": start, "end": start + len(quote) - 1}
    return {
        "generatedResponsePart": {"textResponsePart": {"text": quote, "span": span}},
        "retrievedReferences": [reference(passage)],
    }
