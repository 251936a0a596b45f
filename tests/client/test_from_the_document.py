"""The document is enough: a client written from it alone does the right thing for every rule that it states."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.client.from_the_document import Client, Request

from .conftest import Script, Scripted

DOCS = Path(__file__).parents[2] / "docs"
MESSAGE = Draft202012Validator(json.loads((DOCS / "schemas/message.json").read_text()))
FRAME = Draft202012Validator(json.loads((DOCS / "schemas/frame.json").read_text()))
GATEWAY = '{"message": "Too Many Requests", "connectionId":"c", "requestId":"g"}'


class Server:
    """Says what the test has it say; `seconds` is the time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.sent: list[dict[str, Any]] = []
        self.client = Client(lambda text: self.sent.append(json.loads(text)), lambda: self.seconds)

    def ask(self, request_id: str = "r", text: str = "How long?") -> Request:
        request = self.client.ask(text, request_id)
        MESSAGE.validate(self.sent[-1])
        return request

    def say(self, type_: str, attempt: int | None = None, seq: int | None = None, **members: Any) -> None:
        frame: dict[str, Any] = {"type": type_, "requestId": "r"}
        if attempt is not None:
            frame |= {"attempt": attempt, "seq": seq}
        self.client.receive(json.dumps(frame | members))

    def accept(self, request_id: str = "r") -> None:
        self.say("accepted", messageId="m", deadlineSeconds=1_000, requestId=request_id)

    def fail(self, code: str, attempt: int | None = None, seq: int | None = None, **members: Any) -> None:
        self.say("error", attempt, seq, code=code, **{"message": "m", "retryable": True, **members})

    def complete(self, attempt: int, seq: int, **members: Any) -> None:
        self.say("completed", attempt, seq, **{"truncated": False, **members})

    def wait(self, seconds: float) -> None:
        self.seconds += seconds
        self.client.pass_time()


@pytest.fixture
def server() -> Server:
    return Server()


# -- which frames count


def test_an_answer_is_its_deltas_in_their_order(server: Server) -> None:
    request = server.ask()
    server.accept()
    server.say("started", 1, 0)
    server.say("delta", 1, 1, text="Three ")
    server.say("delta", 1, 1, text="Three ")
    server.say("delta", 1, 2, text="months.")
    server.complete(1, 3, sessionId="s")

    assert (request.state, request.text, request.session_id) == ("completed", "Three months.", "s")


def test_accepted_may_come_at_any_time(server: Server) -> None:
    request = server.ask()
    server.say("started", 1, 0)
    server.accept()
    server.complete(1, 1)
    server.accept()

    assert request.state == "completed"


def test_accepted_after_an_error_does_not_open_the_request_again(server: Server) -> None:
    request = server.ask()
    server.fail("deadline_exceeded", 1, 0)
    server.accept()

    assert (request.state, request.code) == ("failed", "deadline_exceeded")


def test_a_higher_attempt_begins_anew_and_a_lower_one_is_ignored(server: Server) -> None:
    request = server.ask()
    server.say("started", 1, 0)
    server.say("delta", 1, 1, text="Thr")
    server.say("citation", 1, 2, text="old")
    server.say("started", 2, 0)
    server.say("delta", 1, 3, text="late")
    server.say("delta", 2, 1, text="Three months.")
    server.complete(1, 4)
    server.complete(2, 2)

    assert (request.state, request.text, request.citations) == ("completed", "Three months.", [])


def test_an_end_may_be_the_first_frame_of_its_attempt(server: Server) -> None:
    request = server.ask()
    server.say("started", 3, 0)
    server.fail("attempts_exhausted", 4, 0)

    assert (request.state, request.code, request.again) == ("failed", "attempts_exhausted", "in a few minutes")


def test_nothing_counts_after_completed(server: Server) -> None:
    request = server.ask()
    server.say("delta", 1, 0, text="Yes.")
    server.complete(1, 1)
    server.say("started", 2, 0)
    server.say("delta", 2, 1, text="No.")

    assert (request.state, request.text) == ("completed", "Yes.")


def test_after_an_error_only_a_higher_attempt_counts(server: Server) -> None:
    request = server.ask()
    server.fail("attempts_exhausted", 4, 0)
    server.say("delta", 4, 1, text="no")
    ended = (request.state, request.text)
    server.say("started", 3_606, 0)
    server.say("delta", 3_606, 1, text="Replayed.")
    server.complete(3_606, 2)

    assert ended == ("failed", "")
    assert (request.state, request.text, request.code) == ("completed", "Replayed.", None)


def test_a_gap_means_that_a_part_is_missing(server: Server) -> None:
    request = server.ask()
    server.say("started", 1, 0)
    server.say("delta", 1, 2, text="months.")

    assert (request.state, request.again, request.needs_new_id) == ("incomplete", "soon", True)


def test_a_stopped_answer_is_an_end_like_any_other(server: Server) -> None:
    request = server.ask()
    server.say("delta", 1, 0, text="Thr")
    server.complete(1, 1, stopReason="cancelled", truncated=True)

    assert (request.state, request.is_truncated) == ("completed", True)


def test_what_a_later_release_says_is_ignored_and_leaves_no_gap(server: Server) -> None:
    request = server.ask()
    server.say("weather", 1, 0, forecast="rain")
    server.say("heartbeat", 1, 1, waitingFor="spring")
    server.say("step", 1, 2, name="n", status="skipped", index=0, count=1)
    server.say("delta", 1, 3, text="Dry.", mood="fine")
    server.fail("moon_phase", 1, 4)

    assert (request.text, request.state, request.code) == ("Dry.", "failed", "internal")
    assert request.notices == []


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "null",
        "[]",
        "{}",
        '{"type": []}',
        '{"type": "delta", "requestId": "r", "attempt": 1, "seq": 1}',
        '{"type": "delta", "requestId": "r", "attempt": "1", "seq": 1, "text": "Dry."}',
    ],
)
def test_what_is_no_frame_is_a_fault_and_its_place_is_a_gap(server: Server, text: str) -> None:
    request = server.ask()
    server.say("started", 1, 0)
    server.client.receive(text)
    before = request.state
    server.say("delta", 1, 2, text="Dry.")

    assert server.client.faults == [text]
    assert (before, request.state, request.text) == ("open", "incomplete", "")


def test_requests_run_side_by_side(server: Server) -> None:
    first, second = server.ask("a"), server.ask("b")
    server.say("delta", 1, 0, text="A", requestId="a")
    server.say("delta", 1, 0, text="B", requestId="b")
    server.complete(1, 1, requestId="b")
    server.complete(1, 1, requestId="a")

    assert [(request.state, request.text) for request in (first, second)] == [("completed", "A"), ("completed", "B")]


# -- refusals and asking again


@pytest.mark.parametrize(
    ("code", "members", "state", "again", "needs_new_id"),
    [
        ("invalid_request", {"retryable": False, "field": "text"}, "refused", "never", True),
        ("unauthorized", {"retryable": False}, "refused", "on a new connection", False),
        ("unavailable", {"message": "the request was not queued; send it again"}, "refused", "soon", False),
        ("unavailable", {"message": "… may have been queued all the same …"}, "perhaps queued", "soon", True),
        ("internal", {}, "perhaps queued", "soon", True),
        ("moon_phase", {}, "perhaps queued", "soon", True),
    ],
)
def test_an_error_without_attempt_answers_the_message_itself(
    server: Server, code: str, members: dict[str, Any], state: str, again: str, *, needs_new_id: bool
) -> None:
    request = server.ask()
    server.fail(code, **members)

    assert (request.state, request.again, request.needs_new_id) == (state, again, needs_new_id)


@pytest.mark.parametrize("accepted_first", [True, False])
@pytest.mark.parametrize(
    ("code", "retryable", "again"),
    [
        ("content_blocked", False, "never"),
        ("deadline_exceeded", True, "in a minute"),
        ("attempts_exhausted", True, "in a few minutes"),
        ("internal", True, "in a few minutes"),
    ],
)
def test_an_error_with_attempt_ends_a_request_that_was_queued(
    server: Server, code: str, again: str, *, retryable: bool, accepted_first: bool
) -> None:
    request = server.ask()
    if accepted_first:
        server.accept()
    server.fail(code, 1, 0, retryable=retryable)

    assert (request.state, request.again, request.needs_new_id) == ("failed", again, True)


def test_the_doors_doubt_is_ignored_once_an_attempt_has_begun(server: Server) -> None:
    request = server.ask()
    server.say("started", 1, 0)
    server.fail("unavailable", message="… may have been queued all the same …")
    server.complete(1, 1)

    assert request.state == "completed"


def test_a_request_that_was_perhaps_queued_may_be_answered(server: Server) -> None:
    request = server.ask()
    server.fail("unavailable", message="… may have been queued all the same …")
    server.say("delta", 1, 0, text="Yes.")
    server.complete(1, 1)

    assert (request.state, request.text) == ("completed", "Yes.")


@pytest.mark.parametrize("waiting", [1, 2])
def test_api_gateways_own_answer_is_for_a_message_that_has_no_frame_yet(server: Server, waiting: int) -> None:
    answered = server.ask("answered")
    server.accept("answered")
    requests = [server.ask(f"r-{number}") for number in range(waiting)]
    server.client.receive(GATEWAY)

    assert answered.state == "open"
    assert [request.state for request in requests] == (["perhaps queued"] if waiting == 1 else ["open", "open"])


@pytest.mark.parametrize("waiting", [1, 2])
def test_an_error_for_an_id_that_nobody_sent_is_for_the_one_message_that_waits(server: Server, waiting: int) -> None:
    requests = [server.ask(f"r-{number}") for number in range(waiting)]
    server.fail("invalid_request", retryable=False, requestId="made-here")

    assert [request.state for request in requests] == (["refused"] if waiting == 1 else ["open", "open"])
    assert len(server.client.faults) == (waiting > 1)


# -- silence


def test_after_35_seconds_without_a_frame_the_request_is_perhaps_queued(server: Server) -> None:
    request = server.ask()
    server.wait(34)
    before = request.state
    server.wait(1)

    assert (before, request.state, request.needs_new_id) == ("open", "perhaps queued", True)


def test_an_accepted_request_is_waited_for_until_its_deadline(server: Server) -> None:
    request = server.ask()
    server.wait(5)
    server.accept()
    server.wait(999)
    before = request.state
    server.wait(1)

    assert (before, request.state, request.needs_new_id) == ("open", "lost", True)


def test_a_lost_request_is_over(server: Server) -> None:
    request = server.ask()
    server.accept()
    server.wait(1_000)
    server.say("delta", 2, 0, text="Late.")
    server.complete(2, 1)

    assert (request.state, request.text) == ("lost", "")


@pytest.mark.parametrize(("silence", "state"), [(119, "open"), (120, "lost")])
def test_a_replay_is_waited_for_by_its_own_silence_whatever_the_deadline_was(
    server: Server, silence: int, state: str
) -> None:
    request = server.ask()
    server.accept()
    server.fail("attempts_exhausted", 4, 0)
    server.wait(5_000)
    server.say("started", 3_606, 0)
    server.wait(silence)

    assert request.state == state


def test_the_silence_of_a_killed_worker_is_waited_for(server: Server) -> None:
    request = server.ask()
    server.accept()
    server.say("started", 1, 0)
    server.wait(90)
    server.say("started", 2, 0)
    server.complete(2, 1)

    assert request.state == "completed"


def test_without_accepted_two_minutes_of_silence_are_the_end(server: Server) -> None:
    request = server.ask()
    server.say("started", 1, 0)
    server.wait(119)
    server.say("heartbeat", 1, 1)
    server.wait(119)
    before = request.state
    server.wait(1)

    assert (before, request.state) == ("open", "lost")


def test_a_closed_connection_leaves_open_requests_perhaps_queued(server: Server) -> None:
    ended, request = server.ask("r"), server.ask("b")
    server.complete(1, 0)
    server.client.connection_closed()

    assert (ended.state, request.state) == ("completed", "perhaps queued")


# -- spans


@pytest.mark.parametrize(("text", "span", "supported"), [
    ("Three months.", (6, 11), "months"),
    ("🏠 Pier Street 14", (2, 5), "Pier"),
    ("é", (0, 0), "é"),
])  # fmt: skip
def test_a_span_counts_code_points_and_includes_its_end(
    server: Server, text: str, span: tuple[int, int], supported: str
) -> None:
    request = server.ask()
    server.say("delta", 1, 0, text=text)
    server.say("citation", 1, 1, text="p", span={"start": span[0], "end": span[1]})

    assert request.supported(request.citations[0]) == supported


# -- the document's own conversation, and a real socket


def test_the_conversation_in_the_document_is_understood(server: Server) -> None:
    requests: dict[str, Request] = {}
    for arrow, line in re.findall(r"^([→←]) (.*)$", (DOCS / "protocol.md").read_text(), re.MULTILINE):
        frame = json.loads(line)
        if arrow == "←":
            server.client.receive(line)
        elif "requestId" in frame:
            requests[frame["requestId"]] = server.ask(frame["requestId"], frame["text"])

    assert requests["r-1"].text.startswith("The documents say:\n\nPier Street 14, flat 3B")
    assert {request.state for request in requests.values()} == {"completed"}
    assert len(requests["r-1"].citations) == 1


def test_the_client_speaks_with_a_real_server(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        MESSAGE.validate(script.receive())
        script.accept()
        script.answer("Three ", "months.")

    with connect(scripted(play), subprotocols=[Subprotocol("selador.v1")]) as socket:
        client = Client(socket.send, lambda: 0.0)
        request = client.ask("How long?", "r-1")
        while request.state == "open":
            text = socket.recv(10)
            assert isinstance(text, str)
            FRAME.validate(json.loads(text))
            client.receive(text)

    assert (socket.subprotocol, request.state, request.text) == ("selador.v1", "completed", "Three months.")


def test_the_client_imports_nothing_of_this_project() -> None:
    source = Path(__file__).with_name("from_the_document.py").read_text()

    assert "selador" not in "".join(re.findall(r"^(?:import|from) .*$", source, re.MULTILINE))
