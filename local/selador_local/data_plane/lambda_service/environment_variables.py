"""The environment variables of a function's process: Lambda's and the configured ones, none of this machine's."""

from collections.abc import Mapping
from pathlib import Path

from selador_local.data_plane.deployment import Function
from selador_local.data_plane.role_credentials import Credentials


def environment_variables(
    function: Function,
    credentials: Credentials,
    *,
    region: str,
    endpoints: Mapping[str, str],
    runtime_api: str,
    task_root: Path,
    runtime_dir: Path,
    log_stream: str,
) -> dict[str, str]:
    """Return all variables of the process. Lambda's reserved names, which AWS refuses in a configuration, win (LAM-19).

    `endpoints` are the `AWS_ENDPOINT_URL…` variables that lead AWS's SDKs to this machine, and SSL_CERT_FILE if servers
    on it are to be trusted. `runtime_api` is host:port.
    """
    defaults = {  # a function's configuration may replace these (LAM-20)
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": f"{task_root}:{task_root}/lib",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": f"{task_root}:{runtime_dir}",
        "TZ": ":UTC",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
    }
    reserved = {  # Lambda's own (LAM-19)
        "_HANDLER": function.handler,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",  # awslambdaric handles signals by it (LAM-11)
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_REGION": region,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "LAMBDA_RUNTIME_DIR": str(runtime_dir),
        "LAMBDA_TASK_ROOT": str(task_root),
    }
    if function.log_level is not None:
        reserved["AWS_LAMBDA_LOG_LEVEL"] = function.log_level
    return {**defaults, **function.environment, **endpoints, **reserved}
