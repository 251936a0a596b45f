"""What is deployed, by Terraform's outputs."""

import json
from pathlib import Path

import pytest

from ..conftest import FakeAws, Run
from .conftest import OUTPUTS, FakeSqs, Operate


def test_without_outputs_nothing_is_deployed(
    operate: Operate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outputs.json").write_text("{}")

    assert operate("dlq") == 1
    expected = "deploy: dev has no outputs: it was never applied; run make plan ENV=dev, make apply ENV=dev\n"
    assert capsys.readouterr().err == expected


def test_an_output_that_an_earlier_release_lacks_is_named(
    operate: Operate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = {name: {"value": value} for name, value in OUTPUTS.items() if name != "request_limits"}
    (tmp_path / "outputs.json").write_text(json.dumps(kept))

    assert operate("dlq") == 1
    assert "dev has no output request_limits: an earlier release deployed it; run make plan" in capsys.readouterr().err


def test_another_account_is_refused_before_its_queues_are_asked(
    operate: Operate, aws: FakeAws, sqs: FakeSqs, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.sts.account = "999999999999"

    assert operate("redrive", "--yes") == 1
    assert "the credentials are for account 999999999999" in capsys.readouterr().err
    assert sqs.calls == []


def test_an_environment_that_is_not_initialized_is_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dlq", "--env", "dev") == 1
    assert "dev is not initialized here; run make init ENV=dev" in capsys.readouterr().err
