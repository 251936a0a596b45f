"""The model that is none: what it quotes, and the events of its answer."""

import pytest

from selador_local.bedrock.model import answer, converse

PROMPT = """Answer from these passages.

[1] Pets are allowed in flat 3B. The rent is due on the first.

[2] The deposit is two months' rent.

Which flats allow pets?"""


def test_of_each_passage_the_sentence_nearest_to_the_question_is_quoted_with_its_number() -> None:
    said = answer(PROMPT)

    assert said.startswith("Pets are allowed in flat 3B. [1]")
    assert "The rent is due" not in said
    assert said.endswith("[2]")


def test_a_prompt_without_passages_is_echoed() -> None:
    assert answer("Say hello to the new tenants.") == "Say hello to the new tenants."


def test_an_answer_is_streamed_as_converse_streams_one() -> None:
    events = list(converse("Say hello.", 100, "flex"))

    assert [kind for kind, _ in events] == [
        "messageStart",
        "contentBlockDelta",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "metadata",
    ]
    assert "".join(members["delta"]["text"] for kind, members in events if kind == "contentBlockDelta") == "Say hello."
    assert events[-1][1]["usage"] == {"inputTokens": 2, "outputTokens": 2, "totalTokens": 4}
    assert events[-1][1]["serviceTier"] == {"type": "flex"}


@pytest.mark.parametrize(("max_tokens", "stop_reason"), [(2, "end_turn"), (1, "max_tokens")])
def test_an_answer_that_is_cut_off_says_so(max_tokens: int, stop_reason: str) -> None:
    events = dict(converse("Say hello.", max_tokens, "default"))

    assert events["messageStop"] == {"stopReason": stop_reason}
    assert events["metadata"]["usage"]["outputTokens"] == max_tokens
