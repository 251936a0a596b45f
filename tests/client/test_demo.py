"""The demonstration's question, answer and line of figures."""

import asyncio
import io
import re

import pytest

from selador_client import demo

from .conftest import Script, Scripted


def asked(url: str) -> tuple[bool, str]:
    output = io.StringIO()
    answered = asyncio.run(demo.ask(url, "How long?", output, {}))
    return answered, output.getvalue()


def test_the_last_line_sums_the_answer_up(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.accept()
        script.send("started", attempt=1, seq=0)
        script.send("delta", attempt=1, seq=1, text="Three months.")
        script.send("citation", attempt=1, seq=2, text="passage", source="s3://b/k")
        script.send("completed", attempt=1, seq=3)
        script.wait_for_close()

    answered, output = asked(scripted(play))

    assert answered
    assert "› How long?" in output
    assert "Three months." in output
    last_line = output.splitlines()[-1]
    assert re.fullmatch(r"demo: completed in \d+\.\d s, first frame after \d+ ms, 5 frames, 1 citations", last_line)


def test_a_demonstration_that_is_cancelled_claims_nothing(scripted: Scripted) -> None:
    output = io.StringIO()

    async def cancel(url: str) -> None:
        asking = asyncio.create_task(demo.ask(url, "How long?", output, {}))
        while not received:
            await asyncio.sleep(0.01)
        asking.cancel()
        await asking

    received = []

    def play(script: Script) -> None:
        received.append(script.receive())
        script.wait_for_close()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel(scripted(play)))
    assert "demo: completed" not in output.getvalue()


@pytest.mark.parametrize("how", ["error", "closed"])
def test_without_a_completed_frame_it_says_why_and_fails(scripted: Scripted, how: str) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.accept()
        if how == "error":
            script.send("error", attempt=1, seq=0, code="internal", message="not now", retryable=False)
            script.wait_for_close()

    answered, output = asked(scripted(play))

    assert not answered
    assert "error:" in output
    assert "demo: completed" not in output
