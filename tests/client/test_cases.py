"""The table of cases: it has the form that its README defines, and the client does in each case what it says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from selador_client.cases import Case, NoCaseError, find_case, read_cases
from selador_client.exchange import Close, Connect, Connection, Exchange, Fault, Send
from selador_client.request import Request

DOCS = Path(__file__).parents[2] / "docs"
CASES = read_cases()
MINE = [case for case in CASES if "python" in case.clients]
HOPEFUL = {429, 500}


def by_name(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


class Runner:
    """Plays a case to the client's decisions, as client/cases/README.md says."""

    def __init__(self, case: Case) -> None:
        ids = iter(f"id-{number}" for number in range(100))
        self.exchange = Exchange(lambda: next(ids), lambda seconds: seconds, may_renew_token=len(case.tokens) > 1)
        self.tokens = case.tokens
        self.requests: dict[str, Request] = {}
        self.connections: dict[str, Connection] = {}
        self.latest = ""
        self.ids: dict[str, str] = {}
        self.done: list[tuple[float, Connect | Send | Close]] = []
        self.faults = 0
        self.made = 0

    def play(self, steps: tuple[dict[str, Any], ...]) -> None:
        for step in steps:
            self.pass_time(step["at"])
            if "client" in step:
                self.expect(step)
                continue
            assert self.done == [], f"no step expected this before {step}"
            if "shows" in step:
                self.compare(step["shows"])
            else:
                self.do(step)
                self.collect(step["at"])
        assert self.done == []

    def pass_time(self, until: float) -> None:
        while (at := self.exchange.wakes_at) is not None and at <= until:
            self.exchange.wake(at)
            self.collect(at)

    def collect(self, now: float) -> None:
        for action in self.exchange.actions():
            match action:
                case Fault():
                    self.faults += 1
                case Connect() | Send() | Close():
                    self.done.append((now, action))

    def expect(self, step: dict[str, Any]) -> None:
        assert self.done, f"the client did nothing where a step expected this: {step}"
        at, action = self.done.pop(0)
        assert at == pytest.approx(step["at"], abs=0.001), step
        match step["client"], action:
            case "connects", Connect(connection):
                self.made += 1
                self.latest = step.get("connection", f"connection {self.made}")
                self.connections[self.latest] = connection
                token = self.tokens[min(self.made, len(self.tokens)) - 1] if self.tokens else None
                assert step["subprotocols"] == ["selador.v1", *([f"bearer.{token}"] if token else [])]
            case "sends", Send(connection, text):
                assert connection is self.connection(step)
                self.expect_message(step["message"], json.loads(text))
            case "closes", Close(connection):
                assert connection is self.connection(step)
            case _:
                pytest.fail(f"the client did {action} where a step expected this: {step}")

    def expect_message(self, expected: dict[str, Any], sent: dict[str, Any]) -> None:
        name = expected.get("requestId")
        if name is not None and name not in self.ids:
            assert sent["requestId"] not in self.ids.values()
            self.ids[name] = sent["requestId"]
        assert sent == self.with_ids(expected)

    def connection(self, step: dict[str, Any]) -> Connection:
        return self.connections[step.get("connection", self.latest)]

    def with_ids(self, message: dict[str, Any]) -> dict[str, Any]:
        if "requestId" not in message:
            return message
        return message | {"requestId": self.ids.get(message["requestId"], message["requestId"])}

    def do(self, step: dict[str, Any]) -> None:
        now = step["at"]
        match step:
            case {"user": "connects"}:
                self.exchange.connect(now)
            case {"user": "asks", "request": name, "text": text}:
                session = {"sessionId": step["sessionId"]} if "sessionId" in step else {}
                message = {"action": "invoke", "type": "query", "text": text, **session}
                self.requests[name] = self.exchange.ask(message, now)
            case {"user": "runs", "request": name, "workflow": workflow, "inputs": inputs}:
                message = {"action": "invoke", "type": "workflow", "workflow": workflow, "inputs": inputs}
                self.requests[name] = self.exchange.ask(message, now)
            case {"user": "stops", "request": name}:
                self.exchange.stop(self.requests[name], now)
            case {"server": "accepts", "subprotocol": None}:
                self.exchange.opened_another_protocol(self.connection(step), now)
            case {"server": "accepts"}:
                self.exchange.opened(self.connection(step), now)
            case {"server": "refuses"}:
                status = step.get("status")
                is_hopeless = status is not None and status not in HOPEFUL
                self.exchange.refused(self.connection(step), "refused", now, is_hopeless=is_hopeless)
            case {"server": "sends", "frame": frame}:
                text = json.dumps(self.with_ids(frame))
                self.exchange.received(self.connection(step), text, now)
            case {"server": "sends", "text": text}:
                self.exchange.received(self.connection(step), text, now)
            case {"server": "closes", "code": code}:
                self.exchange.closed(self.connection(step), code, "closed", now)
            case _:
                pytest.fail(f"no step has this form: {step}")

    def compare(self, shows: dict[str, Any]) -> None:
        found: dict[str, Any] = {"connection": self.exchange.state, "faults": self.faults}
        assert {name: found[name] for name in shows if name != "requests"} == {
            name: value for name, value in shows.items() if name != "requests"
        }
        for name, expected in shows.get("requests", {}).items():
            view = shown(self.requests[name])
            assert {member: view[member] for member in expected} == expected


def shown(request: Request) -> dict[str, Any]:
    completed = request.completed
    return {
        "state": request.state,
        "text": request.text,
        "citations": [
            {"text": citation.text, "source": citation.source, "supports": request.supported(citation)}
            for citation in request.citations
        ],
        "steps": [
            {"name": step.name, "status": step.status, "index": step.index, "count": step.count}
            for _, step in sorted(request.steps.items())
        ],
        "attempt": request.attempt,
        "waitingFor": request.waiting_for,
        "sessionId": completed and completed.session_id,
        "sessionRestarted": bool(completed and completed.session_restarted),
        "truncated": bool(completed and completed.truncated),
        "code": request.code,
        "message": request.words,
        "field": request.field,
        "reason": request.reason,
        "again": request.again,
    }


@by_name(MINE)
def test_the_client_does_what_the_case_says(case: Case) -> None:
    Runner(case).play(case.steps)


# -- the table itself


def frames(case: Case) -> Iterator[dict[str, Any]]:
    return (step["frame"] for step in case.steps if "frame" in step)


def test_names_are_unique() -> None:
    names = [case.name for case in CASES]

    assert len(set(names)) == len(names)
    assert len(names) >= 100


@by_name(CASES)
def test_a_cases_rule_is_a_heading_of_the_protocol(case: Case) -> None:
    headings = re.findall(r"^#+ (.+)$", (DOCS / "protocol.md").read_text(), re.MULTILINE)

    assert case.rule in headings


@by_name(CASES)
def test_time_never_falls(case: Case) -> None:
    times = [step["at"] for step in case.steps]

    assert times == sorted(times)


@by_name([case for case in CASES if case.topic not in {"unknown", "heartbeats"} and "unknown" not in case.name])
def test_what_is_sent_and_received_is_of_the_published_protocol(case: Case) -> None:
    frame_schema = Draft202012Validator(json.loads((DOCS / "schemas/frame.json").read_text()))
    message_schema = Draft202012Validator(json.loads((DOCS / "schemas/message.json").read_text()))

    for frame in frames(case):
        frame_schema.validate(frame)
    for step in case.steps:
        if "message" in step:
            message = step["message"]
            message_schema.validate(message | {"requestId": "r"} if "requestId" in message else message)


def test_every_type_of_frame_and_every_code_has_a_case() -> None:
    schema = json.loads((DOCS / "schemas/frame.json").read_text())
    types = {frame["type"] for case in CASES for frame in frames(case)}
    codes = {frame.get("code") for case in CASES for frame in frames(case)}

    assert types >= {
        definition.get("properties", {}).get("type", {}).get("const") for definition in schema["$defs"].values()
    } - {None}
    assert codes >= {
        "content_blocked",
        "deadline_exceeded",
        "attempts_exhausted",
        "unauthorized",
        "throttled",
        "internal",
    }


def test_a_case_is_found_by_its_name() -> None:
    assert find_case("retry").topic == "attempts"


def test_a_name_that_no_case_has_is_told() -> None:
    with pytest.raises(NoCaseError, match="no case is named 'retri'; `make misbehave` lists them"):
        find_case("retri")
