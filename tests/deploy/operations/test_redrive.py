"""`make redrive`, as a command: it acts only if told, and says what it did."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selador_deploy.deployment import Deployment
from selador_deploy.operations.redrive import redrive

from .conftest import MAIN, NOW, QUEUE, FakeConnections, FakeLogs, FakeSqs, Operate, envelope


@pytest.fixture
def answering(sqs: FakeSqs, logs: FakeLogs) -> FakeSqs:
    """The queue of a main function that answers at once."""

    def after(operation: str) -> None:
        if operation == "send_message":
            message_id = sqs.queues[QUEUE][-1]["MessageId"]
            logs.write(MAIN, NOW, message="attempt ended", outcome="Completed", messageId=message_id)

    sqs.after = after
    return sqs


def three_letters(sqs: FakeSqs, connections: FakeConnections) -> None:
    sqs.put(envelope("r-1"), "m-1")
    sqs.put(envelope("r-2"), "m-2")
    sqs.put("no json", "m-3")
    connections.gone = {"connection-of-r-2"}


def test_without_a_word_nothing_is_changed(
    operate: Operate, sqs: FakeSqs, connections: FakeConnections, capsys: pytest.CaptureFixture[str]
) -> None:
    three_letters(sqs, connections)

    assert operate("redrive") == 0

    assert capsys.readouterr().out.splitlines() == [
        "would do in dev:",
        "       1  send it again",
        "       1  keep it: its client is gone (PURGE_GONE=1 deletes it)",
        "       1  keep it: it is no request (PURGE_MALFORMED=1 deletes it)",
        "nothing was changed; YES=1 does it",
    ]
    assert "send_message" not in sqs.calls
    assert "delete_message" not in sqs.calls
    assert sqs.hidden == set()


def test_told_to_it_sends_what_is_waited_for_and_keeps_the_rest(
    operate: Operate, answering: FakeSqs, connections: FakeConnections, capsys: pytest.CaptureFixture[str]
) -> None:
    three_letters(answering, connections)

    assert operate("redrive", SELADOR_YES="1", SELADOR_RATE="100") == 0

    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "done in dev:",
        "       1  sent again",
        "       1  kept: the client is gone (PURGE_GONE=1 deletes it)",
        "       1  kept: no request (PURGE_MALFORMED=1 deletes it)",
        "of the first ones: 1 completed",
        "receipts: build/dev.receipts",
    ]
    assert answering.dead() == ["m-2", "m-3"]


def test_told_to_it_purges_the_others(
    operate: Operate,
    answering: FakeSqs,
    connections: FakeConnections,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    three_letters(answering, connections)

    assert operate("redrive", "--yes", "--rate=100", "--purge-gone", "--purge-malformed") == 0

    assert answering.dead() == []
    assert "       1  purged: the client is gone\n       1  purged: no request\n" in capsys.readouterr().out
    assert "secret" not in (tmp_path / "build/dev.receipts").read_text()


def test_a_send_is_never_tried_twice_by_the_client(
    deployment: Deployment, sqs: FakeSqs, logs: FakeLogs, connections: FakeConnections
) -> None:
    """A second try may be a second message."""
    tries: list[int] = []

    def make_client(service: str, **options: Any) -> Any:
        if service == "sqs" and "config" in options:
            tries.append(options["config"].retries["total_max_attempts"])
        return deployment.make_client(service, **options)

    redrive(
        replace(deployment, make_client=make_client),
        yes=True,
        first=None,
        rate=None,
        purge_gone=False,
        purge_malformed=False,
    )

    assert tries == [1]


@pytest.mark.parametrize("arguments", [(), ("--yes",)])
def test_an_empty_queue_is_no_error(
    operate: Operate, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert operate("redrive", *arguments) == 0
    assert "the dead-letter queue of dev" in capsys.readouterr().out


def test_what_was_done_before_it_had_to_stop_is_told(
    operate: Operate, answering: FakeSqs, logs: FakeLogs, capsys: pytest.CaptureFixture[str]
) -> None:
    answering.put(envelope("r-1"), "m-1")
    answering.put(envelope("r-2"), "m-2")
    answer = answering.after

    def after(operation: str) -> None:
        answer(operation)
        logs.lines = [(at, group, text.replace("Completed", "Buried")) for at, group, text in logs.lines]

    answering.after = after

    assert operate("redrive", "--yes", "--first=1") == 1

    said = capsys.readouterr()
    assert "       1  sent again\nof the first ones: 1 buried\n" in said.out
    assert said.err.splitlines()[-1].startswith("deploy: 1 of the first 1 failed again (buried), so no more are sent")


def test_an_interrupted_run_is_named_by_the_next(
    operate: Operate, sqs: FakeSqs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs.put(envelope("r-1"), "m-1")
    (tmp_path / "build").mkdir(exist_ok=True)
    (tmp_path / "build/dev.receipts").write_text(
        '{"at": "2026-03-01T12:00:00+00:00", "step": "sent", "messageId": "m-1", "sentAs": "s-1"}\n'
    )

    assert operate("redrive") == 0

    said = capsys.readouterr()
    assert "deploy: an earlier run was interrupted at 1 letter\n" in said.err
    assert "       1  delete it: it was sent again before\n" in said.out


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--first=0", "FIRST is '0'; give a whole number from 1 to 1,000"),
        ("--first=x", "FIRST is 'x'"),
        ("--rate=0", "RATE is '0'; give requests a second, up to 100, such as 0.5"),
        ("--rate=nan", "RATE is 'nan'"),
        ("--rate=fast", "RATE is 'fast'"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(
    operate: Operate, sqs: FakeSqs, argument: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert operate("redrive", argument) == 2
    assert said in capsys.readouterr().err
    assert sqs.calls == []
