"""What a function's start costs until its first request for an event, through AWS's own runtime client."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from selador_local.data_plane.lambda_service.runtime import make_runtime_dir

_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "dummy",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_SECRET_ACCESS_KEY": "dummy",
    "CALLBACK_URL": "https://abc.execute-api.us-east-1.amazonaws.com/dev",
    "DEADLINE_SECONDS": "900",
    "JWKS_URL": "https://issuer.example/jwks.json",
    "JWT_ALGORITHMS": "RS256",
    "JWT_AUDIENCES": "selador",
    "JWT_ISSUER": "https://issuer.example/",
    "KNOWLEDGE_BASE_ID": "ABCDEFGHIJ",
    "LANG": "en_US.UTF-8",
    "MAX_ATTEMPTS": "3",
    "MODEL_ARN": "arn:aws:bedrock:us-east-1::foundation-model/some.model",
    "PATH": os.defpath,
    "PYTHONDONTWRITEBYTECODE": "1",  # Lambda's code folder is read-only
    "QUERY_TEXT_LIMIT": "1000",
    "REQUEST_MAX_AGE_SECONDS": "600",
    "SQS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/queue",
    "TZ": ":UTC",
}


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process, every thread, in seconds: the scheduler counts it in nanoseconds."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


class Starter:
    """Starts handlers; `folder` holds links to what stands for Lambda's /var/runtime."""

    def __init__(self, folder: Path) -> None:
        self._runtime = make_runtime_dir(folder)
        self._python = Path(sys.base_prefix) / "bin" / "python3.13"

    def cpu_seconds(self, task: Path, handler: str) -> float:
        """The CPU that `handler`, unzipped in the folder `task`, takes until it asks for an event.

        Not the time: other programs on the machine would count.
        """
        with socket.create_server(("127.0.0.1", 0)) as api:
            api.settimeout(60)
            environment = _ENVIRONMENT | {
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.getsockname()[1]}",
                "LAMBDA_TASK_ROOT": str(task),
                "PYTHONPATH": f"{task}:{self._runtime}",
                "_HANDLER": handler,
            }
            process = subprocess.Popen(
                [str(self._python), "-S", "-m", "awslambdaric", handler], env=environment, cwd=task
            )
            try:
                connection, _ = api.accept()
                with connection:
                    request = connection.recv(4096)
                    taken = cpu_seconds(process.pid)
                    process.kill()  # before the connection closes, which it would complain about
            finally:
                process.kill()
                process.wait()
        if b"/invocation/next" not in request:
            raise RuntimeError(f"{handler} in {task} did not start: {request[-2000:].decode(errors='replace')}")
        return taken
