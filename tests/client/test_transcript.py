from typing import Any

from selador_client.request import Request
from selador_client.transcript import as_markdown
from selador_shared.protocol import Citation, Completed, Delta, Error, Span


def received(*frames: Any) -> Request:
    request = Request({}, 0, lambda seconds: seconds)
    request.sent("r", 0)
    for frame in frames:
        request.receive(frame, 1)
    return request


def test_a_turn_is_its_question_its_marked_answer_and_its_sources() -> None:
    span = Span(start=0, end=12)
    answered = received(
        Delta(request_id="r", attempt=1, seq=0, text="Three months."),
        Citation(request_id="r", attempt=1, seq=1, text="p", source="s3://documents/notice.md", span=span),
        Completed(request_id="r", attempt=1, seq=2, truncated=True),
    )
    failed = received(Error(request_id="r", attempt=1, seq=0, code="internal", message="it broke", retryable=False))

    assert as_markdown([("How\nlong?", answered), ("And?", failed)]) == (
        "## How long?\n\nThree months. [1]\n\n"
        "(this isn't the whole answer: the model has reached its limit of tokens)\n\n"
        "1. s3://documents/notice.md\n\n"
        "## And?\n\n(error: it broke)\n"
    )


def test_a_saved_conversation_commands_no_terminal_that_shows_it() -> None:
    answered = received(
        Delta(request_id="r", attempt=1, seq=0, text="a\x1b]0;title\x07b"),
        Completed(request_id="r", attempt=1, seq=1, truncated=False),
    )

    assert "a]0;titleb" in as_markdown([("How?", answered)])
