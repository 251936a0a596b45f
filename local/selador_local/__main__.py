"""Selador on this machine: what `make demo`, `make local`, `make token` and `make local-env` call.

exit status:
  0    it succeeded: the demo's answer is whole
  1    it refused or failed; the last line says why
  2    wrong usage
  129, 130, 143  SIGHUP, Ctrl-C or SIGTERM ended it
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from selador_client import demo
from selador_local.arguments import whole_number
from selador_local.clock import StackClock
from selador_local.data_plane.emulation import Emulation
from selador_local.errors import SeladorLocalError
from selador_local.issuer.keys import open_keys
from selador_local.issuer.tokens import mint
from selador_local.stack import page, ports, stack_file
from selador_local.stack.authorization import Authorization
from selador_local.stack.commands import StackError, explained
from selador_local.stack.failures import Failures, lines, told_by_logs
from selador_local.stack.interruption import interruptible, meanwhile, until_interrupted
from selador_local.stack.live_code import LiveCode
from selador_local.stack.observer import Observer
from selador_local.stack.output import Colour, Output
from selador_local.stack.progress import Progress
from selador_local.stack.proxies import past_proxies
from selador_local.stack.saved_files import look
from selador_local.stack.stack import DOCUMENTS, ISSUER, PROJECT, WORK_DIR, Stack, running
from selador_local.stack.viewers import LineViewer, ScreenViewer, Viewer
from selador_local.stack.watch import Watch

_FASTEST = 20  # at 60, workers on a busy machine lost their leases
_WAYS_TO_ASK = {
    Authorization.NONE: ("in a browser; it shows the stack, too", "make chat"),
    Authorization.JWT: (
        "in a browser, with a token in its settings; it shows the stack, too",
        "SELADOR_TOKEN=$(make -s token SUB=alice) make chat",
    ),
    Authorization.IAM: (
        "in a browser, with a signed URL in its settings; it shows the stack, too",
        'make chat URL="<signed>": docs/local-development.md says how to sign',
    ),
}
"""By who may connect: where the page is looked at, and what a terminal takes."""
_LOCAL_URL = f"ws://127.0.0.1:{ports.DEFAULT}/"
_QUESTION = "Which flats near the harbour allow pets?"


def main(arguments: list[str]) -> int:
    """Run the command; return the exit status: 0 success, 1 failure, 128 + the signal's number if one ended it."""
    options = _parse(arguments)
    output, errors = (Output(stream, os.environ) for stream in (sys.stdout, sys.stderr))
    if options.command in _PRINTED:
        return _print(options, output, errors)
    logs = options.work_dir / "logs"
    failures = Failures(
        PROJECT, logs, time.time, lambda failure: output.tell(output.painted("\n".join(lines(failure)), Colour.RED))
    )
    command = _demo if options.command == "demo" else _up

    def stopping() -> None:
        output.leave_screen()
        output.write("\nstopping everything\n")

    work = interruptible(command(options, output, failures), stopping)
    try:
        with told_by_logs(failures, logs / "stack.log"):
            return asyncio.run(work)
    except SeladorLocalError as error:
        complaint = str(error)
    except OSError as error:
        complaint = explained(error)
    errors.write(errors.painted(f"\n{complaint}\n", Colour.RED))
    return 1


def _print(options: argparse.Namespace, output: Output, errors: Output) -> int:
    """Print what the running stack's file tells."""
    try:
        output.write(_PRINTED[options.command](stack_file.read(options.work_dir / stack_file.NAME), options))
    except SeladorLocalError as error:
        errors.write(errors.painted(f"\n{error}\n", Colour.RED))
        return 1
    return 0


def _env(facts: Mapping[str, Any], _: argparse.Namespace) -> str:
    return stack_file.shell_commands(facts["environment"])


def _token(facts: Mapping[str, Any], options: argparse.Namespace) -> str:
    if not options.subject:
        raise StackError("SUB is missing; give SUB=<whom the token is for>")
    if facts["terraformVariables"]["authorization"] != Authorization.JWT:
        raise StackError("the stack that runs takes no tokens; start it with make local AUTH=jwt")
    now = datetime.now(UTC)
    issuer = json.loads(facts["terraformVariables"]["jwt"])["issuer"]
    keys = open_keys(options.work_dir / ISSUER, now)
    return f"{mint(keys, issuer, options.subject, now, expired=options.expired)}\n"


_PRINTED = {"env": _env, "token": _token}


async def _demo(options: argparse.Namespace, output: Output, failures: Failures) -> int:
    output.write(
        "No model runs here: a stand-in quotes documents. The rest is the same Terraform and the same zips as on AWS, "
        "on 127.0.0.1 only.\n\n"
    )
    progress = Progress(output)
    async with (
        _running(options, progress, failures) as stack,
        stack.control_plane_process.while_running(),
    ):
        if failures.newest_first():
            return 1
        answered = await demo.ask(stack.websocket_url, options.question, sys.stdout, os.environ)
        output.write(f"make local keeps such a stack up, and a page to ask from: {page.address(_LOCAL_URL)}\n")
    return 0 if answered else 1


async def _up(options: argparse.Namespace, output: Output, failures: Failures) -> int:
    seen = look(PROJECT)  # before anything is built: what is saved while the stack comes up is put in afterwards
    progress = Progress(output)
    async with (
        _running(options, progress, failures) as stack,
        stack.control_plane_process.while_running(),
    ):
        if stack.data_plane.port != options.port:
            output.write(f"\n  port {options.port} is taken, so the address is another one\n")
        output.write(welcome(stack.websocket_url, Authorization(options.auth), options.work_dir / "logs"))
        is_screen = output.is_terminal and not options.plain
        viewer: Viewer = ScreenViewer(output) if is_screen else LineViewer(output)
        live_code = LiveCode(stack.artifacts.folder, stack.control_plane)
        watch = Watch(
            PROJECT,
            stack.artifacts.folder,
            stack.artifacts.build,
            live_code,
            tell=lambda line: output.tell(f"  {line}"),
            complain=failures.add,
        )
        async with meanwhile(watch.follow(seen)):
            try:
                await until_interrupted(_show(stack.observer, viewer))
            finally:
                output.leave_screen()
    return 0


def welcome(url: str, authorization: Authorization, logs: Path) -> str:
    """Return what is told when a stack is up: where it is, and how to ask it."""
    page_is, chat = _WAYS_TO_ASK[authorization]
    return (
        f"\n  {url}\n\n"
        f"  Ask a question:  {page.address(url)}   ({page_is})\n"
        f"               or  {chat}   (in another terminal)\n"
        '  Or from any WebSocket client: {"action":"invoke","text":"How long is the notice period?"}\n'
        f"  Logs of functions and Terraform:  {logs}\n\n"
        "A changed line of a function is live in seconds. Ctrl-C stops everything.\n"
    )


async def _show(observer: Observer, viewer: Viewer) -> None:
    async for state in observer.states():
        viewer.show(state)


def _running(options: argparse.Namespace, progress: Progress, failures: Failures) -> AbstractAsyncContextManager[Stack]:
    emulation = Emulation(StackClock(options.time_scale, time.time()), options.seed, options.account_concurrency)
    return running(
        progress,
        work_dir=options.work_dir,
        documents=options.documents,
        failures=failures,
        emulation=emulation,
        port=options.port,
        authorization=Authorization(options.auth),
        fresh=options.fresh,
    )


def _parse(arguments: list[str]) -> argparse.Namespace:
    description, _, statuses = (__doc__ or "").partition("\nexit status:")
    parser = argparse.ArgumentParser(
        prog="python -m selador_local",
        description=description,
        epilog=f"exit status:{statuses}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, purpose in (
        ("token", "print a token of the running stack's own issuer"),
        ("env", "print the commands that let a shell's AWS clients reach the running stack"),
        ("demo", "start the stack, ask one question, print the answer as it streams, stop the stack"),
        ("up", "start the stack and keep it running until Ctrl-C"),
    ):
        command = commands.add_parser(name, help=purpose, description=purpose)
        command.add_argument(
            "--work-dir",
            type=lambda folder: Path(folder).absolute(),
            default=WORK_DIR,
            metavar="FOLDER",
            help="folder for artifacts, logs and stack.json (default: .local); each running stack needs its own",
        )
        if name == "token":
            command.add_argument("--subject", required=True, help="whom the token is for: its claim sub")
            command.add_argument("--expired", action="store_true", help="a token that has been over for an hour")
        if name in _PRINTED:
            continue
        command.add_argument(
            "--documents",
            type=Path,
            default=DOCUMENTS,
            help="folder of the .md and .txt files to answer from (default: local/documents)",
        )
        command.add_argument(
            "--port",
            type=whole_number(1, ports.HIGHEST - 3, "the stack takes four ports in a row"),
            default=ports.DEFAULT,
            metavar="N",
            help="of the WebSocket API; the next free one if it is taken (default: %(default)s)",
        )
        command.add_argument(
            "--auth",
            choices=[str(one) for one in Authorization],
            default=str(Authorization.NONE),
            help="who may connect: everybody here, whoever has a token of the stack's own issuer, whoever signs",
        )
        command.add_argument("--fresh", action="store_true", help="begin anew, without what the last stack left")
        _add_emulation(command)
        if name == "up":
            command.add_argument("--plain", action="store_true", help="a line for each change, instead of a screen")
        if name == "demo":
            command.add_argument("--question", default=_QUESTION, help="the question (default: %(default)s)")
    return parser.parse_args(arguments)


def _add_emulation(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--time-scale",
        type=_time_scale,
        default=1,
        metavar="N",
        help=f"let the stack's time go N times as fast, up to {_FASTEST}: ten idle minutes, a lease or an alarm's "
        "period are over N times sooner (default: 1)",
    )
    command.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="N",
        help="mix what AWS doesn't order, a route's response and a post, in another way (default: 1)",
    )
    command.add_argument(
        "--account-concurrency",
        type=int,
        default=1_000,
        metavar="N",
        help="let N invocations of functions run at once in the account; further ones are throttled (default: 1000)",
    )


def _time_scale(text: str) -> float:
    scale = float(text)
    if not 1 <= scale <= _FASTEST:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to {_FASTEST}")
    return scale


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]  # nothing here may reach a real account, or fail because its profile isn't here
    os.environ.update(past_proxies(os.environ))  # for all HTTP clients of this process and of those that it starts
    sys.exit(main(sys.argv[1:]))
