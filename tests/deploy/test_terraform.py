from pathlib import Path

import pytest

from selador_deploy.errors import TerraformFailedError
from selador_deploy.terraform import Terraform

from .conftest import Calls, Run


def test_terraforms_exit_status_is_passed_on_without_a_word(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("init", "--env", "dev")
    capsys.readouterr()

    assert run("outputs", "--env", "dev", "--json", status=3) == 3

    assert capsys.readouterr().err == ""


def test_another_executable_is_run_where_tf_names_it(root: Path, run: Run, calls: Calls) -> None:
    (root / "bin/terraform").rename(root / "bin/terraform-1.12")

    assert run("init", "--env", "dev", TF="terraform-1.12") == 0

    assert "-lockfile=readonly" in calls()[0]


def test_a_mirror_is_told_of_if_the_registry_is_silent(
    root: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("selador_deploy.provider_mirror.configure", lambda *_, **__: Path("/opt/mirror"))

    assert run("init", "--env", "dev") == 0

    said = "registry.terraform.io can't be reached; the provider comes from /opt/mirror"
    assert said in capsys.readouterr().err


def test_what_a_failing_command_wrote_is_shown(root: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    failing = root / "bin/failing"
    failing.write_text("#!/bin/sh\necho a page of its own\nexit 4\n")
    failing.chmod(0o755)

    with pytest.raises(TerraformFailedError) as raised:
        Terraform(root, {"TF": str(failing)}, color=False).capture("plan", data_dir=root / "data")

    assert raised.value.status == 4
    assert "a page of its own" in capsys.readouterr().err
