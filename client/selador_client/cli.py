"""Ask Selador questions, and print the answers as they stream.

The URL is that of --url, of the deployment --env (local is the laptop stack), of SELADOR_URL, or else of the laptop
stack that runs in this project. If the API asks for a token, put it into SELADOR_TOKEN.

exit status:
  0    the answer is whole
  1    the request failed or is lost; the message says whether and when to ask again
  2    wrong usage, or no URL
  3    the request was refused or blocked: the same won't be answered, or not with this token
  4    no connection could be had, for a refused token too
  5    the answer isn't whole: the model has reached its limit of tokens
  130  Ctrl-C
"""

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from selador_client.address import find_url, terraform_outputs
from selador_client.chat import chat
from selador_client.client import Answer, Client
from selador_client.errors import ConnectionFailedError, NoUrlError, RequestError, SeladorClientError
from selador_client.request import Again
from selador_client.terminal import Terminal
from selador_shared.protocol import encode_frame

_USAGE, _REFUSED, _NO_CONNECTION, _NOT_WHOLE, _INTERRUPTED = 2, 3, 4, 5, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status. Raises SystemExit(2) on wrong usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        url = find_url(options.url, options.env, Path.cwd(), os.environ, terraform_outputs)
        # Not an argument: other users of this machine can read arguments.
        token = os.environ.get("SELADOR_TOKEN", "").strip() or None
        if options.command == "chat":
            _chat(url, token)
            return 0
        return asyncio.run(_answer(url, token, _asking(parser, options), as_json=options.json))
    except SeladorClientError as error:
        Terminal(sys.stderr, os.environ).complain(error)
        return _status(error)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # its reader, `head` for example, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _status(error: SeladorClientError) -> int:
    match error:
        case NoUrlError():
            return _USAGE
        case ConnectionFailedError():
            return _NO_CONNECTION
        case RequestError(again=Again.NEVER | Again.ON_A_NEW_CONNECTION):
            return _REFUSED
        case _:
            return 1


def _parser() -> argparse.ArgumentParser:
    description, _, statuses = (__doc__ or "").partition("\nexit status:")
    parser = argparse.ArgumentParser(
        prog="selador",
        description=description,
        epilog=f"exit status:{statuses}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    address = argparse.ArgumentParser(add_help=False)
    where = address.add_mutually_exclusive_group()
    where.add_argument("--url", help="WebSocket URL of the stage: wss://…")
    where.add_argument("--env", help="a deployment of this project: dev, staging, prod, or local")
    frames = argparse.ArgumentParser(add_help=False)
    frames.add_argument("--json", action="store_true", help="print the frames as they come, one JSON object per line")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("chat", parents=[address], help="ask questions in a conversation, on the terminal")
    ask = commands.add_parser("ask", parents=[address, frames], help="ask one question")
    ask.add_argument("question", nargs="+", metavar="QUESTION")
    run = commands.add_parser("workflow", parents=[address, frames], help="run a workflow")
    run.add_argument("name", metavar="NAME")
    run.add_argument("inputs", nargs="*", metavar="KEY=VALUE")
    return parser


def _asking(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Callable[[Client], Answer]:
    if options.command == "ask":
        question = " ".join(options.question)
        if not question.strip():
            parser.error('the question is blank; give a QUESTION, or make ask Q="…"')
        return lambda client: client.query(question)
    pairs = [text.partition("=") for text in options.inputs]
    wrong = [key for key, equals, _ in pairs if not (key and equals)]
    if wrong:
        parser.error(f"{wrong[0]!r} is no input; give KEY=VALUE")
    inputs = {key: value for key, _, value in pairs}
    if len(inputs) < len(pairs):
        parser.error("an input is given twice; once is the limit")
    return lambda client: client.workflow(options.name, inputs)


async def _answer(url: str, token: str | None, asking: Callable[[Client], Answer], *, as_json: bool) -> int:
    terminal = Terminal(sys.stdout, os.environ)
    client = Client(url, token)
    if not as_json:
        await terminal.connect(client)
    async with client:
        answer = asking(client)
        if as_json:
            async for frame in answer:
                print(encode_frame(frame), flush=True)
        else:
            await terminal.show(answer, client, [])
    request = answer.request
    return _NOT_WHOLE if request.completed is not None and request.completed.truncated else 0


def _chat(url: str, token: str | None) -> None:
    terminal = Terminal(sys.stdout, os.environ)
    prompt = ""
    if sys.stdin.isatty() and terminal.is_terminal:
        with contextlib.suppress(ImportError):  # Windows has none
            import readline  # noqa: F401, PLC0415  # gives input() editing and history, on a terminal only
        prompt = terminal.prompt
    chat(url, token, lambda: input(prompt), terminal)
    if prompt:
        terminal.line()  # Ctrl-D leaves the cursor behind the prompt
