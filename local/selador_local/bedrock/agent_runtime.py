"""An AgentCore runtime's answer from the documents, in the form that the main function's agent reads."""

from collections.abc import Iterator, Sequence

from selador_local.bedrock.answer import Event, stream_answer
from selador_local.bedrock.retrieval import Passage


def stream_runtime_answer(passages: Sequence[Passage], not_said_of: str = "") -> Iterator[Event]:
    """Yield the answer that a knowledge base would give, as an agent's text, citations and end."""
    words = 0
    for event_type, members in stream_answer(passages, not_said_of):
        if event_type == "output":
            words += 1
            yield "text", members
        else:
            part = members["generatedResponsePart"]["textResponsePart"]
            for reference in members["retrievedReferences"]:
                source = reference["location"]["s3Location"]["uri"]
                yield "citation", {"text": reference["content"]["text"], "source": source, "span": part["span"]}
    yield "completed", {"stopReason": "end_turn", "usage": {"inputTokens": 0, "outputTokens": words}}
