"""How the stack calls the project's commands: by a stand-in that writes down how it was called."""

import asyncio
import json
from pathlib import Path

import pytest

from selador_local.stack.commands import StackError
from selador_local.stack.terraform import LocalTerraform

STAND_IN = """
import json, os, pathlib, sys
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as file:
    print(json.dumps({"arguments": sys.argv[1:], "environ": dict(os.environ)}), file=file)
refusals = here / "refusals"
if sys.argv[1] == "apply" and (left := int(refusals.read_text() if refusals.exists() else 0)):
    refusals.write_text(str(left - 1))
    print("deploy: nothing was applied: the variables have changed; run make plan", file=sys.stderr)
    sys.exit(1)
print({
    "apply": "Apply complete! Resources: 1 added, 0 changed, 0 destroyed.",
    "plan": (here / "summary").read_text() if (here / "summary").exists() else "local: No changes.",
}.get(sys.argv[1], "done"))
if sys.argv[1] == "plan":
    print("deploy: the plan is saved", file=sys.stderr)
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "selador_deploy"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "__main__.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return folder


@pytest.fixture
def terraform(tmp_path: Path) -> LocalTerraform:
    return LocalTerraform(tmp_path / "stack.json", tmp_path / "log", {"authorization": "none"}, lambda _: None)


def calls(stand_in: Path) -> list[str]:
    return [json.loads(line)["arguments"][0] for line in (stand_in / "calls").read_text().splitlines()]


def test_a_command_reaches_the_stack_and_nothing_else(
    terraform: LocalTerraform, stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere")

    asyncio.run(terraform("outputs", "--json", variables={"batch": "2"}))

    called = json.loads((stand_in / "calls").read_text())
    assert called["arguments"] == ["outputs", "--env", "local", "--json"]
    assert not [name for name in called["environ"] if name.startswith("AWS_")]
    assert called["environ"]["SELADOR_STACK_FILE"] == str(terraform.stack_file)
    assert (called["environ"]["TF_VAR_authorization"], called["environ"]["TF_VAR_batch"]) == ("none", "2")


def test_an_apply_is_told_in_a_line(terraform: LocalTerraform, stand_in: Path) -> None:
    assert asyncio.run(terraform.apply()) == "Apply complete! Resources: 1 added, 0 changed, 0 destroyed."

    assert calls(stand_in) == ["apply"]


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        ("local: No changes.", "No changes."),
        ("local: 0 to destroy, 1 to create\nIAM:", "0 to destroy, 1 to create"),
        ("local: WARNING anyone may connect\n0 to destroy, 1 to create\nIAM:", "0 to destroy, 1 to create"),
    ],
)
def test_a_plan_is_told_in_a_line(terraform: LocalTerraform, stand_in: Path, summary: str, line: str) -> None:
    (stand_in / "summary").write_text(summary)

    assert asyncio.run(terraform.plan()) == line

    assert calls(stand_in) == ["plan"]


def test_a_plan_that_a_saved_file_made_stale_is_made_again(terraform: LocalTerraform, stand_in: Path) -> None:
    (stand_in / "refusals").write_text("2")

    asyncio.run(terraform.apply())

    assert calls(stand_in) == ["apply", "plan", "apply", "plan", "apply"]


def test_one_that_goes_stale_each_time_is_a_failure(terraform: LocalTerraform, stand_in: Path) -> None:
    (stand_in / "refusals").write_text("9")

    with pytest.raises(StackError, match="nothing was applied: the variables have changed"):
        asyncio.run(terraform.apply())

    assert calls(stand_in).count("apply") == 3
