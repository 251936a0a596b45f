"""A conversation on the terminal."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from selador_client.address import without_secrets
from selador_client.client import Client
from selador_client.connecting import Token
from selador_client.errors import SeladorClientError
from selador_client.request import Request
from selador_client.terminal import Terminal, Timed
from selador_client.transcript import as_markdown
from selador_shared.protocol import encode_frame

COMMANDS = """\
/new           begin a new conversation
/sources       show the last answer's sources, whole
/frames        show the last answer's frames, with the seconds from the question to each
/save FILE     write this conversation to FILE, as Markdown
/help          show this
Ctrl-C stops an answer. Ctrl-D ends."""


def chat(url: str, token: Token | None, read_question: Callable[[], str], terminal: Terminal) -> None:
    """Ask what `read_question` returns until it raises EOFError, all in one session.

    Raises ConnectionFailedError if the first connection fails; later failures are printed.
    """
    with asyncio.Runner() as runner:
        conversation = _Conversation(Client(url, token), terminal, runner)
        runner.run(terminal.connect(conversation.client))
        terminal.note(f"connected to {without_secrets(url)}; /help lists the commands")
        terminal.line()
        try:
            while (question := _next_question(read_question, terminal)) is not None:
                if question.startswith("/"):
                    conversation.command(question)
                else:
                    conversation.ask(question)
                terminal.line()
        finally:
            runner.run(conversation.client.__aexit__(None, None, None))


class _Conversation:
    def __init__(self, client: Client, terminal: Terminal, runner: asyncio.Runner) -> None:
        self.client = client
        self._terminal = terminal
        self._runner = runner
        self._session_id: str | None = None
        self._turns: list[tuple[str, Request]] = []
        self._frames: list[Timed] = []

    def ask(self, question: str) -> None:
        """Ask and show. The event loop runs only meanwhile: at the prompt, nothing is under way."""
        self._terminal.line()
        try:
            self._runner.run(self._ask(question))
        except KeyboardInterrupt:
            pass  # the answer is stopped, and says so
        except SeladorClientError as error:
            self._terminal.complain(error)

    async def _ask(self, question: str) -> None:
        answer = self.client.query(question, self._session_id)
        self._turns.append((question, answer.request))
        self._frames = []
        try:
            await self._terminal.show(answer, self.client, self._frames)
        finally:
            if answer.request.completed is not None:
                self._session_id = answer.request.completed.session_id or self._session_id

    def command(self, line: str) -> None:
        name, _, argument = line.partition(" ")
        match name, argument.strip():
            case "/new", "":
                self._session_id = None
                self._terminal.note("a new conversation")
            case "/sources", "" if self._turns:
                self._terminal.show_passages(self._turns[-1][1])
            case "/frames", "" if self._turns:
                for seconds, frame in self._frames:
                    members = {"atSeconds": round(seconds, 3), **json.loads(encode_frame(frame))}
                    self._terminal.line(json.dumps(members, ensure_ascii=True))
            case (("/sources" | "/frames"), ""):
                self._terminal.note("nothing was asked yet")
            case "/save", "":
                self._terminal.note("name a file: /save FILE")
            case "/save", file:
                self._save(Path(file).expanduser())
            case "/help", "":
                self._terminal.note(COMMANDS)
            case _:
                self._terminal.note(f"{name} is no command here; /help lists them")

    def _save(self, path: Path) -> None:
        try:
            with path.open("x", encoding="utf-8", errors="replace") as file:
                file.write(as_markdown(self._turns))
        except FileExistsError:
            self._terminal.note(f"{path} exists already; name another file")
        except (OSError, ValueError) as error:  # ValueError: a null byte in the name
            self._terminal.note(f"{path} can't be written: {error}")
        else:
            self._terminal.note(f"saved to {path}")


def _next_question(read_question: Callable[[], str], terminal: Terminal) -> str | None:
    while True:
        try:
            question = read_question().strip()
        except KeyboardInterrupt:
            terminal.end_question()
            terminal.line()
            terminal.note("Ctrl-D ends the conversation")
            terminal.line()
            continue
        except EOFError:
            terminal.end_question()
            return None
        terminal.end_question()
        if question:
            return question
