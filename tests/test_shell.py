"""What tests get from a developer's shell."""

from .shell import unaddressed


def test_nothing_that_changes_what_is_tested_is_left_of_a_shell() -> None:
    shell = {
        "PATH": "/bin",
        "TF_CLI_CONFIG_FILE": "/root/.terraformrc",
        "HTTPS_PROXY": "http://proxy.example",
        "AWS_PROFILE": "nobody",
        "SELADOR_TOKEN": "a.b.c",
        "TF_VAR_environment": "prod",
        "COLUMNS": "40",
    }

    left = unaddressed(shell)

    assert left == {
        "PATH": "/bin",
        "TF_CLI_CONFIG_FILE": "/root/.terraformrc",
        "HTTPS_PROXY": "http://proxy.example",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
