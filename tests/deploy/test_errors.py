"""What is printed if a command can't go on."""

import ast
from pathlib import Path

import selador_deploy
from selador_deploy.errors import DeployError, TerraformFailedError


def raised(error: DeployError, cause: Exception | None = None) -> DeployError:
    try:
        raise error from cause
    except DeployError as caught:
        return caught


def test_an_error_says_what_was_found_and_what_to_do() -> None:
    error = raised(DeployError("dist/main.zip does not exist", "run make artifacts"))

    assert str(error) == "dist/main.zip does not exist; run make artifacts"
    assert error.status == 1


def test_the_cause_stands_between_the_two() -> None:
    error = raised(DeployError("s3://b can't be read", "check the credentials"), cause=OSError("no route"))

    assert str(error) == "s3://b can't be read: no route; check the credentials"


def test_terraforms_failure_keeps_its_exit_status() -> None:
    assert raised(TerraformFailedError(3)).status == 3


def test_every_exception_of_this_distribution_derives_from_the_one_base() -> None:
    folder = Path(selador_deploy.__file__).parent
    classes = [
        node
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Error", "Exception"))
    ]
    bases = {node.name: ast.unparse(node.bases[0]) for node in classes}

    assert bases == {"DeployError": "Exception", "DeniedError": "DeployError", "TerraformFailedError": "DeployError"}


def test_nothing_but_the_one_base_is_raised() -> None:
    """A plain ValueError would reach the user as a traceback."""
    folder = Path(selador_deploy.__file__).parent
    raised = {
        f"{file.name}:{node.lineno}: {ast.unparse(node.exc.func)}"
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    }

    ours = ("DeployError", "DeniedError", "TerraformFailedError")
    assert [place for place in raised if not place.endswith(ours)] == []
