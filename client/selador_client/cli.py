"""The command line: `python -m selador_client [--url URL] [--json] [QUESTION…]`."""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from selador_client.chat import chat
from selador_client.client import connect
from selador_client.errors import SeladorClientError
from selador_client.stack import find_url
from selador_client.terminal import Terminal
from selador_shared.protocol import Completed, Error, encode_frame


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0 for a completed answer (or the end of a chat), 1 for a failure.

    Raises SystemExit(2) on wrong usage.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.json and not options.question:
        parser.error("--json needs a QUESTION")
    try:
        url = options.url or find_url(Path.cwd(), os.environ)
        # Not an argument: other users of this machine can read arguments.
        token = os.environ.get("SELADOR_TOKEN")
        if not options.question:
            return _chat(url, token)
        question = " ".join(options.question)
        return _print_frames(url, token, question) if options.json else _answer(url, token, question)
    except SeladorClientError as error:
        Terminal(sys.stderr, os.environ).complain(error)
        return 1
    except KeyboardInterrupt:
        return 130  # what shells report of a command that Ctrl-C ended


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m selador_client",
        description="Ask Selador a question, or several in a conversation, and print the answers as they stream.",
        epilog="If the API asks for a token, put it into $SELADOR_TOKEN.",
    )
    parser.add_argument(
        "--url",
        type=_websocket_url,
        help="WebSocket URL of the stage (default: the laptop stack if it runs in this project, else $SELADOR_URL)",
    )
    parser.add_argument("--json", action="store_true", help="print the frames, one JSON object per line")
    parser.add_argument(
        "question", nargs="*", metavar="QUESTION", help="the question; without one, a conversation begins"
    )
    return parser


def _websocket_url(value: str) -> str:
    if urlsplit(value).scheme not in {"ws", "wss"} or not urlsplit(value).hostname:
        raise argparse.ArgumentTypeError(f"{value!r} isn't a WebSocket URL such as wss://abc123.execute-api.…/dev")
    return value


def _answer(url: str, token: str | None, question: str) -> int:
    with connect(url, token) as client:
        end = Terminal(sys.stdout, os.environ).show(client.ask(question))
    if isinstance(end, Error):
        Terminal(sys.stderr, os.environ).complain(end)
        return 1
    return 0


def _print_frames(url: str, token: str | None, question: str) -> int:
    frame = None
    with connect(url, token) as client:
        for frame in client.ask(question):
            print(encode_frame(frame), flush=True)
    return 0 if isinstance(frame, Completed) else 1


def _chat(url: str, token: str | None) -> int:
    terminal = Terminal(sys.stdout, os.environ)
    prompt = ""
    if sys.stdin.isatty() and sys.stdout.isatty():
        with contextlib.suppress(ImportError):  # Windows has none
            import readline  # noqa: F401, PLC0415  # gives input() editing and history, on a terminal only
        prompt = "> "
        terminal.note(f"connected to {url}; Ctrl-C stops an answer, Ctrl-D ends")
    chat(lambda: connect(url, token), lambda: input(prompt), terminal)
    if prompt:
        print()  # Ctrl-D leaves the cursor behind the prompt
    return 0
