import json
from pathlib import Path

import pytest

from .conftest import BUCKET, Calls, FakeAws, Run


def test_init_connects_in_the_workspace_that_is_always_there_and_then_selects_the_environments(
    root: Path, run: Run, calls: Calls
) -> None:
    assert run("init", "--env", "dev") == 0

    first, second = calls()
    assert first[0] == "init"
    assert f"-backend-config={root}/terraform/environments/dev.s3.tfbackend" in first
    assert first[-1] == "default"
    assert second == ["workspace", "select", "-or-create", "dev", None]


def test_a_locked_state_is_told_with_its_holder_and_the_way_out(
    run: Run, aws: FakeAws, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    before, _ = calls(), capsys.readouterr()
    lock = {"ID": "a-lock", "Who": "ann@laptop", "Operation": "OperationTypeApply", "Created": "2026-01-01T00:00:00Z"}
    aws.s3.buckets[BUCKET]["env:/dev/selador.tfstate.tflock"] = json.dumps(lock).encode()

    assert run("plan", "--env", "dev") == 1

    said = capsys.readouterr().err
    assert "locked by ann@laptop (OperationTypeApply, since 2026-01-01T00:00:00Z)" in said
    assert "make unlock ENV=dev LOCK=a-lock" in said
    assert calls() == before


def test_a_lock_that_cannot_be_read_is_left_to_terraform(run: Run, aws: FakeAws) -> None:
    run("init", "--env", "dev")
    aws.s3.buckets[BUCKET]["env:/dev/selador.tfstate.tflock"] = b"no JSON"

    assert run("plan", "--env", "dev") == 0


def test_unlock_hands_the_locks_id_to_terraform_as_it_is(run: Run, aws: FakeAws, calls: Calls) -> None:
    run("init", "--env", "dev")
    aws.s3.buckets[BUCKET]["env:/dev/selador.tfstate.tflock"] = b"{}"

    assert run("unlock", "--env", "dev", "--lock", "a lock; touch x") == 0

    assert calls()[-1][:3] == ["force-unlock", "-force", "a lock; touch x"]


def test_unlock_says_so_if_nobody_holds_the_state(run: Run, calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    run("init", "--env", "dev")
    before = calls()

    assert run("unlock", "--env", "dev", "--lock", "a-lock") == 1

    assert "nobody holds the state of dev; there is nothing to release" in capsys.readouterr().err
    assert calls() == before


@pytest.mark.parametrize(("flags", "options"), [([], []), (["--json"], ["-json"])])
def test_outputs_are_terraforms_own(run: Run, calls: Calls, flags: list[str], options: list[str]) -> None:
    run("init", "--env", "dev")

    assert run("outputs", "--env", "dev", *flags) == 0

    assert calls()[-1][:-1] == ["output", *options]
