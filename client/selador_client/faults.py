"""Collects what the client logs as the server's faults, for whom log lines would tear a drawing."""

import contextlib
import logging
from collections.abc import Iterator
from typing import override

_LOG = logging.getLogger("selador_client")


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.faults.append(record.getMessage())


@contextlib.contextmanager
def collected_faults() -> Iterator[list[str]]:
    """Yield the list in which faults appear meanwhile, instead of on stderr."""
    collector = _Collector()
    _LOG.addHandler(collector)
    try:
        yield collector.faults
    finally:
        _LOG.removeHandler(collector)
