"""Brings the environment `local` up to date: by what the stack remembers, or else by Terraform."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import boto3

from selador_local.control_plane_client.client import ControlPlane
from selador_local.stack.artifacts import Artifacts
from selador_local.stack.commands import StackError
from selador_local.stack.deployment_state import DeploymentState
from selador_local.stack.failures import Failures
from selador_local.stack.memory import Applied, Memory, inputs
from selador_local.stack.planned import unrunnable_in
from selador_local.stack.progress import Progress
from selador_local.stack.terraform import LocalTerraform
from selador_local.stack.turn import turn


class Deploy:
    """Applies `project`'s configuration with artifacts that are still being built."""

    def __init__(
        self,
        project: Path,
        artifacts: Artifacts,
        terraform: LocalTerraform,
        control_plane: ControlPlane,
        memory: Memory,
    ) -> None:
        self._configuration = project / "terraform"
        self._turn = project / "build" / "local.stack"
        self._artifacts = artifacts
        self._terraform = terraform
        self._control_plane = control_plane
        self._memory = memory
        self._state = DeploymentState.named_by(
            self._configuration / "environments" / "local.s3.tfbackend", control_plane
        )

    async def restored(self, progress: Progress) -> dict[str, Any] | None:
        """Return the outputs of the last apply, None if there is something to apply. Raises StackError."""
        await asyncio.to_thread(self._prepare)
        remembered = self._memory.recall()
        if remembered is None:
            return None  # Terraform begins while the artifacts are built
        await self._artifacts.built(progress)
        state = await asyncio.to_thread(self._state.read)
        return outputs(state) if self._applied(state) == remembered else None

    async def apply(self, progress: Progress, failures: Failures) -> dict[str, Any]:
        """Apply what differs; return the outputs. What can't run here is told meanwhile. Raises StackError."""
        async with contextlib.AsyncExitStack() as own_turn:
            async with progress.step("terraform init"):
                await own_turn.enter_async_context(
                    turn(self._turn, lambda: progress.note("another stack's goes first"))
                )
                await self._terraform("init")
                progress.note("the workspace local")
            await self._artifacts.built(progress)
            async with progress.step("terraform plan"):
                progress.note(await self._terraform.plan())
            async with progress.step("terraform apply (a new queue takes 25 s)"), self._unrunnable_told(failures):
                progress.note(await self._terraform.apply())
        state = await asyncio.to_thread(self._state.read)
        self._memory.remember(self._applied(state))
        return outputs(state)

    @contextlib.asynccontextmanager
    async def _unrunnable_told(self, failures: Failures) -> AsyncIterator[None]:
        """While the block carries the plan out, tell what of it can't run here."""

        async def tell() -> None:
            try:
                plan = await self._terraform.planned()
            except StackError as error:  # a file was saved, and the plan is being made again
                failures.add(f"what of the plan can't run here is not known yet: {error}")
                return
            for fault in unrunnable_in(plan):
                failures.add(f"{fault}; everything else does")

        telling = asyncio.create_task(tell())
        try:
            yield
            await telling
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    def _prepare(self) -> None:
        """Do what `make bootstrap` does in a real account: the bucket of the state, the role that logs APIs (TF-25)."""
        self._state.make_bucket()
        self._state.unlock()
        role = f"arn:aws:iam::{self._control_plane.account_id}:role/api-gateway-logging"
        account = boto3.client("apigateway", **self._control_plane.client_arguments)
        account.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])

    def _applied(self, state: Mapping[str, Any]) -> Applied:
        digest = inputs(self._configuration, self._artifacts.folder, self._terraform.variables)
        return Applied(digest, state.get("lineage", ""), state.get("serial", 0))


def outputs(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the root module's outputs in a state, by name."""
    return {name: output["value"] for name, output in state.get("outputs", {}).items()}
