"""The steps of the smoke: each a line of its table."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from selador_deploy.smoke import causes
from selador_deploy.smoke.connection import SUBPROTOCOL, Closed, Connection, Refused, Silence, connect
from selador_deploy.smoke.exchange import Exchange, Patience, ask, broken_rule
from selador_deploy.wording import counted

NAMES = ("connect", "ping", "accepted", "first frame", "order", "one end", "too large", "bad token")
_FRAME_LIMIT = 32 * 1024
_TOO_BIG = 1009


@dataclass(frozen=True)
class Step:
    """What was tried. `passed` is None if it could not be, or makes no sense here."""

    name: str
    passed: bool | None
    detail: str

    def __str__(self) -> str:
        word = {True: "ok", False: "failed", None: "skipped"}[self.passed]
        return f"{word:9}{self.name:13}{self.detail}"


@dataclass(frozen=True)
class Target:
    """A deployment as a client sees it. `address` returns the URL, with a new signature if handshakes are signed."""

    address: Callable[[], str]
    authorization: str
    """none, jwt, iam, or unknown if only a URL was given, without a token."""
    token: str | None = None


def steps(target: Target, patience: Patience, now: Callable[[], float]) -> Iterator[Step]:
    """Yield each step as it is done. What rests on a failed one is skipped."""
    began = now()
    opened = connect(target.address(), target.token)
    if isinstance(opened, Refused):
        yield _failed("connect", opened.reason, causes.of_refusal(opened))
        yield from (Step(name, None, "no connection") for name in NAMES[1:])
        return
    with closing(opened) as connection:
        if connection.subprotocol != SUBPROTOCOL:
            cause = "something that isn't Selador answers at this URL, or $connect is no route of the handler"
            yield _failed("connect", f"the subprotocol {SUBPROTOCOL} was not echoed", cause)
        else:
            yield Step("connect", True, f"{now() - began:.2f} s")
        yield _ping(connection, patience, now)
        yield from _answer(ask(connection, patience, now))
    yield _too_large(target, patience)
    yield _bad_token(target)


def _failed(name: str, seen: str, cause: str) -> Step:
    return Step(name, False, f"{seen}; likely cause: {cause}")


def _ping(connection: Connection, patience: Patience, now: Callable[[], float]) -> Step:
    began = now()
    connection.send({"action": "ping"})
    match connection.receive(patience.accepted):
        case Silence(seconds):
            return _failed("ping", f"no pong in {seconds:.0f} s", causes.of_silence_after_ping())
        case Closed(code):
            return _failed("ping", f"the connection was closed ({code})", causes.of_silence_after_ping())
        case {"type": "pong"}:
            return Step("ping", True, f"{now() - began:.2f} s")
        case {"message": message}:
            return _failed("ping", f"API Gateway answered {message!r}", causes.of_gateway(str(message)))
        case other:
            return _failed("ping", f"instead of pong came {dict(other)}", "the deployment speaks another protocol")


def _answer(exchange: Exchange) -> Iterator[Step]:
    accepted = next((seconds for seconds, frame in exchange.frames if frame.get("type") == "accepted"), None)
    first = exchange.first_frame_seconds
    completed = bool(exchange.ends) and exchange.ends[-1]["type"] == "completed"
    failure = None if completed else causes.of_failed_answer(exchange)
    request = f"request {exchange.request_id}"

    if accepted is not None:
        yield Step("accepted", True, f"{accepted:.2f} s, {request}")
    elif first is not None:
        cause = "the websocket handler's route returns no response to the client, or it got lost"
        yield _failed("accepted", f"none came, though the answer did ({request})", cause)
    elif failure:
        yield _failed("accepted", *failure)
        yield from (Step(name, None, "nothing was accepted") for name in ("first frame", "order", "one end"))
        return
    if first is None:
        yield _failed(
            "first frame", *(failure or ("completed came without an attempt", "the deployment speaks another protocol"))
        )
        yield from (Step(name, None, "no frame came") for name in ("order", "one end"))
        return
    yield Step("first frame", True, f"{first:.2f} s")
    broken = broken_rule(exchange)
    if broken is None:
        yield Step("order", True, f"{counted(len(exchange.frames), 'frame')}, {_attempts(exchange)}")
    else:
        yield _failed(
            "order", broken, "frames get lost, or two workers speak as one attempt: report it with the request's id"
        )
    yield _end(exchange, failure)


def _attempts(exchange: Exchange) -> str:
    number = len({frame["attempt"] for _, frame in exchange.frames if "attempt" in frame})
    return counted(number, "attempt")


def _end(exchange: Exchange, failure: tuple[str, str] | None) -> Step:
    if failure is not None:
        return _failed("one end", failure[0], f"{failure[1]} (request {exchange.request_id})")
    if len(exchange.ends) > 1:
        came = " and ".join(str(frame["type"]) for frame in exchange.ends)
        return _failed("one end", f"{came} came", "the request was queued twice, or answered twice: report it")
    ended = next(seconds for seconds, frame in exchange.frames if frame.get("type") == "completed")
    return Step("one end", True, f"completed after {ended:.2f} s")


def _too_large(target: Target, patience: Patience) -> Step:
    """Send a message of more than a WebSocket frame may have. It is never queued, so it costs nothing."""
    opened = connect(target.address(), target.token)
    if isinstance(opened, Refused):
        return _failed("too large", opened.reason, causes.of_refusal(opened))
    with closing(opened) as connection:
        connection.send({"action": "ping", "padding": "x" * _FRAME_LIMIT})
        match connection.receive(patience.accepted):
            case Closed(code) if code == _TOO_BIG:
                return Step("too large", True, f"refused, close code {code}")
            case {"type": "error", "code": "message_too_large" | "invalid_request" as code}:
                return Step("too large", True, f"refused, error {code}")
            case other:
                return _failed(
                    "too large",
                    f"instead of a refusal came {other}",
                    "something that isn't API Gateway stands before it",
                )


def _bad_token(target: Target) -> Step:
    if target.authorization == "iam":
        return _unsigned(target)
    if target.authorization != "jwt":
        who = (
            "anyone may connect, and its owner pays"
            if target.authorization == "none"
            else "give TOKEN=… to have it tried"
        )
        return Step("bad token", None, who)
    opened = connect(target.address(), "not.a.token")
    return _must_be_refused(opened, 401, "the authorizer lets everybody in, or $connect has none: make drift shows it")


def _unsigned(target: Target) -> Step:
    opened = connect(target.address().partition("?")[0])
    return _must_be_refused(opened, 403, "$connect asks for no signature any more: make drift shows it")


def _must_be_refused(opened: Connection | Refused, status: int, cause: str) -> Step:
    if isinstance(opened, Connection):
        opened.close()
        return _failed("bad token", "it was let in", cause)
    if opened.status != status:
        return _failed("bad token", f"{opened.reason}, not {status}", causes.of_refusal(opened))
    return Step("bad token", True, f"refused with {status}")
