"""Failures are kept, told once, and name the file to look at."""

import itertools
import logging
from pathlib import Path

import pytest

from selador_local.data_plane.function_failures import FunctionFailure
from selador_local.stack.failures import KEPT, FailureLog, Failures, StackFailure, told_by_logs


class Stage:
    """Failures of a stack whose project lies in `folder`; the clock ticks at each look."""

    def __init__(self, folder: Path) -> None:
        ticks = itertools.count(1)
        self.told: list[StackFailure] = []
        self.logs = folder / ".local" / "logs"
        self.failures = Failures(folder, self.logs, lambda: float(next(ticks)), self.told.append)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    source = tmp_path / "functions/main/selador_main/worker.py"
    source.parent.mkdir(parents=True)
    source.touch()
    return Stage(tmp_path)


def test_a_functions_failure_names_its_source_and_its_log(stage: Stage) -> None:
    stage.failures.add_function(FunctionFailure("selador-local-main", "KeyError", "selador_main/worker.py", 7))

    [failure] = stage.told
    assert failure.text == "selador-local-main: KeyError"
    assert failure.look_at == (
        "functions/main/selador_main/worker.py, line 7",
        ".local/logs/selador-local-main.log",
    )


@pytest.mark.parametrize(("file", "line"), [(None, None), ("botocore/client.py", 9)], ids=["no place", "a library"])
def test_without_a_source_of_ours_the_log_is_named(stage: Stage, file: str | None, line: int | None) -> None:
    stage.failures.add_function(FunctionFailure("main", "KeyError", file, line))

    assert stage.told[0].look_at == (".local/logs/main.log",)


def test_a_failure_that_repeats_itself_is_told_once_and_counted(stage: Stage) -> None:
    for text in ("a", "a", "a", "b", "a"):
        stage.failures.add(text)

    assert [failure.text for failure in stage.told] == ["a", "b", "a"]
    assert [(failure.text, failure.count, failure.at) for failure in stage.failures.newest_first()] == [
        ("a", 1, 5),
        ("b", 1, 4),
        ("a", 3, 3),
    ]


def test_only_the_newest_are_kept(stage: Stage) -> None:
    for number in range(KEPT + 1):
        stage.failures.add(str(number))

    assert len(stage.failures.newest_first()) == KEPT
    assert stage.failures.newest_first()[0].text == str(KEPT)


def test_what_the_stack_logs_is_a_failure_and_its_traceback_lies_in_a_file(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "stack.log"
    logger = logging.Logger("selador_local.test")
    logger.addHandler(FailureLog(stage.failures, file))

    logger.info("nothing to see")
    logger.warning("mapping %s can't read", "m-1")
    try:
        raise ValueError("too much\nand more")
    except ValueError:
        logger.exception("the handler failed")

    assert [(failure.text, failure.look_at) for failure in stage.told] == [
        ("mapping m-1 can't read", ()),
        ("the handler failed: too much", (str(file),)),
    ]
    assert "Traceback" in file.read_text()


def test_logs_tell_of_failures_during_a_block_only(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("selador_local.somewhere")

    with told_by_logs(stage.failures, tmp_path / "stack.log"):
        logger.warning("a queue is gone")
    logger.warning("afterwards")

    assert [failure.text for failure in stage.told] == ["a queue is gone"]
    assert caplog.messages == ["afterwards"]
