"""What the websocket handler costs, cold and warm: the real zip, run by AWS's own runtime client.

usage: python -m benchmarks.handler [--starts N] [--messages N]

Builds the zip for this machine, beside it (a) the same code by plain `pip install -t` and (b) a function that only
calls `send_message` by boto3; unpacks each, as Lambda does, and runs it with awslambdaric against a Runtime API and an
SQS of its own on 127.0.0.1. Starts alternate between them. `ready` is from the process's start to its first poll for an
event; CPU is the process's own, all threads, from /proc. What the handler itself does for a message is measured without
a runtime client and with a queue that answers at once. Prints tables; nothing else is written.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

from benchmarks.cold_start import cpu_seconds
from selador_local.data_plane.lambda_service.runtime import make_runtime_dir

PROJECT = Path(__file__).resolve().parents[1]
EVENT = json.loads((PROJECT / "tests/events/message.json").read_text())
BARE = """
import json, os, boto3
sqs = boto3.client("sqs")
def handle(event, context):
    sent = sqs.send_message(QueueUrl=os.environ["SQS_QUEUE_URL"], MessageBody=event["body"])
    return {"statusCode": 200, "body": json.dumps({"messageId": sent["MessageId"]})}
"""
LIBRARIES = """
import gc
gc.disable()
import structlog
from botocore.session import Session
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
gc.freeze()
gc.enable()
def handle(event, context):
    return {"statusCode": 200}
"""
OWN_WORK = """
import json, statistics, sys, time
from selador_websocket_handler import handler

class Queue:
    def send_message(self, **_):
        return {"MessageId": "m"}

object.__setattr__(handler._intake, "sqs", Queue())
events, messages = json.loads(sys.argv[1]), int(sys.argv[2])
costs = {}
for kind, event in events.items():
    runs = []
    for run in range(11):  # the first warms up
        began = time.process_time()
        for _ in range(messages // 10):
            handler.handle(event, None)
        runs.append((time.process_time() - began) / (messages // 10) * 1000)
    costs[kind] = statistics.median(runs[1:])
print(json.dumps(costs), file=sys.stderr)
"""
EVENTS: dict[str, dict[str, Any]] = {
    "invoke": EVENT,
    "ping": EVENT | {"body": '{"action":"ping"}'},
    "error": EVENT | {"body": '{"action":"invoke","text":"x","colour":1}'},
    "$connect": json.loads((PROJECT / "tests/events/connect.json").read_text()),
    "$disconnect": json.loads((PROJECT / "tests/events/disconnect.json").read_text()),
}


@dataclass
class RuntimeApi:
    """Lambda's side: hands out events, notes when the function polls and answers."""

    events: "Queue[bytes | None]" = field(default_factory=Queue)
    polled: "Queue[float]" = field(default_factory=Queue)
    answered: "Queue[bytes]" = field(default_factory=Queue)


def serving(handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def runtime_handler(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            api.polled.put(time.perf_counter())
            event = api.events.get()
            if event is None:
                return
            reply(
                self,
                event,
                {
                    "Lambda-Runtime-Aws-Request-Id": "r",
                    "Lambda-Runtime-Deadline-Ms": "9999999999999",
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
                },
            )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.endswith("/error"):
                print(body.decode(), file=sys.stderr)
            api.answered.put(body)
            reply(self, b"{}", {}, 202)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


class Sqs(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        import hashlib  # noqa: PLC0415  # botocore compares the digest

        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        digest = hashlib.md5(sent["MessageBody"].encode(), usedforsecurity=False).hexdigest()
        reply(self, json.dumps({"MessageId": "m", "MD5OfMessageBody": digest}).encode(), {})

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def reply(handler: BaseHTTPRequestHandler, body: bytes, headers: dict[str, str], status: int = 200) -> None:
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def variables_of(sqs: str) -> dict[str, str]:
    """The environment variables of Lambda, and of the handler's settings."""
    return {
        "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": sqs,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13", "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "SQS_QUEUE_URL": f"{sqs}/123456789012/q", "QUERY_TEXT_LIMIT": "1000", "DEADLINE_SECONDS": "3960",
    }  # fmt: skip


@contextmanager
def function(code: Path, handler: str, runtime_dir: Path, sqs: str) -> Iterator[tuple[int, RuntimeApi, float, float]]:
    """A running function: its process, its Runtime API, and what its start took: seconds, and seconds of CPU."""
    api = RuntimeApi()
    server = serving(runtime_handler(api))
    variables = variables_of(sqs) | {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}",
        "LAMBDA_TASK_ROOT": str(code), "PYTHONPATH": f"{code}:{runtime_dir}",
    }  # fmt: skip
    began = time.perf_counter()
    # -B: Lambda's code folder can't be written.
    process = subprocess.Popen(
        [sys.executable, "-S", "-B", "-m", "awslambdaric", handler],
        env=variables, cwd=code, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        ready = api.polled.get(timeout=60) - began
        yield process.pid, api, ready, cpu_seconds(process.pid)
    finally:
        process.kill()
        process.communicate()
        api.events.put(None)
        server.shutdown()
        server.server_close()


def warm(pid: int, api: RuntimeApi, event: dict[str, Any], messages: int) -> float:
    """The CPU of one message, in ms: the median of ten runs of `messages` / 10."""
    body = json.dumps(event).encode()

    def send(count: int) -> None:
        for _ in range(count):
            api.events.put(body)
            api.answered.get(timeout=30)
            api.polled.get(timeout=30)

    send(50)
    costs = []
    for _ in range(10):
        before = cpu_seconds(pid)
        send(messages // 10)
        costs.append((cpu_seconds(pid) - before) / (messages // 10) * 1000)
    return statistics.median(costs)


def variants(folder: Path) -> dict[str, tuple[Path, str]]:
    """Build and unpack each function; return its folder and handler by the table's name for it."""
    ours = "selador_websocket_handler.handler.handle"
    run = [sys.executable, str(PROJECT / "packaging/build_artifacts.py"), "--architecture", "host"]
    subprocess.run([*run, "--output", str(folder / "dist")], check=True, capture_output=True)
    unpack(folder / "dist/websocket_handler.zip", folder / "ours")
    (folder / "ours/libraries.py").write_text(LIBRARIES)

    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-warn-script-location", "-t"]
    lock = re.sub(r" \\\n\s+--hash=\S+", "", (PROJECT / "requirements.txt").read_text())
    (folder / "constraints.txt").write_text(lock)
    own = [str(PROJECT / "functions" / name) for name in ("shared", "websocket_handler")]
    wheels = folder / "wheels"
    for source in own:  # pip would build in the source folder
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), source]
        subprocess.run(build, check=True, capture_output=True, cwd=folder)
    constraints = ["-c", str(folder / "constraints.txt")]
    subprocess.run([*pip, str(folder / "a"), *constraints, *map(str, wheels.glob("*.whl"))], check=True)
    shutil.make_archive(str(folder / "a"), "zip", folder / "a")
    unpack(folder / "a.zip", folder / "plain")

    subprocess.run([*pip, str(folder / "b"), *constraints, "boto3"], check=True)
    (folder / "b/bare.py").write_text(BARE)
    shutil.make_archive(str(folder / "b"), "zip", folder / "b")
    unpack(folder / "b.zip", folder / "bare")

    for name in ("ours", "plain", "bare"):
        shutil.copytree(folder / name, folder / f"{name}-bytecode")
        compiled = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(folder / f"{name}-bytecode")]
        subprocess.run([sys.executable, *compiled], check=False)
    return {
        "the handler's zip, as built": (folder / "ours", ours),
        "the handler's zip, all bytecode": (folder / "ours-bytecode", ours),
        "its libraries' imports alone, all bytecode": (folder / "ours-bytecode", "libraries.handle"),
        "(a) plain pip install -t": (folder / "plain", ours),
        "(a) with all bytecode": (folder / "plain-bytecode", ours),
        "(b) bare send_message": (folder / "bare", "bare.handle"),
        "(b) with all bytecode": (folder / "bare-bytecode", "bare.handle"),
    }


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip; pip's bytecode is stale then, since it goes by its source's time."""
    with zipfile.ZipFile(archive) as zip_file:
        zip_file.extractall(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=15, help="starts of each function (default: %(default)s)")
    parser.add_argument("--messages", type=int, default=2000, help="messages of each kind (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="selador-benchmark-") as place:
        folder = Path(place)
        functions = variants(folder)
        runtime_dir = make_runtime_dir(folder / "runtime")
        server = serving(Sqs)
        sqs = f"http://127.0.0.1:{server.server_address[1]}"
        starts: dict[str, list[tuple[float, float]]] = {name: [] for name in functions}
        for _ in range(options.starts):
            for name, (code, handler) in functions.items():
                with function(code, handler, runtime_dir, sqs) as (_, _, ready, cpu):
                    starts[name].append((ready * 1000, cpu * 1000))
        reference = statistics.median(cpu for _, cpu in starts["(a) plain pip install -t"])
        print(f"{os.cpu_count()} CPUs, Python {sys.version.split()[0]}, {options.starts} starts each\n")
        print("| cold start | ready, ms | CPU, ms | of (a), by CPU |\n|---|---|---|---|")
        for name, figures in starts.items():
            ready, cpu = (statistics.median(column) for column in zip(*figures, strict=True))
            print(f"| {name} | {ready:.0f} | {cpu:.0f} | {cpu / reference:.2f} |")
        print(f"\n| warm, {options.messages} messages | CPU a message, ms |\n|---|---|")
        for name, kinds in (("the handler's zip, all bytecode", [*EVENTS]), ("(b) with all bytecode", ["invoke"])):
            code, handler = functions[name]
            with function(code, handler, runtime_dir, sqs) as (pid, api, _, _):
                for kind in kinds:
                    label = "the handler" if name.startswith("the") else "(b) bare"
                    print(f"| {label}: {kind} | {warm(pid, api, EVENTS[kind], options.messages):.3f} |")
        with function(*idle(folder), runtime_dir, sqs) as (pid, api, _, _):
            print(f"| a handler that returns at once | {warm(pid, api, EVENTS['ping'], options.messages):.3f} |")
        print("\n| the handler's own work, the send left out | CPU a message, ms |\n|---|---|")
        for kind, cost in own_work(functions["the handler's zip, as built"][0], sqs, options.messages).items():
            print(f"| {kind} | {cost:.3f} |")
    return 0


def own_work(code: Path, sqs: str, messages: int) -> dict[str, float]:
    """The CPU of one message of each kind in ms, in a process without a runtime client whose queue answers at once."""
    done = subprocess.run(
        [sys.executable, "-S", "-B", "-c", OWN_WORK, json.dumps(EVENTS), str(messages)],
        env=variables_of(sqs) | {"PYTHONPATH": str(code)},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True,
    )  # fmt: skip
    costs: dict[str, float] = json.loads(done.stderr)
    return costs


def idle(folder: Path) -> tuple[Path, str]:
    """What the runtime client itself costs for each event."""
    (folder / "idle").mkdir()
    (folder / "idle/idle.py").write_text('def handle(event, context):\n    return {"statusCode": 200}\n')
    return folder / "idle", "idle.handle"


if __name__ == "__main__":
    sys.exit(main())
