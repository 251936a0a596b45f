"""Each failure that a client can see, by a server that fails so; and what is said of it."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from websockets.http11 import Request
from websockets.sync.server import ServerConnection

from selador_deploy.smoke.exchange import Patience
from selador_deploy.smoke.steps import NAMES, Step, Target, steps

from ...conftest import STUCK_SECONDS, held_port
from .conftest import ACCEPTED, ANSWER, STARTED, Deployed, Deployment, frame

PATIENT = Patience(STUCK_SECONDS, STUCK_SECONDS, STUCK_SECONDS, whole=3 * STUCK_SECONDS, second_end=0.1)
IN_VAIN_SECONDS = 1
"""How long what never comes is waited for."""


def tried(
    url: str, authorization: str = "none", token: str | None = None, *, patience: Patience = PATIENT
) -> dict[str, Step]:
    target = Target(lambda: url, authorization, token)
    return {step.name: step for step in steps(target, patience, time.monotonic)}


def failures(done: dict[str, Step]) -> dict[str, str]:
    return {name: step.detail for name, step in done.items() if step.passed is False}


def error(code: str, attempt: int | None = None, seq: int | None = None) -> dict[str, Any]:
    return frame("error", attempt, seq, code=code, message="it says so", retryable=False)


def offers(token: str) -> Callable[[Request], int | None]:
    """Return what refuses every token but this one."""
    return lambda request: None if f"bearer.{token}" in request.headers["Sec-WebSocket-Protocol"] else 401


def test_a_whole_deployment_passes_every_step(deployed: Deployed) -> None:
    url = deployed(Deployment(statuses=offers("a.good.token")))

    done = tried(url, "jwt", "a.good.token")

    assert {name: step.passed for name, step in done.items()} == dict.fromkeys(NAMES, True)
    assert "refused with 401" in done["bad token"].detail
    assert "close code 1009" in done["too large"].detail


def test_what_anybody_may_use_is_told(deployed: Deployed) -> None:
    done = tried(deployed(Deployment()))

    assert failures(done) == {}
    assert done["bad token"] == Step("bad token", None, "anyone may connect, and its owner pays")


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, "asks for a token"),
        (403, "stage or path doesn't exist"),
        (403, "it gave URL=…, and only what is asked by ENV=… is signed"),
        (429, "throttle is too low"),
        (500, "issuer's keys"),
        (502, "the websocket handler can't start"),
        (418, "isn't Selador"),
    ],
)
def test_a_refused_handshake_says_why_and_nothing_more_is_tried(deployed: Deployed, status: int, cause: str) -> None:
    done = tried(deployed(Deployment(statuses=lambda _: status)))

    assert f"HTTP status {status}; likely cause: " in done["connect"].detail
    assert cause in done["connect"].detail
    assert [step.passed for step in done.values()] == [False, *(None for _ in NAMES[1:])]
    assert tuple(done) == NAMES


def test_a_port_on_which_nobody_listens_may_be_a_wrong_url() -> None:
    with held_port() as port:
        done = tried(f"ws://127.0.0.1:{port}/dev")

    assert "the URL is wrong (compare make outputs)" in done["connect"].detail


def test_something_else_at_the_url_is_told(deployed: Deployed) -> None:
    done = tried(deployed(Deployment(subprotocol="another.v1")))

    assert "isn't Selador" in failures(done)["connect"]


@pytest.mark.parametrize(
    ("pong", "cause"),
    [
        (None, "no pong in 1 s; likely cause: the websocket handler takes too long"),
        ({"message": "Internal server error", "connectionId": "c", "requestId": "r"}, "the websocket handler raised"),
        ({"message": "Forbidden", "connectionId": "c", "requestId": "r"}, "the API has no route"),
        ([1], "another protocol"),
    ],
    ids=["nothing", "gateway-error", "no-route", "no-object"],
)
def test_a_ping_without_pong_says_why(deployed: Deployed, pong: Any, cause: str) -> None:
    patience = replace(PATIENT, accepted=IN_VAIN_SECONDS) if pong is None else PATIENT

    done = tried(deployed(Deployment(pong=pong)), patience=patience)

    assert cause in failures(done)["ping"]


BURIED = (
    ACCEPTED,
    STARTED,
    frame("retrying", 1, 1, code="internal", delaySeconds=5),
    error("attempts_exhausted", 4, 0),
)
FAILURES: dict[str, tuple[tuple[dict[str, Any], ...], str, str]] = {
    "nothing": ((), "accepted", "nothing more came: no accepted, no error; likely cause: the websocket handler"),
    "queue-refuses": ((error("unavailable"),), "accepted", "can't send to the queue: its role may not"),
    "defect-in-the-handler": ((error("internal"),), "accepted", "the websocket handler has a defect"),
    "handler-crashes": (({"message": "Internal server error"},), "accepted", "raised an error, took longer than 29 s"),
    "throttled": (({"message": "Too Many Requests"},), "accepted", "throttle"),
    "main-not-wired": (
        (ACCEPTED,),
        "first frame",
        "main isn't wired to the queue, its event source mapping is disabled",
    ),
    "posts-not-allowed": ((ACCEPTED,), "first frame", "its role may not post to @connections"),
    "worker-died": ((ACCEPTED, STARTED), "one end", "nothing more came after started; likely cause: the worker died"),
    "model-stalls": ((ACCEPTED, STARTED, frame("heartbeat", 1, 1)), "one end", "the model says nothing"),
    "quota": ((ACCEPTED, STARTED, frame("heartbeat", 1, 1, waitingFor="quota")), "one end", "quota is used up for now"),
    "model-refuses": (BURIED, "one end", "the model or the knowledge base refuses: its id is wrong"),
    "workers-die": ((ACCEPTED, error("attempts_exhausted", 4, 0)), "one end", "each worker died"),
    "guardrail": ((ACCEPTED, STARTED, error("content_blocked", 1, 1)), "one end", "a guardrail blocks"),
    "too-slow": ((ACCEPTED, error("deadline_exceeded", 1, 0)), "one end", "longer than the main function's time"),
    "gap": (
        (ACCEPTED, STARTED, frame("completed", 1, 2, sessionId="s")),
        "order",
        "attempt 1 sent frame 2 where 1 was due",
    ),
    "no-accepted": (ANSWER[1:], "accepted", "none came, though the answer did"),
}


def patience_for(answer: tuple[dict[str, Any], ...]) -> Patience:
    """Return a patience that is short where nothing more comes."""
    match [one.get("type") for one in answer]:
        case []:
            return replace(PATIENT, accepted=IN_VAIN_SECONDS)
        case ["accepted"]:
            return replace(PATIENT, first=IN_VAIN_SECONDS)
        case [*_, "completed" | "error" | None]:
            return PATIENT
    return replace(PATIENT, silence=IN_VAIN_SECONDS)


@pytest.mark.parametrize(("answer", "step", "said"), FAILURES.values(), ids=FAILURES.keys())
def test_an_answer_that_fails_says_where_and_why(
    deployed: Deployed, answer: tuple[dict[str, Any], ...], step: str, said: str
) -> None:
    done = tried(deployed(Deployment(answer=answer)), patience=patience_for(answer))

    assert said in failures(done)[step]
    assert tuple(done) == NAMES


def test_a_connection_that_is_closed_under_way_is_told(deployed: Deployed) -> None:
    done = tried(deployed(Deployment(answer=(ACCEPTED, STARTED), closes_after_answer=True)))

    assert "the connection was closed (1001) after started" in failures(done)["one end"]


def test_two_ends_are_told(deployed: Deployed) -> None:
    answer = (*ANSWER, frame("completed", 2, 0, sessionId="s"))
    patience = replace(PATIENT, second_end=STUCK_SECONDS)

    done = tried(deployed(Deployment(answer=answer, closes_after_answer=True)), patience=patience)

    assert "completed and completed came" in failures(done)["one end"]


def test_a_second_attempt_is_no_failure(deployed: Deployed) -> None:
    answer = (
        ACCEPTED,
        STARTED,
        frame("retrying", 1, 1, code="unavailable", delaySeconds=5),
        frame("started", 2, 0),
        frame("delta", 1, 2, text="late"),
        frame("completed", 2, 1, sessionId="s"),
    )

    done = tried(deployed(Deployment(answer=answer)))

    assert failures(done) == {}
    assert "2 attempts" in done["order"].detail


def test_a_message_that_is_too_large_has_to_be_refused(deployed: Deployed) -> None:
    done = tried(deployed(Deployment(refuses_large=False)))

    assert list(failures(done)) == ["too large"]


def test_an_error_for_a_message_that_is_too_large_will_do(deployed: Deployed) -> None:
    done = tried(deployed(Deployment(refuses_large=False, pong=error("message_too_large"))))

    assert list(failures(done)) == ["ping"]
    assert done["too large"].passed


def test_an_authorizer_that_lets_everybody_in_is_a_failure(deployed: Deployed) -> None:
    done = tried(deployed(Deployment()), "jwt", "a.good.token")

    assert "it was let in; likely cause: the authorizer lets everybody in" in failures(done)["bad token"]


def test_without_the_issuer_s_keys_a_bad_token_isn_t_judged(deployed: Deployed) -> None:
    def judge(request: Request) -> int | None:
        return 500 if "not.a.token" in request.headers["Sec-WebSocket-Protocol"] else None

    done = tried(deployed(Deployment(statuses=judge)), "jwt", "a.good.token")

    assert "HTTP status 500, not 401; likely cause: the authorizer" in failures(done)["bad token"]


def test_where_handshakes_are_signed_an_unsigned_one_has_to_be_refused(deployed: Deployed) -> None:
    url = deployed(Deployment(statuses=lambda request: None if "X-Amz-Signature" in request.path else 403))

    done = tried(f"{url}?X-Amz-Signature=1", "iam")

    assert done["bad token"] == Step("bad token", True, "refused with 403")
    assert failures(done) == {}


class ClosesAtPing(Deployment):
    """A deployment whose handler fails at the first message, so that the connection is closed."""

    def serve(self, connection: ServerConnection) -> None:
        next(iter(connection))
        connection.close(1011)


def test_a_connection_that_is_closed_at_the_ping_is_told(deployed: Deployed) -> None:
    done = tried(deployed(ClosesAtPing()))

    assert done["ping"].detail.startswith("the connection was closed (1011); likely cause: ")


def test_a_second_connection_that_is_refused_is_told(deployed: Deployed) -> None:
    statuses = iter([None, 429])

    done = tried(deployed(Deployment(statuses=lambda _: next(statuses, None))))

    assert done["one end"].passed
    assert done["too large"].detail.startswith("HTTP status 429; likely cause: ")


def test_an_end_of_another_protocol_is_told(deployed: Deployed) -> None:
    done = tried(deployed(Deployment(answer=(frame("completed", sessionId="s-1"),))))

    assert "completed came without an attempt" in done["first frame"].detail


def test_a_frame_of_another_request_is_passed_over(deployed: Deployed) -> None:
    foreign = frame("delta", 1, 7, requestId="another", text="Not this.")

    done = tried(deployed(Deployment(answer=(ACCEPTED, foreign, *ANSWER[1:]))))

    assert failures(done) == {}
    assert done["order"].passed
