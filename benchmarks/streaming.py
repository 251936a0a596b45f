"""How fast an answer's tokens reach the client, against one post per token as public samples make it.

Both sides run here, against the same stand-in for `@connections`, whose posts take 20 ms. `make bench-streaming` prints
the table; `benchmarks/streaming.md` keeps the last one. Nothing is asserted: a figure is a figure of one machine.
"""

import argparse
import json
import os
import queue
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import Credentials

from selador_main.agents.agent import Caller, Text
from selador_main.agents.knowledge_base import KnowledgeBaseAgent
from selador_main.cancellation import Cancellation
from selador_main.connection import Connections
from selador_main.frame_writer import FrameWriter
from selador_main.outbox import Outbox
from selador_main.signature import PostSigner
from selador_main.transport import Transport
from selador_main.waiting import RealWaiting
from selador_shared.protocol import Completed, Delta, Query, Started, Step, encode_frame
from selador_shared.settings import Generation

LATENCY = 0.02
TOKENS = 1_000
STREAMS = 10
CREDENTIALS = Credentials("AKIDEXAMPLE", "secret", "token" * 60)
CONNECTION_ID = "S3Y7fd1cDoECJKQ="
HERE = Path(__file__).parent

Emit = Callable[[int, str], None]


@contextmanager
def stand_in(latency: float, bytes_per_second: float = 0) -> Iterator[str]:
    """Run the stand-in; yield the callback URL."""
    command = [sys.executable, str(HERE / "connections_stand_in.py"), str(latency), str(bytes_per_second)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/dev"
        finally:
            process.kill()


def taken_posts(url: str) -> list[tuple[float, str]]:
    with urllib.request.urlopen(url.removesuffix("/dev") + "/posts") as response:
        posts: list[tuple[float, str]] = json.load(response)
    return posts


def token(number: int) -> str:
    return f"t{number:04d} "


@contextmanager
def writer_to(url: str) -> Iterator[FrameWriter]:
    connections = Connections(Transport(), url, CREDENTIALS, "us-east-1", epoch_ms=RealWaiting().epoch_ms)
    writer = FrameWriter(
        Outbox("r-1", 1),
        lambda frame: connections.post(CONNECTION_ID, frame),
        Cancellation(),
        may_post=lambda: True,
        source=random.Random(1),
        waiting=RealWaiting(),
    )
    with writer:
        yield writer


def boto_client(service: str, url: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS.access_key,
        aws_secret_access_key=CREDENTIALS.secret_key,
        aws_session_token=CREDENTIALS.token,
        config=Config(retries={"total_max_attempts": 1}),
    )


def delta(number: int) -> bytes:
    return encode_frame(Delta(request_id="r-1", attempt=1, seq=number, text=token(number))).encode()


def model(rate: float, say: Callable[[int], None]) -> list[float]:
    """Say every token when it is due, later where the listener holds the model up; return when each was due."""
    began = time.monotonic()
    due = [began + number / rate for number in range(TOKENS)]
    for number, at in enumerate(due):
        if (pause := at - time.monotonic()) > 0:
            time.sleep(pause)
        say(number)
    return due


def selador(url: str, rate: float) -> list[float]:
    with writer_to(url) as writer:
        writer.send(Started)
        time.sleep(0.1)  # no model answers sooner
        due = model(rate, lambda number: writer.write(token(number)))
        writer.finish(Completed)
    return due


def inline(url: str, rate: float) -> list[float]:
    client = boto_client("apigatewaymanagementapi", url)
    client.post_to_connection(ConnectionId=CONNECTION_ID, Data=b"started")
    return model(rate, lambda number: client.post_to_connection(ConnectionId=CONNECTION_ID, Data=delta(number)))


def queue_thread(url: str, rate: float) -> list[float]:
    client = boto_client("apigatewaymanagementapi", url)
    client.post_to_connection(ConnectionId=CONNECTION_ID, Data=b"started")
    waiting: queue.Queue[bytes | None] = queue.Queue()

    def post() -> None:
        while (data := waiting.get()) is not None:
            client.post_to_connection(ConnectionId=CONNECTION_ID, Data=data)

    thread = threading.Thread(target=post)
    thread.start()
    due = model(rate, lambda number: waiting.put(delta(number)))
    waiting.put(None)
    thread.join()
    return due


def delays(url: str, run: Callable[[str, float], list[float]], rate: float) -> tuple[list[float], float, int]:
    """Return each token's delay, the time from the first one due to the last one taken, and the posts made."""
    taken_posts(url)
    due = run(url, rate)
    posts = taken_posts(url)
    taken = {}
    for at, body in posts:
        for word in (json.loads(body).get("text", "") if body.startswith("{") else "").split():
            taken[int(word[1:])] = at
    assert len(taken) == TOKENS, "tokens were lost"
    return [taken[number] - due[number] for number in range(TOKENS)], max(taken.values()) - due[0], len(posts)


def cpu_per_post(work: Callable[[], None], posts: int) -> float:
    """Return the CPU seconds of this process for each post."""
    began = time.process_time()
    work()
    return (time.process_time() - began) / posts


def streaming() -> Iterator[str]:
    yield "| tokens/s | how | first token | p99 | last token | total | posts |"
    yield "|---|---|---|---|---|---|---|"
    totals: dict[tuple[float, str], float] = {}
    with stand_in(LATENCY) as url:
        for rate in (100.0, 5_000.0):
            for name, run in (("Selador", selador), ("post per token", inline), ("queue and thread", queue_thread)):
                each, total, posts = delays(url, run, rate)
                totals[rate, name] = total
                p99 = statistics.quantiles(each, n=100)[98]
                yield (
                    f"| {rate:,.0f} | {name} | {each[0] / LATENCY:.2f} L | {p99 / LATENCY:.2f} L "
                    f"| {each[-1] / LATENCY:.2f} L | {total:.2f} s | {posts:,} |"
                )
    ratio = totals[5_000.0, "Selador"] / totals[5_000.0, "post per token"]
    yield f"\nTotal at 5,000 tokens/s against one post per token: {ratio:.4f}"


def cpu() -> Iterator[str]:
    posts = 1_000
    with stand_in(0) as url:
        client = boto_client("apigatewaymanagementapi", url)
        data = delta(1)
        client.post_to_connection(ConnectionId=CONNECTION_ID, Data=data)

        def plain() -> None:
            for _ in range(posts):
                client.post_to_connection(ConnectionId=CONNECTION_ID, Data=data)

        def ours() -> None:
            with writer_to(url) as writer:
                for number in range(posts):  # steps, which are not joined
                    writer.send(Step, name="step", status="started", index=number, count=posts)

        def sign() -> None:
            signer = PostSigner(url, "us-east-1")
            for _ in range(posts):
                signer.headers(
                    "/dev/@connections/S3Y7fd1cDoECJKQ%3D", data, CREDENTIALS.get_frozen_credentials(), time.time()
                )

        theirs = min(cpu_per_post(plain, posts) for _ in range(3))
        mine = min(cpu_per_post(ours, posts) for _ in range(3))
        signing = min(cpu_per_post(sign, posts) for _ in range(3))
    yield f"CPU per post: {mine * 1e6:.0f} µs, of which signing {signing * 1e6:.0f} µs"
    yield f"CPU per post of boto3's post_to_connection: {theirs * 1e6:.0f} µs; ratio {mine / theirs:.2f}"


def ten_streams() -> Iterator[str]:
    """The CPU of ten answers at once in one process, from the knowledge base's events to the posts."""
    query = Query.model_validate({"action": "invoke", "text": str(TOKENS)})
    with stand_in(LATENCY) as url:
        client = boto_client("bedrock-agent-runtime", url.removesuffix("/dev"))
        Transport().carry(client, read_seconds=5)
        agent = KnowledgeBaseAgent(client, "KB12345678", "arn:aws:bedrock:us-east-1::foundation-model/m", Generation())

        def texts() -> Iterator[str]:
            for event in agent.answer(query, Caller(None, None), Cancellation()):
                if isinstance(event, Text):
                    yield event.text

        def read() -> None:
            for _ in texts():
                pass

        def answer() -> None:
            with writer_to(url) as writer:
                writer.send(Started)
                for text in texts():
                    writer.write(text)
                writer.finish(Completed)

        reading, answering = (share_of_a_core([work] * STREAMS) for work in (read, answer))
    yield (
        f"{STREAMS} answers of 100 tokens/s in one process: {answering:.0%} of a core, "
        f"of which reading the knowledge base's events takes {reading:.0%}"
    )


def share_of_a_core(works: Iterable[Callable[[], None]]) -> float:
    """Do all of the work at once; return the share of a core that this process used meanwhile."""
    threads = [threading.Thread(target=work) for work in works]
    began, cpu_began = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.process_time() - cpu_began) / (time.monotonic() - began)


def memory(client_bytes_per_second: float) -> Iterator[str]:
    command = [sys.executable, __file__, "--memory-of-one", str(client_bytes_per_second)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    growth = said.splitlines()[-1].split()  # below the writer's log lines
    yield (
        f"20 MB to a client that reads {client_bytes_per_second / 1e3:,.0f} KB/s: peak memory grew by {growth[0]} MB, "
        f"to {growth[1]} MB, in {growth[2]} s, {growth[3]} frames, {growth[4]} posts"
    )


def memory_of_one(client_bytes_per_second: float) -> None:
    piece = "The flat has two rooms and a balcony to the south. "
    with stand_in(0.001, client_bytes_per_second) as url, writer_to(url) as writer:
        writer.send(Started)
        time.sleep(0.2)
        before = peak_memory_mb()
        began = time.monotonic()
        for _ in range(20_000_000 // len(piece)):
            writer.write(piece)
        writer.finish(Completed)
        seconds = time.monotonic() - began
        peak = peak_memory_mb()
        print(f"{peak - before:.1f} {peak:.0f} {seconds:.0f} {writer.tally.frames} {writer.tally.posts}")


def peak_memory_mb() -> float:
    """Return the most memory this process has held: the kernel's own mark, which no parent's is mixed into."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


COLD = """
import json, sys, time
event = json.load(sys.stdin)
import selador_main.handler as handler
imported = time.monotonic()
class Context:
    aws_request_id = "l-1"
    def get_remaining_time_in_millis(self): return 900_000
handler.handle(event, Context())
print(imported, file=sys.stderr)
"""


def cold_start(archive: Path) -> Iterator[str]:
    """Time from the start of a process that has nothing but the real zip to the first frame."""
    record = {
        "messageId": "m-1",
        "receiptHandle": "h-1",
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": str(int(time.time() * 1000))},
        "body": json.dumps(
            {
                "version": 1,
                "requestId": "r-1",
                "connectionId": CONNECTION_ID,
                "receivedAt": int(time.time() * 1000),
                "request": {"action": "invoke", "type": "query", "text": "1"},
            }
        ),
    }
    with tempfile.TemporaryDirectory() as folder, stand_in(LATENCY) as url:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
        endpoint = url.removesuffix("/dev")
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": folder,
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
            "CALLBACK_URL": url,
            "SQS_QUEUE_URL": f"{endpoint}/queue",
            "KNOWLEDGE_BASE_ID": "KB12345678",
            "MODEL_ARN": "arn:aws:bedrock:us-east-1::foundation-model/m",
            "MAX_ATTEMPTS": "3",
            "REQUEST_MAX_AGE_SECONDS": "900",
        }
        python = str(Path(sys.base_prefix) / "bin" / "python3")
        inits, firsts = [], []
        for _ in range(7):
            taken_posts(url)
            began = time.monotonic()
            done = subprocess.run(
                [python, "-S", "-c", COLD],
                input=json.dumps({"Records": [record]}),
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            inits.append(float(done.stderr.splitlines()[-1]) - began)
            firsts.append(taken_posts(url)[0][0] - began)
        timed = subprocess.run(
            [python, "-S", "-X", "importtime", "-c", "import selador_main.handler"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    yield (
        f"Cold start of {archive.name}, median of 7: init {statistics.median(inits) * 1000:.0f} ms, "
        f"first frame taken after {statistics.median(firsts) * 1000:.0f} ms (a post is {LATENCY * 1000:.0f} ms of it)"
    )
    yield "\n| import | ms, all below it included |\n|---|---|"
    rows = [line.removeprefix("import time:").split("|") for line in timed.stderr.splitlines() if "|" in line][1:]
    slowest = sorted(((int(row[1]), row[2].strip()) for row in rows), reverse=True)
    shown = [row for row in slowest if row[1].count(".") <= 1][:16]
    yield from (f"| `{name}` | {microseconds / 1000:.0f} |" for microseconds, name in shown)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--client-rate", type=float, default=2_000_000, help="bytes a second the slow client reads")
    parser.add_argument("--zip", type=Path, default=HERE.parent / "dist/main.zip", help="built for this machine")
    parser.add_argument("--memory-of-one", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of_one is not None:
        memory_of_one(arguments.memory_of_one)
        return
    for part in (streaming(), cpu(), ten_streams(), memory(arguments.client_rate), cold_start(arguments.zip)):
        for line in part:
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
