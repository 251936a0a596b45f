"""Structured logs: one JSON object a line on stdout.

They go to stdout, not through `logging`: in Lambda's JSON mode that nests a line of JSON inside its own `message`
(LAM-16). Functions bind `requestId`, `connectionId`, `messageId` and `attempt` by `structlog.contextvars` and write
facts as keyword arguments in lower camel case. Never log the text of a question or an answer, nor an exception whose
message may quote one.
"""

import logging
from collections.abc import Mapping
from typing import Any

import structlog


def configure(level: str) -> None:
    """Set up structlog for a function, once, at init; `level` is a name of the logging module, such as `INFO`."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
            # show_locals would print the question that a failing frame holds.
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=True,
    )


def caller(principal_id: str | None, claims: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is bound to say whose message a function works on: as much as is known."""
    known = {"principalId": principal_id, "claims": claims}
    return {name: value for name, value in known.items() if value}
