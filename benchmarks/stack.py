"""How fast the laptop stack is, and whether load leaves it as it was: writes benchmarks/stack.md.

A stack is brought up in a work folder of its own, as `make local` does, and asked by clients in this process. Its peer,
in the same run, is moto's own server without the overlay.
"""

import argparse
import asyncio
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from websockets.sync.client import connect

from benchmarks.stack_load import Asked, milliseconds, one_by_one, steady
from benchmarks.stack_processes import Held, RunningStack, cpu_seconds, held_by, running_stack
from benchmarks.stack_queue import DEPTHS, hop_milliseconds, plain_moto, receive_milliseconds, sqs
from benchmarks.stack_stores import fill_stores

REPORT = Path(__file__).parent / "stack.md"

WARM_UP, REQUESTS = 20, 200
CONNECTIONS, PER_SECOND, SECONDS = 200, 20, 60
# What grows with each request shows, and a machine that does other things keeps up.
LONG_CONNECTIONS, LONG_PER_SECOND = 20, 4
WARM_SECONDS = 60

_ECHO = """
import sys
from websockets.sync.server import serve
def echo(connection):
    for message in connection:
        connection.send(message)
with serve(echo, "127.0.0.1", 0, ping_interval=None) as server:
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="minutes of load, 0 for none (default: %(default)s)")
    minutes = parser.parse_args().minutes
    about = (
        f"`make bench-stack`, {platform.python_implementation()} {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} shared cores. The load average was {os.getloadavg()[0]:.1f} before it "
        "began, so other programs took that much of the cores."
    )
    lines = ["# The laptop stack, measured", "", about, ""]
    with running_stack() as stack:
        for section in (warm(stack), many(stack), depths(stack), long(stack, minutes)):
            for line in section:
                print(line, flush=True)
                lines.append(line)
            lines.append("")
    REPORT.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")


def warm(stack: RunningStack) -> Iterator[str]:
    """One request after another, to the first frame of the main function: it has the message and begins to answer."""
    asyncio.run(one_by_one(stack.url, WARM_UP))
    before = cpu_seconds(stack.pid)
    asked = asyncio.run(one_by_one(stack.url, REQUESTS))
    after = cpu_seconds(stack.pid)
    frames, accepted = milliseconds(asked, "first_frame_at"), milliseconds(asked, "accepted_at")
    with bare_echo() as url:
        echoed = echo_milliseconds(url, REQUESTS)
    with plain_moto() as environment:
        hopped = hop_milliseconds(sqs(environment), REQUESTS)
    yield f"## A warm request, {REQUESTS} of them in a row"
    yield ""
    yield "| figure | wanted | measured | a send and a receive at moto's own server | ratio |"
    yield "|---|--:|--:|--:|--:|"
    for name, wanted, share in (("median", "≤ 60 ms", 0.5), ("95th percentile", "", 0.95)):
        mine, peer = at(frames, share), at(hopped, share)
        yield f"| to main's first frame, {name} | {wanted} | {mine:.1f} ms | {peer:.1f} ms | {mine / peer:.1f} |"
    yield f"| to `accepted`, median | | {at(accepted, 0.5):.1f} ms | | |"
    yield ""
    yield (
        "The peer is the least that any laptop stack with a queue needs, by boto3, without permissions or functions. "
        f"A bare WebSocket echo takes {at(echoed, 0.5):.2f} ms here."
    )
    yield ""
    yield "| process | CPU of a request |"
    yield "|---|--:|"
    for kind, seconds in sorted(after.items(), key=lambda item: -item[1]):
        yield f"| {kind} | {(seconds - before.get(kind, 0)) / REQUESTS * 1000:.1f} ms |"


def many(stack: RunningStack) -> Iterator[str]:
    asked = asyncio.run(steady(stack.url, connections=CONNECTIONS, per_second=PER_SECOND, seconds=SECONDS))
    yield f"## {CONNECTIONS} connections, {PER_SECOND} requests a second for {SECONDS} s"
    yield ""
    yield from fates(asked)


def fates(asked: Sequence[Asked]) -> Iterator[str]:
    frames, ends = milliseconds(asked, "first_frame_at"), milliseconds(asked, "ended_at")
    yield "| asked | accepted | completed | ended otherwise | lost |"
    yield "|--:|--:|--:|--:|--:|"
    completed = sum(one.end == "completed" for one in asked)
    yield (
        f"| {len(asked):,} | {sum(one.accepted_at is not None for one in asked):,} | {completed:,} "
        f"| {len(ends) - completed:,} | {sum(not one.is_over for one in asked):,} |"
    )
    yield ""
    yield (
        f"To main's first frame: median {at(frames, 0.5):,.0f} ms, 95th percentile {at(frames, 0.95):,.0f} ms. To the "
        f"end of the answer: median {at(ends, 0.5):,.0f} ms, 95th percentile {at(ends, 0.95):,.0f} ms."
    )


def depths(stack: RunningStack) -> Iterator[str]:
    yield "## A receive, by the queue's depth"
    yield ""
    yield "| messages that wait | measured | moto's own server | ratio |"
    yield "|--:|--:|--:|--:|"
    with plain_moto() as other:
        for depth in DEPTHS:
            mine, peer = (receive_milliseconds(sqs(environment), depth) for environment in (stack.environment, other))
            yield f"| {depth:,} | {mine:.1f} ms | {peer:.1f} ms | {mine / peer:.2f} |"


def long(stack: RunningStack, minutes: float) -> Iterator[str]:
    """Load for so many minutes; what the processes hold after the first one and at the end."""
    if not minutes:
        return
    fill_stores(stack.environment)
    load = {"connections": LONG_CONNECTIONS, "per_second": LONG_PER_SECOND}
    asyncio.run(steady(stack.url, seconds=WARM_SECONDS, **load))
    before = settled(stack)
    asked = asyncio.run(steady(stack.url, seconds=minutes * 60, **load))
    after = settled(stack)
    yield f"## {minutes:g} minutes of {LONG_PER_SECOND} requests a second on {LONG_CONNECTIONS} connections"
    yield ""
    yield (
        "What each process holds after a minute of this load, and after all of it. What the stack keeps of logs and "
        "metrics was full before, so neither grows."
    )
    yield ""
    yield "| process | of them | memory | threads | open files |"
    yield "|---|--:|--:|--:|--:|"
    for kind in sorted(before.keys() | after.keys()):
        was, now = before.get(kind, Held()), after.get(kind, Held())
        yield (
            f"| {kind} | {was.processes} → {now.processes} | {was.memory_mb:.0f} → {now.memory_mb:.0f} MB "
            f"| {was.threads} → {now.threads} | {was.files} → {now.files} |"
        )
    yield ""
    yield from fates(asked)


def settled(stack: RunningStack) -> Mapping[str, Held]:
    """Return what the processes hold once the connections of the load are closed."""
    time.sleep(5)
    return held_by(stack.pid)


@contextmanager
def bare_echo() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-c", _ECHO], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield f"ws://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def echo_milliseconds(url: str, number: int) -> list[float]:
    taken = []
    with connect(url, proxy=None, ping_interval=None) as connection:
        for _ in range(number):
            began = time.perf_counter()
            connection.send("x" * 120)
            connection.recv()
            taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)


def at(times: Sequence[float], share: float) -> float:
    """Return the time that this share of them doesn't exceed, NaN if there are none."""
    return (
        statistics.quantiles(times, n=100, method="inclusive")[round(share * 100) - 1]
        if len(times) > 1
        else float("nan")
    )


if __name__ == "__main__":
    main()
