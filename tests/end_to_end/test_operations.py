"""Dead letters, traces and logs of a running stack, by the commands that a person gives.

Every dead letter but the malformed one is a real request whose attempts failed, and each client holds its connection.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from websockets.exceptions import ConnectionClosed

from selador_local.bedrock.faults import Fault, FaultKind
from selador_local.stack.stack import PROJECT, WORK_DIR, Stack

from ..conftest import STUCK_SECONDS
from ..patience import COMMAND_SECONDS, output_until
from .conftest import Client, connected, control, messages_in, question
from .deadly_proxy import deadly

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

type Eventually = Callable[[Callable[[], bool]], bool]

TERMINAL = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
RECEIPTS = PROJECT / "build" / "local.receipts"
LOOKED_AT_AGAIN_SECONDS = 90
"""After so long an interrupted send is told from one that never was."""


def command(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "selador_deploy", name, "--env", "local", *arguments]


def ran(name: str, *arguments: str, status: int = 0, **environ: str) -> str:
    """Run a command of the deployment, and return what it printed."""
    done = subprocess.run(
        command(name, *arguments),
        cwd=PROJECT,
        env=TERMINAL | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )
    assert done.returncode == status, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


class Listener:
    """A client that hears all that it is sent. One that didn't read would be taken for dead after some frames."""

    def __init__(self, client: Client) -> None:
        self.frames: list[dict[str, Any]] = []
        self._client = client
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(ConnectionClosed, TimeoutError):
            while True:
                self.frames.append(self._client.receive(600))

    def hears(self, frame_type: str, *, above: int = 0) -> dict[str, Any] | None:
        """Return the first such frame of an attempt above a number, once it is there; None if it doesn't come."""
        ends = time.monotonic() + 2 * STUCK_SECONDS
        while time.monotonic() < ends:
            for frame in self.replays() if above else self.frames:
                if frame["type"] == frame_type:
                    return frame
            time.sleep(0.2)
        return None

    def replays(self) -> list[dict[str, Any]]:
        """Return the frames of attempts after the burial's, which is number 4."""
        return [frame for frame in self.frames if frame.get("attempt", 0) > 4]

    def was_answered_once(self) -> bool:
        """Return whether one attempt, and one only, came after the burial, and was completed."""
        self._client.send({"action": "ping"})
        if self.hears("pong") is None:  # what was posted before it is read by then
            return False
        told = {"started", "retrying", "completed", "error"}
        return [frame["type"] for frame in self.replays() if frame["type"] in told] == ["started", "completed"]


@contextmanager
def asking(stack: Stack, request_ids: Sequence[str], *, faults: int = 3) -> Iterator[Mapping[str, Listener]]:
    """Clients that ask, and are told that all attempts have failed: their requests are dead letters then."""
    with ExitStack() as connections:
        listeners = {}
        for request_id in request_ids:
            client = connections.enter_context(connected(stack))
            fault = Fault(FaultKind.CUT, after_events=2, question=question(request_id))
            stack.bedrock.faults.add(fault, times=faults)
            client.send({"action": "invoke", "text": question(request_id), "requestId": request_id})
            listeners[request_id] = Listener(client)
        for listener in listeners.values():
            error = listener.hears("error")
            assert error is not None
            assert error["code"] == "attempts_exhausted"
        yield listeners


def letters(stack: Stack, wanted: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the dead letters by request, as soon as all wanted ones are there."""
    found: dict[str, dict[str, Any]] = {}
    ends = time.monotonic() + 60
    while not set(wanted) <= found.keys() and time.monotonic() < ends:
        document = json.loads(ran("dlq", "--json").partition("\ndeploy:")[0])
        found = {letter["requestId"]: letter for letter in document["letters"]}
    assert set(wanted) <= found.keys()
    return found


def left(stack: Stack, sqs: "SQSClient") -> int:
    """Return how many messages are in the two queues."""
    return sum(messages_in(sqs, stack.outputs[name]) for name in ("queue_url", "dead_letter_queue_url"))


def test_requests_that_are_waited_for_are_answered_by_a_higher_attempt(
    stack: Stack, sqs: "SQSClient", eventually: Eventually
) -> None:
    ids = ("waits-1", "waits-2", "waits-3", "waits-4")
    with asking(stack, ids) as clients:
        found = letters(stack, ids)
        assert {found[one]["client"] for one in ids} == {"connected"}
        assert all(found[one]["cause"].startswith("unavailable: ") for one in ids)
        shown = ran("dlq")
        assert "notice period" not in shown
        assert "4 still waited for" in shown
        assert question("waits-1") in ran("dlq", "--show-text")
        assert "nothing was changed" in ran("redrive")

        said = ran("redrive", "--yes", "--first=2", "--rate=5")

        assert "     4  sent again" in said
        assert "of the first ones: 2 completed" in said
        # A request that was sent twice would still be in a queue, or answered twice.
        assert eventually(lambda: left(stack, sqs) == 0)
        assert all(client.was_answered_once() for client in clients.values())
    assert RECEIPTS.stat().st_mode & 0o777 == 0o600
    assert "notice period" not in RECEIPTS.read_text()
    assert ran("dlq") == "the dead-letter queue of local is empty\n"
    assert "4 of these answered after all" in ran("hurt", "--since=10m")


@contextmanager
def killed_at(stack: Stack, operation: str, tmp_path: Path, *, done_first: bool) -> Iterator[None]:
    """Kill a redrive at an operation of SQS's, by SIGKILL."""
    with deadly(stack.control_plane.endpoint, operation, done_first=done_first) as proxy:
        facts = json.loads((WORK_DIR / "stack.json").read_text())
        facts["environment"]["AWS_ENDPOINT_URL"] = proxy.url
        (tmp_path / "stack.json").write_text(json.dumps(facts))
        environ = TERMINAL | {"SELADOR_STACK_FILE": str(tmp_path / "stack.json")}
        victim = subprocess.Popen(
            command("redrive", "--yes"),
            cwd=PROJECT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        proxy.victim = victim
        said, _ = victim.communicate(timeout=120)
        assert victim.returncode == -signal.SIGKILL, said
        yield


def redriven(until: str, *arguments: str) -> str:
    """Run `make redrive` again and again until it says so: a letter may be hidden still, or undecided."""
    ends = time.monotonic() + LOOKED_AT_AGAIN_SECONDS + 60
    said = ran("redrive", "--yes", *arguments)
    while until not in said and time.monotonic() < ends:
        time.sleep(5)
        said = ran("redrive", "--yes", *arguments)
    assert until in said
    return said


@pytest.mark.parametrize(
    ("operation", "done_first", "next_run"),
    [
        pytest.param("AmazonSQS.DeleteMessage", False, "deleted: sent again before", id="between-send-and-deletion"),
        pytest.param("AmazonSQS.DeleteMessage", True, "", id="after-the-deletion"),
        pytest.param("AmazonSQS.SendMessage", True, "deleted: sent again before", id="while-sending-and-it-was-sent"),
        pytest.param("AmazonSQS.SendMessage", False, "sent again", id="while-sending-and-it-was-not"),
    ],
)
def test_a_redrive_that_is_killed_loses_and_doubles_nothing(
    stack: Stack,
    sqs: "SQSClient",
    eventually: Eventually,
    tmp_path: Path,
    operation: str,
    done_first: bool,
    next_run: str,
) -> None:
    request_id = f"killed-{operation.rpartition('.')[2]}-{done_first}"
    with asking(stack, [request_id]) as clients:
        letters(stack, [request_id])

        with killed_at(stack, operation, tmp_path, done_first=done_first):
            pass

        if next_run:
            redriven(next_run)
        else:
            ran("redrive", "--yes")
        assert clients[request_id].hears("completed", above=4) is not None
        assert eventually(lambda: left(stack, sqs) == 0)
        assert clients[request_id].was_answered_once()


def test_a_redrive_stops_if_the_first_one_fails_again(stack: Stack, sqs: "SQSClient", eventually: Eventually) -> None:
    ids = ("fails-1", "fails-2")
    with asking(stack, ids, faults=6) as clients:
        letters(stack, ids)

        said = ran("redrive", "--yes", "--first=1", status=1)

        assert "1 of the first 1 failed again" in said
        assert "so no more are sent; remove the cause first" in said
        assert len([client for client in clients.values() if client.replays()]) == 1
        stack.bedrock.faults.clear()
        letters(stack, ids)
        ran("redrive", "--yes", "--first=2")
    assert eventually(lambda: left(stack, sqs) == 0)


def test_what_nobody_waits_for_is_purged_only_if_told(stack: Stack, sqs: "SQSClient") -> None:
    with asking(stack, ["gone-1"]):
        letters(stack, ["gone-1"])
    malformed = '{"requestId": "r-1", "secret": "of a user"}'
    sqs.send_message(QueueUrl=stack.outputs["dead_letter_queue_url"], MessageBody=malformed)
    assert letters(stack, ["gone-1"])["gone-1"]["client"] == "gone"

    kept = ran("redrive", "--yes")

    assert "     1  kept: the client is gone (PURGE_GONE=1 deletes it)" in kept
    assert "     1  kept: no request (PURGE_MALFORMED=1 deletes it)" in kept
    assert "no request of ours: connectionId is missing; receivedAt is missing; request is missing" in ran("dlq")

    assert "     1  purged: the client is gone" in ran("redrive", "--yes", "--purge-gone")
    assert "     1  purged: no request" in ran("redrive", "--yes", "--purge-malformed")

    assert left(stack, sqs) == 0
    purged = [json.loads(line) for line in RECEIPTS.read_text().splitlines() if '"purging"' in line]
    assert purged[-2]["requestId"] == "gone-1"
    assert re.fullmatch("[0-9a-f]{64}", purged[-1]["bodySha256"])
    assert "of a user" not in RECEIPTS.read_text()


def test_a_killed_attempt_is_in_the_trace(stack: Stack) -> None:
    request_id = "traced-1"
    stack.bedrock.faults.add(Fault(FaultKind.STALL, after_events=2, question=question(request_id)))
    with connected(stack) as client:
        client.send({"action": "invoke", "text": question(request_id), "requestId": request_id})
        listener = Listener(client)
        assert listener.hears("delta") is not None
        assert control(stack, "workers", requestId=request_id, do="kill")["workers"] == 1
        completed = listener.hears("completed")  # the message is back when its lease of a minute is over
        assert completed is not None
        assert completed["attempt"] == 2

        ends = time.monotonic() + 30
        said = ""
        while "ended as completed" not in said and time.monotonic() < ends:  # lines are delivered once a second
            said = ran("trace", f"--request={request_id}")

    told = [line.split("  ")[-1].strip() for line in said.splitlines()]
    order = [
        "type=query",
        "receive=1",
        "attempt 1 was killed",
        "receive=2",
        "attempt 2 completed",
        "ended as completed",
    ]
    places = [next(place for place, line in enumerate(told) if line.startswith(words)) for words in order]
    assert places == sorted(places)
    assert "notice period" not in said


def test_an_unknown_request_is_said_to_be_unknown(stack: Stack) -> None:
    said = ran("trace", "--request=nobody-asked-this", "--since=2h", status=1)

    assert "no line of request nobody-asked-this is in" in said


def test_who_was_hurt_is_told_by_ending(stack: Stack) -> None:
    with asking(stack, ["hurt-1"]):
        pass

    endings: dict[str, str] = {}
    ends = time.monotonic() + 30
    while "hurt-1" not in endings and time.monotonic() < ends:  # lines are delivered once a second
        document = json.loads(ran("hurt", "--since=1h", "--json"))
        endings = {one["requestId"]: one["ending"] for one in document["hurt"]}
    assert endings["hurt-1"].startswith("buried: unavailable: ")
    assert "purged: the client is gone" in redriven("purged", "--purge-gone")


def test_logs_are_followed_until_control_c(stack: Stack) -> None:
    following = subprocess.Popen(
        [*command("logs"), "--request=followed-1"],
        cwd=PROJECT,
        env=TERMINAL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with connected(stack) as client:
            client.send({"action": "invoke", "text": question("followed-1"), "requestId": "followed-1"})
            client.receive_until("completed")
        shown = output_until(following, "attempt 1 completed")
    finally:
        following.send_signal(signal.SIGINT)
        _, said = following.communicate(timeout=30)

    assert following.returncode == 0
    assert said.splitlines()[-1] == "deploy: no longer following"
    assert "handler" in shown
    assert "notice period" not in shown


@pytest.fixture
def without_permission(stack: Stack, tmp_path: Path) -> Iterator[Any]:
    """A caller who may do all but one thing."""
    iam = boto3.client("iam", **stack.control_plane.client_arguments)
    iam.create_user(UserName="operator")
    key = iam.create_access_key(UserName="operator")["AccessKey"]

    def without(action: str) -> str:
        statements = [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": action, "Resource": "*"},
        ]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName="operator", PolicyName="all-but-one", PolicyDocument=policy)
        facts = json.loads((WORK_DIR / "stack.json").read_text())
        facts["environment"] |= {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
        file = tmp_path / "stack.json"
        file.write_text(json.dumps(facts))
        return str(file)

    yield without
    iam.delete_user_policy(UserName="operator", PolicyName="all-but-one")
    iam.delete_access_key(UserName="operator", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="operator")


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("dlq", "sqs:ReceiveMessage"),
        ("redrive", "sqs:GetQueueAttributes"),
        ("trace", "logs:StartQuery"),
        ("hurt", "logs:GetQueryResults"),
        ("logs", "logs:FilterLogEvents"),
    ],
)
def test_a_permission_that_is_missing_is_named(without_permission: Any, name: str, action: str) -> None:
    arguments = ("--request=r-1",) if name == "trace" else ()

    said = ran(name, *arguments, status=1, SELADOR_STACK_FILE=without_permission(action))

    assert f"{action} on " in said
    assert " is denied: " in said
