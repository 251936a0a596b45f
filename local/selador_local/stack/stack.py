"""The whole stack: build the artifacts, start the planes, apply Terraform; take it down in reverse order."""

import asyncio
import contextlib
import fcntl
import json
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from selador_local.bedrock.library import Library, read_library
from selador_local.bedrock.server import BedrockStandIn
from selador_local.control_plane_client.client import ControlPlane
from selador_local.control_plane_client.iam import ControlPlaneAuthorizer
from selador_local.data_plane.data_plane import DataPlane
from selador_local.data_plane.emulation import Emulation
from selador_local.stack.commands import StackError, run
from selador_local.stack.control_plane_process import ControlPlaneProcess
from selador_local.stack.failures import Failures
from selador_local.stack.observer import Observer
from selador_local.stack.planned import unrunnable_in
from selador_local.stack.progress import Progress
from selador_local.stack.state_api import StateApi
from selador_local.stack.turn import turn

PROJECT = Path(__file__).parents[3]
DOCUMENTS = PROJECT / "local" / "documents"
WORK_DIR = PROJECT / ".local"
_DEPLOY = (sys.executable, "-m", "selador_deploy")
_BACKEND = PROJECT / "terraform" / "environments" / "local.s3.tfbackend"


@dataclass(frozen=True)
class Stack:
    """A running stack."""

    websocket_url: str
    control_plane: ControlPlane
    control_plane_process: ControlPlaneProcess
    data_plane: DataPlane
    observer: Observer
    bedrock: BedrockStandIn
    outputs: dict[str, Any]
    """Terraform's outputs, by name."""

    terraform: "LocalTerraform"


class LocalTerraform:
    """Calls the project's Terraform for the environment `local`, as an engineer does for any other one."""

    def __init__(self, control_plane: ControlPlane, work_dir: Path, artifacts: Path, progress: Progress) -> None:
        self._log = work_dir / "logs" / "terraform.log"
        self._artifacts = artifacts
        self._progress = progress
        self._environment = {
            # Without the user's own credentials: nothing here may reach a real account.
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ACCESS_KEY_ID": control_plane.access_key_id,
            "AWS_SECRET_ACCESS_KEY": control_plane.secret_access_key,
            "AWS_ENDPOINT_URL": control_plane.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            # By default the provider retries a failure that it thinks is temporary for nine minutes, in silence.
            "AWS_MAX_ATTEMPTS": "2",
            "TF_VAR_authorization": "none",  # whoever can reach 127.0.0.1
        }

    async def __call__(self, command: str, *options: str, variables: Mapping[str, str] | None = None) -> str:
        """Run `python -m selador_deploy command`; return what it wrote to stdout. Raises StackError.

        `variables` are values of Terraform variables that `local.tfvars` doesn't set: strings, or JSON for other types.
        """
        named = {f"TF_VAR_{name}": value for name, value in (variables or {}).items()}
        dist = ["--dist", str(self._artifacts)] if command == "plan" else []
        return await run(
            [*_DEPLOY, command, "--env", "local", *dist, *options],
            environment=self._environment | named,
            log=self._log,
            on_line=self._progress.note,
        )

    async def planned(self) -> dict[str, Any]:
        """Return the saved plan in Terraform's JSON; it lies in a log of its own, too. Raises StackError."""
        log = self._log.with_name("plan.log")
        log.unlink(missing_ok=True)
        plan: dict[str, Any] = json.loads(
            await run(
                [*_DEPLOY, "show", "--env", "local", "--json"],
                environment=self._environment,
                log=log,
                on_line=lambda _: None,
            )
        )
        return plan


@contextlib.asynccontextmanager
async def running(
    progress: Progress,
    *,
    work_dir: Path = WORK_DIR,
    documents: Path = DOCUMENTS,
    failures: Failures,
    emulation: Emulation = Emulation(),  # noqa: B008  # it never changes
) -> AsyncIterator[Stack]:
    """Bring the stack up, and take it down at the end of the block, however that ends.

    A function that can't start is among `failures`, and the stack comes up all the same.

    It writes only below `work_dir`: the artifacts, the logs, and `stack.json` with the WebSocket URL.

    Raises StackError, and DocumentsError if the folder holds no documents.
    """
    (work_dir / "logs").mkdir(parents=True, exist_ok=True)
    artifacts = work_dir / "dist"
    async with contextlib.AsyncExitStack() as parts:
        parts.enter_context(_only_stack(work_dir))
        _check_terraform(os.environ.get("TF") or "terraform")
        async with progress.step("read the documents"):
            library = await _read(documents, work_dir / "logs" / "documents.log")
            progress.note(str(library))
        async with progress.step("build the artifacts"):
            await _build(artifacts, work_dir / "logs" / "packaging.log", progress)
        port = _free_port()
        async with progress.step("start the control plane"):
            arguments = ["--port", "0", "--data-plane-port", str(port)]
            arguments += ["--time-scale", str(emulation.clock.scale), "--time-origin", str(emulation.clock.origin)]
            process = await parts.enter_async_context(
                ControlPlaneProcess.started(arguments, work_dir / "logs" / "control-plane.log")
            )
            control_plane = process.client
            progress.note(control_plane.endpoint)
        async with process.while_running():
            async with progress.step("start the data plane and Bedrock"):
                bedrock = BedrockStandIn(library, authorize=ControlPlaneAuthorizer(control_plane))
                await bedrock.start()
                parts.push_async_callback(bedrock.stop)
                data_plane = DataPlane(control_plane, work_dir, port, bedrock.endpoint, emulation)
                data_plane.journal.on_failure = failures.add_function
                observer = Observer(control_plane, data_plane, failures, emulation.clock.time)
                state_api = StateApi(observer.look, data_plane.journal, bedrock.faults, work_dir / "logs")
                await data_plane.start(state_api.around)
                parts.push_async_callback(data_plane.stop)
                progress.note(bedrock.endpoint)
            terraform = LocalTerraform(control_plane, work_dir, artifacts, progress)
            outputs = await _applied(terraform, control_plane, progress, failures)
            websocket_url = observer.url = outputs["websocket_url"]
            await _run_deployment(data_plane, progress, failures)
        parts.enter_context(_announced(work_dir / "stack.json", websocket_url))
        yield Stack(
            websocket_url=websocket_url,
            control_plane=control_plane,
            control_plane_process=process,
            data_plane=data_plane,
            observer=observer,
            bedrock=bedrock,
            outputs=outputs,
            terraform=terraform,
        )


async def _applied(
    terraform: LocalTerraform, control_plane: ControlPlane, progress: Progress, failures: Failures
) -> dict[str, Any]:
    """Apply the configuration; return the outputs by name. What can't run here is told before."""
    async with contextlib.AsyncExitStack() as own_turn:
        async with progress.step("terraform init"):
            await own_turn.enter_async_context(
                turn(PROJECT / "build" / "local.stack", lambda: progress.note("another stack's goes first"))
            )
            await asyncio.to_thread(_bootstrap, control_plane)
            await terraform("init")
        async with progress.step("terraform plan"):
            await terraform("plan")
            for fault in unrunnable_in(await terraform.planned()):
                failures.add(f"{fault}; everything else does")
        async with progress.step("terraform apply (queues take 25 s)"):
            applied = await terraform("apply")
            outputs = json.loads(await terraform("outputs", "--json"))
            progress.note(next(line for line in applied.splitlines() if line.startswith("Apply complete!")))
    return {name: output["value"] for name, output in outputs.items()}


async def _run_deployment(data_plane: DataPlane, progress: Progress, failures: Failures) -> None:
    """Run what is deployed, and start each function once."""
    async with progress.step("run the deployment"):
        for part in await data_plane.load():
            failures.add(f"{part.reason}; whoever needs it gets AWS's answer to a failing integration")
    async with progress.step("start each function"):
        if broken := await data_plane.start_functions():
            progress.fail(f"{', '.join(failure.function for failure in broken)} can't start")


@contextlib.contextmanager
def _only_stack(work_dir: Path) -> Iterator[None]:
    with (work_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(
                "a stack is already running here: use it with make chat, or end it with Ctrl-C where make local runs"
            ) from None
        yield


def _check_terraform(executable: str) -> None:
    if shutil.which(executable) is None:
        raise StackError(f"{executable} is not on PATH; install Terraform 1.11 or newer, or name it with TF=…")


async def _read(documents: Path, log: Path) -> Library:
    library = await asyncio.to_thread(read_library, documents)
    log.write_text("".join(f"left out: {name}\n" for name in library.left_out), encoding="utf-8")
    return library


async def _build(artifacts: Path, log: Path, progress: Progress) -> None:
    builder = str(PROJECT / "packaging" / "build_artifacts.py")
    await run(
        [sys.executable, builder, "--architecture", "host", "--output", str(artifacts)],
        environment=os.environ,
        log=log,
        on_line=progress.note,
    )
    sizes = (f"{zip_.name} {zip_.stat().st_size / 1e6:.1f} MB" for zip_ in sorted(artifacts.glob("*.zip")))
    progress.note(", ".join(sizes))


def _bootstrap(control_plane: ControlPlane) -> None:
    """Do what `make bootstrap` does in a real account: the bucket of the state, and the role that logs APIs (TF-25)."""
    found = re.search(r'^bucket\s*=\s*"(.+)"', _BACKEND.read_text(), re.MULTILINE)
    if found is None:
        raise StackError(f'{_BACKEND} has no line bucket = "…"')
    s3 = boto3.client("s3", **control_plane.client_arguments)
    s3.create_bucket(Bucket=found[1])
    role = f"arn:aws:iam::{control_plane.account_id}:role/api-gateway-logging"
    account = boto3.client("apigateway", **control_plane.client_arguments)
    account.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])


def _free_port() -> int:
    # The control plane's answers contain the API's address, so the port is chosen before anything listens on it.
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def _announced(path: Path, websocket_url: str) -> Iterator[None]:
    path.write_text(json.dumps({"websocketUrl": websocket_url, "pid": os.getpid()}) + "\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
