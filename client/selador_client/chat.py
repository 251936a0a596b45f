"""A conversation on the terminal."""

from collections.abc import Callable

from selador_client.client import Client
from selador_client.errors import SeladorClientError
from selador_client.terminal import Terminal
from selador_shared.protocol import Error


def chat(connect: Callable[[], Client], read_question: Callable[[], str], terminal: Terminal) -> None:
    """Ask what `read_question` returns until it raises EOFError, all in one session.

    Ctrl-C stops an answer: it closes the connection, as the protocol says, and the next question opens another.

    Raises SeladorClientError if the first connection fails; later failures are printed.
    """
    client = connect()
    session_id = None
    try:
        while True:
            question = _next_question(read_question, terminal)
            if question is None:
                return
            try:
                if not client.is_open:
                    client = connect()
                end = terminal.show(client.ask(question, session_id))
            except KeyboardInterrupt:
                terminal.note("stopped")
                client.close()
            except SeladorClientError as error:
                terminal.complain(error)
                client.close()
            else:
                if isinstance(end, Error):
                    terminal.complain(end)
                else:
                    session_id = end.session_id or session_id
    finally:
        client.close()


def _next_question(read_question: Callable[[], str], terminal: Terminal) -> str | None:
    while True:
        try:
            if question := read_question().strip():
                return question
        except KeyboardInterrupt:
            terminal.note("Ctrl-D ends the conversation")
        except EOFError:
            return None
