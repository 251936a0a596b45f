"""A Lambda service whose functions are small handlers in real zips, run by the real awslambdaric."""

import base64
import hashlib
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from selador_local.clock import StackClock
from selador_local.data_plane.cloudwatch.outbox import Outbox
from selador_local.data_plane.deployment import Function
from selador_local.data_plane.lambda_service import execution_environment
from selador_local.data_plane.lambda_service.service import LambdaService
from selador_local.data_plane.role_credentials import Credentials, RoleCredentials

from ....conftest import STUCK_SECONDS
from ..conftest import KeptOutbox

MakeFunction = Callable[..., Function]
MakeService = Callable[..., LambdaService]


class FixedCredentials(RoleCredentials):
    """The control plane's place: a role's credentials name the role."""

    def __init__(self) -> None:
        pass

    async def get(self, role_arn: str) -> Credentials:
        return Credentials(f"ASIA-{role_arn}", "secret", "token", time.time() + 3600)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no initialization begin again because the machine is busy."""
    monkeypatch.setattr(execution_environment, "INIT_SECONDS", STUCK_SECONDS)


@pytest.fixture
def make_function(tmp_path: Path) -> MakeFunction:
    """`make_function(source, **attributes)`: a function whose zip holds `source` as handler.py."""

    def make(source: str, **attributes: object) -> Function:
        archive = tmp_path / f"{hashlib.sha256(source.encode()).hexdigest()}.zip"
        with zipfile.ZipFile(archive, "w") as zip_file:
            zip_file.writestr("handler.py", source)
        values: dict[str, object] = {
            "arn": "arn:aws:lambda:us-east-1:123456789012:function:echo:live",
            "name": "echo",
            "version": "7",
            "role_arn": "arn:aws:iam::123456789012:role/echo",
            "runtime": "python3.13",
            "handler": "handler.handle",
            "timeout_seconds": STUCK_SECONDS,
            "memory_mb": 256,
            "environment": {},
            "code_sha256": base64.b64encode(hashlib.sha256(archive.read_bytes()).digest()).decode(),
            "reserved_concurrency": None,
            "log_group": "/aws/lambda/echo",
            "log_format": "Text",
            "log_level": None,
            "system_log_level": None,
            "code_url": archive.as_uri(),
        }
        return Function(**{**values, **attributes})  # type: ignore[arg-type]  # a test names attributes by keyword

    return make


@pytest.fixture
def make_service(tmp_path: Path) -> MakeService:
    """Call it inside the event loop; it works in `tmp_path / "work"`, by the machine's clock if no other is given."""

    def make(
        clock: StackClock | None = None, *, account_concurrency: int = 1_000, outbox: Outbox | None = None
    ) -> LambdaService:
        service = LambdaService(
            region="us-east-1",
            credentials=FixedCredentials(),
            work_dir=tmp_path / "work",
            clock=clock or StackClock(),
            account_concurrency=account_concurrency,
            random=Random(1),
            outbox=outbox or KeptOutbox(),
        )
        service.endpoints = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
        return service

    return make
