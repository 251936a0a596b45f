from pathlib import Path

from selador_deploy.child_process import child_environment


def test_the_shells_workspace_does_not_count_and_the_rest_of_its_environment_does() -> None:
    shell = {"TF_WORKSPACE": "prod", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}

    child = child_environment(shell, Path("/data"), cli_configuration=None, workspace=None, color=True)

    assert child == {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "TF_DATA_DIR": "/data", "TF_IN_AUTOMATION": "1"}


def test_a_child_is_told_its_workspace_its_provider_and_not_to_color() -> None:
    child = child_environment(
        {"TF_CLI_CONFIG_FILE": "gone.tfrc", "TF_CLI_ARGS": "-x"},
        Path("/data"),
        cli_configuration=Path("/mirror.tfrc"),
        workspace="default",
        color=False,
    )

    assert child["TF_WORKSPACE"] == "default"
    assert child["TF_CLI_CONFIG_FILE"] == "/mirror.tfrc"
    assert child["TF_CLI_ARGS"] == "-x -no-color"
