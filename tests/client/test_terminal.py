import io
from collections.abc import Mapping
from typing import Any

import pytest

from selador_client.errors import NoStackError
from selador_client.terminal import Terminal
from selador_shared.protocol import Citation, Completed, Delta, Error, Frame, Heartbeat, Retrying, Started, Step


class Output(io.StringIO):
    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def frame(kind: type[Any], seq: int = 0, attempt: int = 1, **members: Any) -> Any:
    return kind(request_id="r", attempt=attempt, seq=seq, **members)


def shown(*frames: Frame, terminal: bool = False, environment: Mapping[str, str] | None = None) -> str:
    output = Output(terminal=terminal)
    Terminal(output, environment or {}).show([*frames, frame(Completed)])
    return output.getvalue()


def test_an_answer_is_its_text_and_then_its_numbered_sources() -> None:
    text = shown(
        frame(Started),
        frame(Delta, text="Three "),
        frame(Delta, text="months."),
        frame(Citation, text="Notice by the tenant.", source="s3://documents/notice.md"),
        frame(Heartbeat),
        frame(Citation, text="Deposits.", source="s3://documents/deposit.md"),
    )

    assert text == (
        "Three months.\n"
        "\n"
        "[1] s3://documents/notice.md\n"
        "    Notice by the tenant.\n"
        "[2] s3://documents/deposit.md\n"
        "    Deposits.\n"
    )


def test_a_source_cited_twice_is_listed_once() -> None:
    first = frame(Citation, text="Notice.", source="s3://documents/notice.md")
    second = frame(Citation, text="Moving out.", source="s3://documents/notice.md")

    assert shown(first, second) == "\n\n[1] s3://documents/notice.md\n    Notice.\n"


def test_a_citation_without_an_address_shows_its_text() -> None:
    assert "[1] (no address)\n    Notice.\n" in shown(frame(Citation, text="Notice."))


def test_a_long_passage_is_cut_to_a_line() -> None:
    text = shown(frame(Citation, text="word\n" * 100, source="s3://documents/a.md"))

    assert text.endswith("word w…\n")
    assert max(map(len, text.splitlines())) <= 80


def test_a_second_attempt_is_announced_and_forgets_the_first_ones_sources() -> None:
    text = shown(
        frame(Delta, text="Thr"),
        frame(Citation, text="Old.", source="s3://documents/old.md"),
        frame(Retrying, delay_seconds=3, code="throttled"),
        frame(Started, attempt=2),
        frame(Delta, attempt=2, text="Three months."),
    )

    assert "(the attempt failed (throttled); another follows in 3 s)" in text
    assert "(attempt 2: the answer begins again)\nThree months." in text
    assert "old.md" not in text


def test_a_workflows_steps_are_shown() -> None:
    step = frame(Step, name="summarise", status="started", index=1, count=3)

    assert "(summarise started (2 of 3))" in shown(step)


def test_the_terminal_frame_is_returned() -> None:
    error = frame(Error, code="internal", message="failed", retryable=True)

    assert Terminal(Output(), {}).show([frame(Started), error]) is error


def test_frames_without_an_end_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="ended without a terminal one"):
        Terminal(Output(), {}).show([frame(Started)])


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (frame(Error, code="internal", message="failed\x1b[2J", retryable=True), "error: internal: failed[2J\n"),
        (NoStackError("no stack is running"), "error: no stack is running\n"),
    ],
)
def test_a_fault_is_one_line(fault: Any, line: str) -> None:
    output = Output()

    Terminal(output, {}).complain(fault)

    assert output.getvalue() == line


@pytest.mark.parametrize(
    ("terminal", "environment", "coloured"),
    [(True, {}, True), (True, {"NO_COLOR": ""}, True), (True, {"NO_COLOR": "1"}, False), (False, {}, False)],
)
def test_colour_is_for_terminals_where_no_color_is_not_set(
    terminal: bool, environment: dict[str, str], coloured: bool
) -> None:
    citation = frame(Citation, text="Notice.", source="s3://documents/notice.md")

    assert ("\x1b[" in shown(citation, terminal=terminal, environment=environment)) is coloured


def test_an_answer_can_not_command_the_terminal() -> None:
    assert shown(frame(Delta, text="a\x1b]0;title\x07b\r\x9b2J\n58 m²\t€")).startswith("a]0;titleb2J\n58 m²\t€")
