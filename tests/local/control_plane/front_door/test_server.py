"""The server as a process, and what it does with what it can't do."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ....conftest import STUCK_SECONDS

COMMAND = [sys.executable, "-m", "selador_local.control_plane"]


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [*COMMAND, "--port", "0", "--data-plane-port", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield started
    if started.poll() is None:
        started.kill()
    started.communicate(timeout=STUCK_SECONDS)


def ready_line(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    line: dict[str, str] = json.loads(process.stdout.readline())
    return line


class TestProcess:
    def test_the_ready_line_says_all_that_a_client_needs(self, process: subprocess.Popen[str]) -> None:
        ready = ready_line(process)

        assert ready.keys() == {"endpoint", "region", "accountId", "accessKeyId", "secretAccessKey"}
        assert ready["endpoint"].startswith("http://127.0.0.1:")
        assert (ready["region"], ready["accountId"]) == ("us-east-1", "123456789012")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_ends_cleanly_at_a_signal(self, process: subprocess.Popen[str], number: signal.Signals) -> None:
        ready_line(process)

        process.send_signal(number)
        _, errors = process.communicate(timeout=STUCK_SECONDS)

        assert (process.returncode, errors) == (0, "")

    def test_it_ends_when_whoever_started_it_is_gone(self) -> None:
        start = (
            "import subprocess, sys\n"
            f"command = [*{COMMAND!r}, '--port', '0', '--data-plane-port', '1']\n"
            "child = subprocess.Popen(command, stdout=subprocess.PIPE)\n"
            "child.stdout.readline()\n"
            "print(child.pid, flush=True)\n"
            "sys.stdin.read()\n"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        handle = os.pidfd_open(child)

        parent.kill()
        parent.communicate(timeout=STUCK_SECONDS)

        ended, _, _ = select.select(
            [handle], [], [], STUCK_SECONDS
        )  # a process's descriptor is readable once it has ended
        if not ended:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        os.close(handle)
        assert ended

    def test_a_taken_port_is_named(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ended = subprocess.run(
                [*COMMAND, "--port", str(port), "--data-plane-port", "1"], capture_output=True, text=True, check=False
            )

        assert ended.returncode == 1
        assert ended.stderr == f"port {port} on 127.0.0.1 can't be used (Address already in use); choose another\n"

    def test_help_says_what_it_is(self) -> None:
        shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True).stdout

        assert "--data-plane-port" in shown


class TestRefusals:
    """Never a 5xx: clients retry those for minutes without a word."""

    @pytest.mark.parametrize(
        ("service", "operation", "parameters", "named"),
        [
            ("dynamodb", "list_tables", {}, "the service dynamodb"),
            ("lambda", "list_code_signing_configs", {}, "this path"),
            ("apigatewayv2", "export_api", {"ApiId": "x", "OutputType": "JSON", "Specification": "OAS30"}, "this path"),
            ("cloudwatch", "list_metric_streams", {}, "list_metric_streams"),
            (
                "iam",
                "simulate_custom_policy",
                {"PolicyInputList": ["{}"], "ActionNames": ["s3:GetObject"]},
                "simulate_custom_policy",
            ),
        ],
    )
    def test_an_operation_that_does_not_exist_here_is_refused_at_once(
        self, server: Any, service: str, operation: str, parameters: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(ClientError, match=named) as refused:
            getattr(server.client(service), operation)(**parameters)

        assert refused.value.response["Error"]["Code"] == "UnsupportedOperation"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400

    def test_motos_own_failures_are_no_5xx_either(self, server: Any) -> None:
        sqs = server.client("sqs")

        with pytest.raises(ClientError, match="moto failed with") as refused:
            sqs.create_queue(QueueName="x", Attributes={"VisibilityTimeout": "no number"})

        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400

    @pytest.mark.parametrize("path", ["/moto-api/reset-auth", "/moto-api/reset", "/moto-api/data.json", "/"])
    def test_what_is_not_signed_is_refused(self, server: Any, path: str) -> None:
        """moto's own API would turn enforcement off for anybody, or forget everything."""
        request = urllib.request.Request(f"{server.endpoint}{path}", data=b"1000", method="POST")

        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=STUCK_SECONDS)

        assert refused.value.code == 403
        refused.value.close()

    def test_motos_own_api_is_refused_to_signed_requests_too(self, server: Any) -> None:
        s3 = server.client("s3")

        with pytest.raises(ClientError):
            s3.put_object(Bucket="moto-api", Key="reset", Body=b"")

    def test_no_page_may_read_an_answer(self, server: Any) -> None:
        headers = server.client("sqs").list_queues()["ResponseMetadata"]["HTTPHeaders"]

        assert "access-control-allow-origin" not in headers
