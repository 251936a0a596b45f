"""What goes wrong while the stack runs: each failure with the file to look at, for the terminal and for the state."""

import contextlib
import logging
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from selador_local.data_plane.function_failures import FunctionFailure

KEPT = 100


@dataclass
class StackFailure:
    """What failed, and where to look. The same failure again in a row is a higher `count`; `at` is its last time."""

    at: float
    text: str
    look_at: tuple[str, ...] = ()
    count: int = 1


def lines(failure: StackFailure) -> list[str]:
    """Return a failure as a person reads it."""
    times = f" ({failure.count} times)" if failure.count > 1 else ""
    return [f"✗ {failure.text}{times}", *([f"  look at {', '.join(failure.look_at)}"] if failure.look_at else [])]


class Failures:
    """Keeps the newest failures and tells `on_failure` of each. Paths are shown from `project` if they lie there."""

    def __init__(
        self, project: Path, logs: Path, clock: Callable[[], float], on_failure: Callable[[StackFailure], None]
    ) -> None:
        self._project = project
        self._logs = logs
        self._clock = clock
        self._on_failure = on_failure
        self._kept: deque[StackFailure] = deque(maxlen=KEPT)

    def newest_first(self) -> list[StackFailure]:
        return list(reversed(self._kept))

    def add(self, text: str, *look_at: str) -> None:
        """Keep a failure and tell of it; one that repeats itself is counted, and told once."""
        last = self._kept[-1] if self._kept else None
        if last is not None and (last.text, last.look_at) == (text, look_at):
            last.count, last.at = last.count + 1, self._clock()
            return
        failure = StackFailure(self._clock(), text, look_at)
        self._kept.append(failure)
        self._on_failure(failure)

    def add_function(self, failure: FunctionFailure) -> None:
        """Add a function's failure: the file to look at is the source that it names, and the function's log."""
        source = self._source(failure)
        self.add(str(failure), *([] if source is None else [source]), self.log_of(failure.function))

    def log_of(self, function: str) -> str:
        """Return the path of a function's log."""
        return self._shown(self._logs / f"{function}.log")

    def _source(self, failure: FunctionFailure) -> str | None:
        if failure.file is None:
            return None
        # Each folder of functions/ holds a package; a library that failed has no source here.
        found = next(self._project.glob(f"functions/*/{failure.file}"), None)
        return None if found is None else f"{self._shown(found)}, line {failure.line}"

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self._project) if path.is_relative_to(self._project) else path)


class FailureLog(logging.Handler):
    """Makes a failure of each warning and error that the stack's own code logs. Tracebacks go to a file."""

    def __init__(self, failures: Failures, file: Path) -> None:
        super().__init__(logging.WARNING)
        self._failures = failures
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        look_at = []
        if record.exc_info is not None and record.exc_info[1] is not None:
            error = record.exc_info[1]
            text += f": {str(error).partition('\n')[0] or type(error).__name__}"
            with contextlib.suppress(OSError), self._file.open("a", encoding="utf-8") as log:
                log.write("".join(traceback.format_exception(error)))
            look_at = [str(self._file)]
        self._failures.add(text, *look_at)


@contextlib.contextmanager
def told_by_logs(failures: Failures, file: Path) -> Iterator[None]:
    """Make failures of what the stack and its event loop log during the block, instead of lines on stderr."""
    handler = FailureLog(failures, file)
    loggers = [logging.getLogger(name) for name in ("selador_local", "asyncio")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True
