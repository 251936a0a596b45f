"""The whole stack: build the artifacts, start the planes, apply Terraform; take it down in reverse order."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from selador_local.bedrock.library import Library, read_library
from selador_local.bedrock.server import BedrockStandIn
from selador_local.control_plane_client.client import ControlPlane, ControlPlaneError
from selador_local.control_plane_client.iam import ControlPlaneAuthorizer
from selador_local.data_plane.data_plane import DataPlane
from selador_local.data_plane.emulation import Emulation
from selador_local.issuer.keys import open_keys
from selador_local.issuer.server import publish
from selador_local.stack import dead_letters, page, ports, stack_file
from selador_local.stack.artifacts import Artifacts
from selador_local.stack.authorization import Authorization, terraform_variables
from selador_local.stack.commands import StackError
from selador_local.stack.control_plane_process import ControlPlaneProcess
from selador_local.stack.deploy import Deploy
from selador_local.stack.failures import Failures
from selador_local.stack.interruption import meanwhile
from selador_local.stack.memory import Memory
from selador_local.stack.observer import Observer
from selador_local.stack.ports import Ports
from selador_local.stack.progress import Progress
from selador_local.stack.state_api import StateApi
from selador_local.stack.terraform import LocalTerraform

PROJECT = Path(__file__).parents[3]
DOCUMENTS = PROJECT / "local" / "documents"
PAGE = PROJECT / "client" / "web" / "built"
WORK_DIR = PROJECT / ".local"
ISSUER = "issuer"
"""The issuer's folder, below the work folder."""


@dataclass(frozen=True)
class Stack:
    """A running stack."""

    websocket_url: str
    control_plane: ControlPlane
    control_plane_process: ControlPlaneProcess
    data_plane: DataPlane
    observer: Observer
    bedrock: BedrockStandIn
    outputs: Mapping[str, Any]
    """Terraform's outputs, by name."""

    terraform: LocalTerraform

    artifacts: Artifacts


@contextlib.asynccontextmanager
async def running(
    progress: Progress,
    *,
    work_dir: Path = WORK_DIR,
    documents: Path = DOCUMENTS,
    failures: Failures,
    emulation: Emulation = Emulation(),  # noqa: B008  # it never changes
    port: int = ports.DEFAULT,
    authorization: Authorization = Authorization.NONE,
    fresh: bool = False,
    remembers: bool = True,
) -> AsyncIterator[Stack]:
    """Bring the stack up, and take it down at the end of the block, however that ends.

    A function that can't start is among `failures`, and the stack comes up all the same.

    It begins with what the last stack on its port left, unless it is `fresh`, and leaves what it holds to the next one,
    if it `remembers`; else it does neither. It writes only below `work_dir`: the artifacts, the logs, its memory, and
    `stack.json`.

    Raises StackError, and DocumentsError if the folder holds no documents.
    """
    (work_dir / "logs").mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as parts:
        parts.enter_context(_only_stack(work_dir))
        _check_terraform(os.environ.get("TF") or "terraform")
        async with progress.step("read the documents"):
            library = await _read(documents, work_dir / "logs" / "documents.log")
            progress.note(str(library))
        # What takes the longest begins first: the control plane and Terraform's init need no artifacts.
        artifacts = await parts.enter_async_context(
            Artifacts(PROJECT, work_dir / "dist", work_dir / "logs" / "packaging.log")
        )
        chosen = ports.choose(port, ports.is_free)
        # What a faster clock has dated is in the future of the next stack.
        memory = parts.enter_context(
            _memory(work_dir, chosen, remembers=remembers and emulation.clock.scale == 1, fresh=fresh)
        )
        async with progress.step("start the control plane"):
            arguments = ["--port", str(chosen.control_plane), "--data-plane-port", str(chosen.api_gateway)]
            arguments += ["--time-scale", str(emulation.clock.scale), "--time-origin", str(emulation.clock.origin)]
            arguments += [
                "--account-concurrency",
                str(emulation.account_concurrency),
                "--snapshot",
                str(memory.snapshot),
            ]
            process = await parts.enter_async_context(
                ControlPlaneProcess.started(arguments, work_dir / "logs" / "control-plane.log")
            )
            control_plane = process.client
            progress.note(f"{control_plane.endpoint}, {process.beginning}")
        keeper = await parts.enter_async_context(_Keeper(control_plane))
        async with process.while_running():
            async with progress.step("start the data plane and Bedrock"):
                bedrock = BedrockStandIn(library, authorize=ControlPlaneAuthorizer(control_plane))
                parts.push_async_callback(bedrock.stop)  # a start that is cancelled leaves half of it open
                await bedrock.start(chosen.bedrock)
                trusted = await parts.enter_async_context(_issuer(authorization, work_dir / ISSUER, chosen.issuer))
                data_plane = DataPlane(
                    control_plane, work_dir, chosen.api_gateway, bedrock.endpoint, emulation, trusted=trusted
                )
                data_plane.journal.on_failure = failures.add_function
                observer = Observer(control_plane, data_plane, failures, emulation.clock.time)
                state_api = StateApi(observer.look, data_plane.journal, bedrock.faults, work_dir / "logs")
                parts.push_async_callback(data_plane.stop)
                await data_plane.start(
                    lambda handle: state_api.around(dead_letters.around(page.around(handle, PAGE), control_plane))
                )
                progress.note(bedrock.endpoint)
            announced = work_dir / stack_file.NAME
            variables = terraform_variables(authorization, chosen.issuer)
            facts = {
                "clock": {"scale": emulation.clock.scale, "origin": emulation.clock.origin},
                "dist": str(artifacts.folder),
                "environment": stack_file.environment(
                    control_plane, gateway_port=chosen.api_gateway, bedrock_endpoint=bedrock.endpoint, path=announced
                ),
                "terraformVariables": variables,
            }
            parts.callback(announced.unlink, missing_ok=True)
            stack_file.write(announced, facts)
            terraform = LocalTerraform(announced, work_dir / "logs" / "terraform.log", variables, progress.note)
            deploy = Deploy(PROJECT, artifacts, terraform, control_plane, memory)
            outputs = await deploy.restored(progress) or await deploy.apply(progress, failures)
            await keeper.begin()
            websocket_url = observer.url = outputs["websocket_url"]
            await _run_deployment(data_plane, progress, failures)
            await parts.enter_async_context(meanwhile(data_plane.follow()))
        stack_file.write(announced, {**facts, "websocketUrl": websocket_url})
        yield Stack(
            websocket_url=websocket_url,
            control_plane=control_plane,
            control_plane_process=process,
            data_plane=data_plane,
            observer=observer,
            bedrock=bedrock,
            outputs=outputs,
            terraform=terraform,
            artifacts=artifacts,
        )


async def _run_deployment(data_plane: DataPlane, progress: Progress, failures: Failures) -> None:
    """Run what is deployed, and start each function once."""
    async with progress.step("run the deployment"):
        for part in await data_plane.load():
            failures.add(f"{part.reason}; whoever needs it gets AWS's answer to a failing integration")
    async with progress.step("start each function"):
        if broken := await data_plane.start_functions():
            progress.fail(f"{', '.join(failure.function for failure in broken)} can't start")


class _Keeper:
    """Leaves what the control plane holds to the next stack, once everything is applied: half of it is no beginning."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self._control_plane = control_plane
        self._is_applied = False

    async def begin(self) -> None:
        """Everything is applied: keep it now, since a stack that is killed has no time for it, and again at the end."""
        self._is_applied = True
        await self._keep()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._is_applied:
            await self._keep()

    async def _keep(self) -> None:
        with contextlib.suppress(ControlPlaneError):  # it was killed: what was kept before stays
            await asyncio.to_thread(self._control_plane.ask, "snapshot", {})


@contextlib.contextmanager
def _memory(work_dir: Path, chosen: Ports, *, remembers: bool, fresh: bool) -> Iterator[Memory]:
    if remembers:
        memory = Memory(work_dir / f"port-{chosen.api_gateway}")
        memory.folder.mkdir(mode=0o700, exist_ok=True)
        if fresh:
            memory.forget()
        yield memory
    else:
        with tempfile.TemporaryDirectory(dir=work_dir, prefix="memory-") as folder:
            yield Memory(Path(folder))


@contextlib.asynccontextmanager
async def _issuer(authorization: Authorization, folder: Path, port: int) -> AsyncIterator[Path | None]:
    """Run the issuer of tokens, if they are asked for; give the file that functions need to trust it."""
    if authorization is not Authorization.JWT:
        yield None
        return
    keys = open_keys(folder, datetime.now(UTC))
    server = await publish(keys, port)
    try:
        yield keys.certificate
    finally:
        await server.close()


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
