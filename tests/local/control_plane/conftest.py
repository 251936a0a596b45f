"""One control plane for all tests here: the real server in a process of its own, spoken to by boto3."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from ...conftest import STUCK_SECONDS
from ...patience import first_line

DATA_PLANE_PORT = 4711


@dataclass(frozen=True)
class Server:
    """A running control plane, as its first line describes it."""

    endpoint: str
    access_key_id: str
    secret_access_key: str

    def client(self, service: str, *, checks_parameters: bool = True, **credentials: str) -> Any:
        """A boto3 client that doesn't retry; signed by the administrator unless other credentials are given.

        One that doesn't check its parameters leaves that to the server.
        """
        own = {"aws_access_key_id": self.access_key_id, "aws_secret_access_key": self.secret_access_key}
        make: Any = boto3.client  # its 400 overloads name each service
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=checks_parameters),
            **(credentials or own),
        )

    def ask(self, question: str, facts: Any, bearer: str | None = None) -> tuple[int, dict[str, Any]]:
        """POST to the internal API; the answer's status and body."""
        request = urllib.request.Request(
            f"{self.endpoint}/_selador/{question}",
            data=json.dumps(facts).encode(),
            headers={"Authorization": f"Bearer {self.secret_access_key if bearer is None else bearer}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=STUCK_SECONDS) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def lend(self, role_arn: str) -> dict[str, str]:
        """A role's credentials as `client` takes them."""
        status, lent = self.ask("role-credentials", {"roleArn": role_arn, "service": "lambda.amazonaws.com"})
        assert status == 200, lent
        return {
            "aws_access_key_id": lent["accessKeyId"],
            "aws_secret_access_key": lent["secretAccessKey"],
            "aws_session_token": lent["sessionToken"],
        }


@contextlib.contextmanager
def control_plane(*options: str, **environment: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "selador_local.control_plane", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--data-plane-port", str(DATA_PLANE_PORT), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    ready = json.loads(first_line(process))
    try:
        yield Server(ready["endpoint"], ready["accessKeyId"], ready["secretAccessKey"])
    finally:
        process.terminate()
        process.communicate(timeout=STUCK_SECONDS)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with control_plane(TZ="NPT-5:45") as running:  # few laptops are in UTC
        yield running


@pytest.fixture
def small_account() -> Iterator[Server]:
    """A new account may run fewer functions at once (LAM-41)."""
    with control_plane("--account-concurrency", "10") as running:
        yield running


@pytest.fixture
def fast_server() -> Iterator[Server]:
    """A stack's day takes a second."""
    with control_plane("--time-scale", "86400", "--time-origin", str(time.time())) as running:
        yield running


@pytest.fixture
def name() -> str:
    """A name no other test uses: the server is shared."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def role_arn(server: Server, name: str) -> Callable[..., str]:
    """Makes a role that trusts Lambda, with one inline policy of the statements given."""

    def make(*statements: dict[str, Any], trust: dict[str, Any] | None = None) -> str:
        iam = server.client("iam")
        trusted = trust or {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        document = {"Version": "2012-10-17", "Statement": [trusted]}
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
        if statements:
            policy = {"Version": "2012-10-17", "Statement": list(statements)}
            iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(policy))
        return arn

    return make
