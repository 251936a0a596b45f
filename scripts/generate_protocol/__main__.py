"""Write what is published of the WebSocket protocol, from the pydantic models that define it.

usage: python -m generate_protocol [--check]

docs/schemas/message.json (what a client sends), frame.json (what it receives) and gateway_error.json (what API Gateway
itself may answer), docs/asyncapi.yaml and client/typescript/protocol.ts. With --check nothing is written. Exit
status: 1 when --check finds a file out of date.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from generate_protocol.asyncapi import asyncapi
from generate_protocol.schemas import frame_schema, gateway_error_schema, message_schema
from generate_protocol.typescript import typescript

PROJECT = Path(__file__).resolve().parents[2]


def generate() -> dict[Path, str]:
    """Return the text of every generated file, by its path below the project."""
    message, frame, gateway_error = message_schema(), frame_schema(), gateway_error_schema()
    return {
        Path("docs/schemas/message.json"): json.dumps(message, indent=2) + "\n",
        Path("docs/schemas/frame.json"): json.dumps(frame, indent=2) + "\n",
        Path("docs/schemas/gateway_error.json"): json.dumps(gateway_error, indent=2) + "\n",
        Path("docs/asyncapi.yaml"): asyncapi(message, frame, gateway_error),
        Path("client/typescript/protocol.ts"): typescript(message, frame, gateway_error),
    }


def main(arguments: Sequence[str], project: Path = PROJECT) -> int:
    parser = argparse.ArgumentParser(
        prog="generate_protocol", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="fail if a file is out of date, and write nothing")
    options = parser.parse_args(arguments)
    outdated = {
        path: text
        for path, text in generate().items()
        if not (project / path).is_file() or (project / path).read_text() != text
    }
    for path, text in outdated.items():
        print(f"protocol: {path} {'is out of date; run make protocol' if options.check else 'written'}")
        if not options.check:
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text)
    return 1 if options.check and outdated else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
