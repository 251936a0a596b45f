"""What was seen, and its likely cause in words: the table behind each failure of the smoke. Pure."""

from selador_deploy.smoke.connection import Closed, Refused
from selador_deploy.smoke.exchange import Exchange

_HANDSHAKES = {
    401: "the API asks for a token, and this one is missing, expired or of another issuer or audience; give TOKEN=…",
    403: "the URL's stage or path doesn't exist (compare make outputs), or the API wants signed handshakes: this "
    "caller has no execute-api:Invoke, or it gave URL=…, and only what is asked by ENV=… is signed",
    429: "too many connections at once, or the stage's throttle is too low",
    500: "the authorizer can't have the issuer's keys or fails, or API Gateway may not invoke it or the handler",
    # API Gateway tells a $connect that raised by 502, not by 500 (WS-21)
    502: "the websocket handler can't start, or raises an error: see its log group; or a proxy on the way doesn't let "
    "WebSockets through",
    503: "AWS has trouble in this Region: see the AWS Health Dashboard",
    504: "the handler takes longer than 29 s to start",
}
_NO_ANSWER = "the URL is wrong (compare make outputs), its deployment was destroyed, or a firewall stands between"
_GATEWAY = {
    "Forbidden": "the API has no route for the message: the deployment isn't whole; make plan shows what is missing",
    "Too Many Requests": "the stage's throttle or the account's quota is used up",
    "Internal server error": "the websocket handler raised an error, took longer than 29 s, was throttled, or API "
    "Gateway may not invoke it: see its log group",
}
_BEFORE_THE_QUEUE = {
    "unavailable": "the websocket handler can't send to the queue: its role may not, or the queue is gone",
    "unauthorized": "the token has expired since the connection opened",
    "invalid_request": "the deployment is of a release whose protocol differs",
    "internal": "the websocket handler has a defect: see its log group",
}
_AT_THE_END = {
    "content_blocked": "a guardrail blocks a harmless question: it blocks every one",
    "deadline_exceeded": "the question waited longer than its useful life, or the answer takes longer than the main "
    "function's time: is it given long enough, and are workers free?",
    "internal": "the model or the knowledge base refuses, or main has a defect: see main's log group",
    "invalid_request": "main refuses what the handler let through: are both of one release?",
}
_ATTEMPTS = {
    "internal": "the model or the knowledge base refuses: its id is wrong, main's role has no permission, the model "
    "isn't enabled in this account, or a parameter doesn't fit it",
    "throttled": "the model's quota is used up: ask for more, or lower main_function.maximum_concurrency",
    "unavailable": "Bedrock fails or breaks off each time: see the AWS Health Dashboard, and main's log group",
}
_NO_WORKER = (
    "main isn't wired to the queue, its event source mapping is disabled, or no concurrency is free; or main "
    "works, and its answers don't arrive: its role may not post to @connections (execute-api:ManageConnections)"
)
_WAITING = {
    "quota": "the model's quota is used up for now, and main waits for it",
    "service": "the model isn't ready or can't be reached, and main waits for it",
}


def of_refusal(refused: Refused) -> str:
    """Return why a connection likely didn't open."""
    if refused.status is None:
        return _NO_ANSWER
    return _HANDSHAKES.get(refused.status, "something that isn't Selador answers at this URL")


def of_gateway(message: str) -> str:
    """Return why API Gateway likely answered a message itself."""
    return _GATEWAY.get(message, "something stands between this client and the API")


def of_silence_after_ping() -> str:
    """Return why a ping likely had no answer."""
    return "the websocket handler takes too long, or its route returns no response to the client"


def of_failed_answer(exchange: Exchange) -> tuple[str, str]:
    """Return what was seen instead of `completed`, and its likely cause."""
    gateway = [frame for _, frame in exchange.frames if "type" not in frame]
    if gateway:
        said = str(gateway[0].get("message", gateway[0]))
        return f"API Gateway answered {said!r}", of_gateway(said)
    if exchange.ends:
        return _of_error(exchange)
    return _of_missing_end(exchange)


def _of_error(exchange: Exchange) -> tuple[str, str]:
    error = exchange.ends[-1]
    code = str(error.get("code"))
    seen = f"error {code}: {error.get('message')}"
    if "attempt" not in error:
        return seen, _BEFORE_THE_QUEUE.get(code, "the websocket handler refuses the question")
    if code == "attempts_exhausted":
        why = [str(frame.get("code")) for frame in exchange.of_type("retrying")]
        last = why[-1] if why else ""
        return seen, _ATTEMPTS.get(
            last, "each worker died: main crashes, runs out of memory or of time; see its log group"
        )
    return seen, _AT_THE_END.get(code, "see main's log group")


def _of_missing_end(exchange: Exchange) -> tuple[str, str]:
    instead = exchange.stopped_by
    seen = f"the connection was closed ({instead.code})" if isinstance(instead, Closed) else "nothing more came"
    if not exchange.frames:
        return f"{seen}: no accepted, no error", of_silence_after_ping()
    if exchange.first_frame_seconds is None:
        return f"{seen} after accepted", _NO_WORKER
    last = exchange.frames[-1][1]
    if last.get("type") == "heartbeat":
        return (
            f"only heartbeats since {exchange.frames[-1][0]:.0f} s",
            _WAITING.get(
                str(last.get("waitingFor")), "the model says nothing: it stalls, or the answer takes very long"
            ),
        )
    return (
        f"{seen} after {last.get('type')}",
        "the worker died: main crashes, runs out of memory or of time; see its log group",
    )
