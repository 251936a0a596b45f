"""The variables of a function's process: those that are Lambda's (LAM-19) and those that it may replace (LAM-20)."""

from collections.abc import Callable
from pathlib import Path

from selador_local.data_plane.deployment import Function
from selador_local.data_plane.lambda_service.environment_variables import environment_variables
from selador_local.data_plane.role_credentials import Credentials

RESERVED = {
    "_HANDLER",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
}
DEFAULTS = {
    "LANG",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONPATH",
    "TZ",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
}


def variables_of(function: Function) -> dict[str, str]:
    return environment_variables(
        function,
        Credentials("key", "secret", "token", 0.0),
        region="us-east-1",
        endpoints={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
        runtime_api="127.0.0.1:9001",
        task_root=Path("/stack/code"),
        runtime_dir=Path("/stack/runtime"),
        log_stream="2026/01/02/[7]abc",
    )


def test_lambda_s_variables_the_configured_ones_and_no_others(make_function: Callable[..., Function]) -> None:
    variables = variables_of(make_function("", environment={"SQS_QUEUE_URL": "url"}))

    assert set(variables) == RESERVED | DEFAULTS | {"AWS_ENDPOINT_URL", "SQS_QUEUE_URL"}
    assert variables["SQS_QUEUE_URL"] == "url"
    assert variables["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert variables["PYTHONPATH"] == "/stack/code:/stack/runtime"


def test_reserved_names_win_and_defaults_give_way(make_function: Callable[..., Function]) -> None:
    variables = variables_of(make_function("", environment={"AWS_REGION": "eu-west-1", "TZ": "Europe/Paris"}))

    assert variables["AWS_REGION"] == "us-east-1"
    assert variables["TZ"] == "Europe/Paris"


def test_log_level_is_set_only_where_it_was_configured(make_function: Callable[..., Function]) -> None:
    assert variables_of(make_function("", log_level="DEBUG"))["AWS_LAMBDA_LOG_LEVEL"] == "DEBUG"
    assert "AWS_LAMBDA_LOG_LEVEL" not in variables_of(make_function(""))
