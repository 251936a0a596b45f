"""How many bytes of log a request costs, by who writes them: CloudWatch bills what it takes in.

usage: python -m benchmarks.log_bytes [--questions N]

Asks questions of the stack that `make local` runs, each on a connection of its own, and reads what the deployed log
groups hold of that time. CloudWatch counts 26 bytes more for each line. Writes benchmarks/log_bytes.json, from which
`make cost` reads. Lambda's own lines about starts, which cold functions write, are among them.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selador_deploy.laptop import find_laptop

PROJECT = Path(__file__).parents[1]
REPORT = PROJECT / "benchmarks" / "log_bytes.json"
QUESTION = "Which flats near the harbour allow pets?"
BYTES_OF_A_LINE = 26
PARTS = {
    "/aws/lambda/selador-local-main": "main",
    "/aws/lambda/selador-local-websocket-handler": "websocket_handler",
    "/aws/apigateway/selador-local/access": "access",
}
WRITTEN_SECONDS = 5
"""How long after an answer its last line is in its log group."""


def ask() -> None:
    """Ask one question on a connection of its own."""
    command = [sys.executable, "-m", "selador_client", "ask", "--env=local", "--", QUESTION]
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)


def lines(logs: Any, group: str, since_ms: int) -> Iterator[str]:
    """Yield the lines of a log group since a time."""
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since_ms)
    for page in pages:
        for event in page["events"]:
            yield event["message"]


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=20)
    questions = parser.parse_args().questions
    laptop = find_laptop(PROJECT, os.environ)
    if laptop is None:
        sys.exit("the shell says where AWS is; run this without AWS_ENDPOINT_URL")
    logs = laptop.make_client("logs")
    ask()  # what starts cold
    time.sleep(WRITTEN_SECONDS)
    since_ms = int(laptop.now().timestamp() * 1000)
    for _ in range(questions):
        ask()
    time.sleep(WRITTEN_SECONDS)

    found = {part: list(lines(logs, group, since_ms)) for group, part in PARTS.items()}
    report = {
        "measured": laptop.now().date().isoformat(),
        "questions": questions,
        "linesOfARequest": {part: round(len(some) / questions, 1) for part, some in sorted(found.items())},
        "bytesOfARequest": {
            part: round(sum(len(line.encode()) + BYTES_OF_A_LINE for line in some) / questions)
            for part, some in sorted(found.items())
        },
    }
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(REPORT.read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
