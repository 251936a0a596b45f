"""Write the outcome table into docs/architecture.md: `make tables`.

What follows from an ending is main's own table (`selador_main.outcomes.OUTCOMES`). Here are the words for each ending,
and the end-to-end tests that provoke it. Rows without an ending tell what an attempt survives.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from generated import Markers, write

from selador_main.outcomes import OUTCOMES, Ending, Fate, Row

MARKERS = Markers("<!-- outcome-table:begin -->", "<!-- outcome-table:end -->")
DOCUMENT = Path("docs") / "architecture.md"

FRAMES = {
    Ending.OUT_OF_TIME: "`error` `deadline_exceeded`",
    Ending.EXPIRED: "`error` `deadline_exceeded`, before any paid call",
    Ending.EXHAUSTED: "`error` `attempts_exhausted`",
    Ending.UNREADABLE: "`error` `internal`, if the message's address can be read",
    Ending.BLOCKED: "`error` `content_blocked`",
    Ending.NOT_UNDERSTOOD: "`error` `internal`",
    Ending.DEPLOYMENT_FAULT: "`retrying` with the code `internal`",
    Ending.LEASE_LOST: "nothing: another worker speaks",
}
"""What a frame's name alone doesn't say."""

FATES = {
    Fate.DELETED: "deleted",
    Fate.RETRIED: "back after the backoff; buried after the last attempt",
    Fate.BURIED: "to the dead-letter queue",
    Fate.LEFT: "left alone",
}


@dataclass(frozen=True)
class Told:
    """An ending in words, and the tests that provoke it."""

    ending: Ending
    what: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Survived:
    """Something that ends no attempt, or leaves nobody to end it."""

    what: str
    to_client: str
    to_message: str
    counted: str
    tests: tuple[str, ...]


ROWS: tuple[Told | Survived, ...] = (
    Told(Ending.ANSWERED, "answered", ("test_answered",)),
    Survived(
        "throttled, 5xx, no connection, before the model's first event: nothing was paid",
        "`heartbeat` with `waitingFor`",
        "asked again inside the attempt, as long as useful life and function time last",
        "",
        ("test_what_was_refused_before_it_cost_anything_is_asked_again_inside_the_attempt",),
    ),
    Told(
        Ending.FAILED,
        "stream cut, throttled or ended inside an event; no character; a failure told inside a 200",
        ("test_a_failed_attempt_is_retried", "test_attempts_that_all_fail_are_buried"),
    ),
    Told(
        Ending.DEPLOYMENT_FAULT,
        "the deployment's fault: access denied, no such knowledge base, a parameter that the model refuses",
        ("test_a_failed_attempt_is_retried", "test_attempts_that_all_fail_are_buried"),
    ),
    Told(
        Ending.NOT_UNDERSTOOD,
        "the agent answers in a form that nothing here reads",
        ("test_every_cause_has_its_row",),
    ),
    Told(Ending.BLOCKED, "blocked by a guardrail", ("test_a_blocked_request_is_an_error_at_once",)),
    Told(
        Ending.REFUSED,
        "the client's fault; only if the handler, of another release, let it through",
        ("test_a_refused_request_is_an_error_that_is_not_retryable",),
    ),
    Told(
        Ending.CLIENT_GONE,
        "client gone: 410, and 410 at a second look. The model's stream, or the wait for it, ends at once",
        (
            "test_a_client_that_has_gone_before_the_attempt_costs_no_answer",
            "test_a_client_that_leaves_during_the_answer_stops_the_model",
            "test_a_client_that_leaves_while_the_model_says_nothing_is_noticed_by_a_heartbeat",
        ),
    ),
    Told(
        Ending.CLIENT_UNRESPONSIVE,
        "the client takes no frame for two minutes",
        ("test_a_client_that_takes_nothing_for_two_minutes_counts_as_gone",),
    ),
    Survived(
        "`@connections` fails or throttles for a while",
        "nothing lost, nothing out of order",
        "goes on",
        "`FailedPosts`, `ThrottledPosts`",
        ("test_posts_that_fail_for_a_while_lose_and_double_nothing",),
    ),
    Told(
        Ending.UNDELIVERABLE,
        "the connection takes no frames, though the client is there",
        ("test_a_connection_that_takes_no_frames_is_tried_again_later",),
    ),
    Told(
        Ending.OUT_OF_TIME,
        "function time nearly used up",
        ("test_an_attempt_that_runs_out_of_time_is_an_error",),
    ),
    Told(
        Ending.EXPIRED,
        "older than its useful life at any receive",
        ("test_a_request_older_than_its_useful_life_is_an_error_before_any_paid_call",),
    ),
    Told(Ending.LEASE_LOST, "the lease is lost", ("test_a_worker_whose_lease_ran_out_says_nothing_more",)),
    Told(Ending.EXHAUSTED, "attempts used up", ("test_attempts_that_all_fail_are_buried",)),
    Told(
        Ending.UNREADABLE,
        "unreadable message",
        ("test_an_unreadable_message_goes_to_the_dead_letter_queue",),
    ),
    Survived(
        "worker killed (SIGKILL, memory, timeout)",
        "the next attempt's `started`, or the burial's `error`",
        "back within 60 s",
        "",
        (
            "test_a_worker_that_dies_is_followed_by_another_attempt",
            "test_workers_that_die_at_every_attempt_are_followed_by_the_burial",
        ),
    ),
)


def table() -> Iterator[str]:
    """Yield the table's lines."""
    yield "| what happened | to the client | to the message | counted as | provoked by |"
    yield "|---|---|---|---|---|"
    for row in ROWS:
        tests = "<br>".join(f"`{test}`" for test in row.tests)
        if isinstance(row, Survived):
            yield f"| {row.what} | {row.to_client} | {row.to_message} | {row.counted} | {tests} |"
        else:
            outcome = OUTCOMES[row.ending]
            counted = ", ".join(f"`{name}`" for name in (outcome.metric, outcome.beside) if name)
            yield f"| {row.what} | {_frame(row.ending, outcome)} | {FATES[outcome.fate]} | {counted} | {tests} |"


def renewed(document: str) -> str:
    """Return the document with its table replaced. Raises ValueError if it lacks the markers."""
    return MARKERS.renewed(document, "\n".join(table()))


def _frame(ending: Ending, outcome: Row) -> str:
    if ending in FRAMES:
        return FRAMES[ending]
    return "nothing possible" if outcome.frame is None else f"`{outcome.frame.model_fields['type'].default}`"


def main(arguments: Sequence[str], root: Path) -> int:
    """Write the table; return the exit status."""
    argparse.ArgumentParser(prog="generate_outcome_table.py", description=__doc__).parse_args(arguments)
    write(root, DOCUMENT, renewed((root / DOCUMENT).read_text(encoding="utf-8")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent.parent))
