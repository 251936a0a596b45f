from pathlib import Path

import pytest

from selador_deploy.backend import Backend, named_backend
from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError

from .conftest import BUCKET, Calls, Run


def test_the_state_of_a_workspace_lies_under_its_name(dev: Environment) -> None:
    backend = named_backend(dev)

    assert backend == Backend(BUCKET, "selador.tfstate", "eu-central-1")
    assert backend.state_key("dev") == "env:/dev/selador.tfstate"
    assert str(backend) == f"s3://{BUCKET}/selador.tfstate (eu-central-1)"


def test_a_file_that_names_no_bucket_is_told_what_to_add(root: Path, dev: Environment) -> None:
    file = root / "terraform/environments/dev.s3.tfbackend"
    file.write_text('key = "selador.tfstate"\n')

    with pytest.raises(DeployError, match=r'dev\.s3.tfbackend names no bucket; add bucket = "…" to it'):
        named_backend(dev)


@pytest.mark.parametrize("command", [["plan"], ["drift"], ["destroy", "--confirm", "dev"], ["outputs"]])
def test_a_command_before_init_says_so_and_runs_nothing(
    run: Run, calls: Calls, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command[0], "--env", "dev", *command[1:]) == 1

    assert capsys.readouterr().err == "deploy: dev is not initialized here; run make init ENV=dev\n"
    assert calls() == []


def test_a_state_in_another_place_than_the_file_names_needs_an_init(
    root: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    backend = root / "terraform/environments/dev.s3.tfbackend"
    backend.write_text(backend.read_text().replace("selador.tfstate", "other.tfstate"))

    assert run("plan", "--env", "dev") == 1

    assert "run make init ENV=dev" in capsys.readouterr().err
