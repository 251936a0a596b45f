"""What a log line is, and what is never in one."""

import json
import subprocess
import sys

SCRIPT = """
import structlog
from pydantic import ValidationError
from selador_shared import logs
from selador_shared.envelope import Envelope

logs.configure("INFO")
log = structlog.get_logger()
log.debug("not seen")
with structlog.contextvars.bound_contextvars(requestId="r-1", attempt=2):
    log.info("attempt ended", outcome="Completed")
    question = "SECRET QUESTION"
    try:
        Envelope.model_validate_json('{"request": {"type": "query", "text": "SECRET QUESTION"}}')
    except ValidationError:
        log.exception("it failed")
"""


def test_lines_are_json_on_stdout_with_what_is_bound_and_never_the_question() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)

    info, failure = (json.loads(line) for line in done.stdout.splitlines())
    assert info["message"] == "attempt ended"
    assert (info["requestId"], info["attempt"], info["outcome"], info["level"]) == ("r-1", 2, "Completed", "info")
    assert failure["exception"][0]["exc_type"] == "ValidationError"
    assert "SECRET" not in done.stdout + done.stderr
