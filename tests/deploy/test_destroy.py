from pathlib import Path

import pytest

from .conftest import Calls, Run


def commands(calls: Calls) -> list[str | None]:
    return [call[0] for call in calls()]


@pytest.mark.parametrize("confirmation", [[], ["--confirm", "prod"]])
def test_destroy_without_the_environments_name_destroys_nothing(
    run: Run, calls: Calls, confirmation: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")

    assert run("destroy", "--env", "dev", *confirmation) == 1

    assert "nothing was destroyed" in capsys.readouterr().err
    assert "apply" not in commands(calls)


def test_destroy_with_the_environments_name_asks_no_more(run: Run, calls: Calls) -> None:
    run("init", "--env", "dev")

    assert run("destroy", "--env", "dev", "--confirm", "dev") == 0

    (planned,) = (call for call in calls() if call[0] == "plan")
    assert "-destroy" in planned
    assert calls()[-1][:2] == ["apply", "-input=false"]


def test_a_protected_environment_is_not_destroyed_even_by_its_name(
    root: Path, run: Run, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    with (root / "terraform/environments/dev.tfvars").open("a") as file:
        file.write("protected = true\n")

    assert run("destroy", "--env", "dev", "--confirm", "dev") == 1

    assert "dev is protected" in capsys.readouterr().err
    assert "apply" not in commands(calls)


class Terminal:
    """Standard input as a person types it."""

    def __init__(self, *lines: str) -> None:
        self._lines = list(lines)

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return f"{self._lines.pop(0)}\n"


@pytest.mark.parametrize(("typed", "status"), [("dev", 0), ("prod", 1)])
def test_on_a_terminal_the_name_is_asked_for(
    run: Run, calls: Calls, monkeypatch: pytest.MonkeyPatch, typed: str, status: int
) -> None:
    run("init", "--env", "dev")
    monkeypatch.setattr("sys.stdin", Terminal(typed))

    assert run("destroy", "--env", "dev") == status

    assert ("apply" in commands(calls)) == (status == 0)


def test_a_plan_that_was_saved_before_is_gone_with_the_environment(root: Path, run: Run) -> None:
    run("init", "--env", "dev")
    run("plan", "--env", "dev")

    assert run("destroy", "--env", "dev", "--confirm", "dev") == 0

    assert not (root / "build/dev.plan").exists()
