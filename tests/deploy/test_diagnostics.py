"""What Terraform says in its machine-readable form, in one line each."""

from pathlib import Path

from selador_deploy.diagnostics import read_diagnostics

from .conftest import diagnostic

STABLE_VERSION = Path(__file__).parents[2] / "terraform/stable_version.tf"


def test_a_refused_value_is_told_with_its_file_and_line_and_without_the_place_of_the_rule() -> None:
    detail = 'log_level is "LOUD"; take INFO.\n\nThis was checked by the validation rule at variables.tf:1,3-13.'
    line = diagnostic("error", "Invalid value for variable", detail, filename="a.tfvars", start={"line": 3})

    (found,) = read_diagnostics(line)

    assert str(found) == 'a.tfvars:3: Invalid value for variable: log_level is "LOUD"; take INFO.'


def test_what_is_said_twice_is_told_once_and_other_lines_are_none() -> None:
    line = diagnostic("warning", "Deprecated", "")

    (found,) = read_diagnostics(f"a wrapper's line\n{line}\n7\n{line}\n" + '{"type": "refresh_start"}')

    assert (found.severity, str(found)) == ("warning", "Deprecated")


def test_a_version_that_is_not_there_is_told_as_that_and_not_as_a_missing_function() -> None:
    summary = "reading Lambda Function (selador-dev-main): couldn't find resource"
    line = diagnostic("error", summary, "", address="data.aws_lambda_function.stable[0]")

    (found,) = read_diagnostics(line)

    assert 'data "aws_lambda_function" "stable" {\n  count =' in STABLE_VERSION.read_text()
    assert str(found).startswith(f"{summary}: main_function.canary.stable_version names a version that the function ")
