"""Receipts: what is on the disk when a step begins, and what is made of it after a crash."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from selador_deploy.errors import DeployError
from selador_deploy.operations.letter import DeadLetter, read_letter
from selador_deploy.operations.receipts import Receipt, RedriveStep, opened

from .conftest import NOW, envelope


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "build" / "dev.receipts"


def letter(message_id: str = "m-1", body: str | None = None) -> DeadLetter:
    message: Any = {"MessageId": message_id, "Body": envelope(principalId="alice") if body is None else body}
    return read_letter(message)


def test_a_later_run_knows_every_step(file: Path) -> None:
    with opened(file) as receipts:
        receipts.note(letter("m-1"), RedriveStep.SENDING, NOW)
        receipts.note(letter("m-2"), RedriveStep.SENDING, NOW)
        receipts.note(letter("m-2"), RedriveStep.SENT, NOW, sentAs="s-2")
        receipts.note(letter("m-3"), RedriveStep.SENT, NOW, sentAs="s-3")
        receipts.note(letter("m-3"), RedriveStep.DELETED, NOW)

    with opened(file) as later:
        assert later.of(letter("m-1")) == Receipt(RedriveStep.SENDING, NOW)
        assert later.of(letter("m-2")) == Receipt(RedriveStep.SENT, NOW, "s-2")
        assert later.of(letter("m-4")) is None
        assert later.unfinished.keys() == {"m-1", "m-2"}


def test_a_step_is_on_the_disk_before_the_next_one_begins(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(file.read_text()))

    with opened(file) as receipts:
        receipts.note(letter(), RedriveStep.SENDING, NOW)

    assert json.loads(synced[-1])["step"] == "sending"


def test_only_its_owner_may_read_the_file_and_no_question_is_in_it(file: Path) -> None:
    with opened(file) as receipts:
        receipts.note(letter(), RedriveStep.PURGING, NOW, why="purge_gone")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "secret" not in file.read_text()
    assert json.loads(file.read_text()).keys() == {
        "at",
        "step",
        "messageId",
        "requestId",
        "connectionId",
        "principalId",
        "why",
        "bodySha256",
        "askedAt",
    }


def test_a_receipt_of_what_is_no_request_can_be_written(file: Path) -> None:
    with opened(file) as receipts:
        receipts.note(letter(body="\ud800 a secret"), RedriveStep.PURGING, NOW)

    assert "secret" not in file.read_text()


def test_a_last_line_that_a_crash_cut_off_counts_for_nothing(file: Path) -> None:
    with opened(file) as receipts:
        receipts.note(letter("m-1"), RedriveStep.SENT, NOW, sentAs="s-1")
    whole = file.read_text()
    file.write_text(whole + '{"at": "2026-' + "0" * 1_000)

    with opened(file) as receipts:
        receipts.note(letter("m-2"), RedriveStep.SENDING, NOW)

    lines = file.read_text().splitlines()
    assert [json.loads(line)["messageId"] for line in lines] == ["m-1", "m-2"]


def test_a_file_that_is_a_cut_off_line_begins_anew(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('{"at"')

    with opened(file) as receipts:
        receipts.note(letter("m-1"), RedriveStep.SENDING, NOW)

    assert json.loads(file.read_text())["messageId"] == "m-1"


def test_a_damaged_line_stops_everything(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('{"step": "sent"}\n')

    expected = r"line 1 of .*dev.receipts is damaged, so what was sent can't be told; move"
    with pytest.raises(DeployError, match=expected), opened(file):
        pass


def test_two_runs_at_once_are_one_too_many(file: Path) -> None:
    with opened(file), pytest.raises(DeployError, match="another make redrive works on it"), opened(file):
        pass
