"""Builds the artifacts for this machine: first while other parts of the stack start, later when a file is saved."""

import asyncio
import json
import os
import sys
from operator import itemgetter
from pathlib import Path
from typing import Self

from selador_local.stack.commands import run
from selador_local.stack.progress import Progress


class Artifacts:
    """The artifacts of `project` in `folder`. What the build says is in `log`.

    As a context, it builds while the block runs, and ends an unfinished build with the block.
    """

    def __init__(self, project: Path, folder: Path, log: Path) -> None:
        self.folder = folder
        self._builder = project / "packaging" / "build_artifacts.py"
        self._log = log
        self._shown_by: Progress | None = None

    async def build(self) -> None:
        """Build them, if anything has changed. Raises StackError if that fails, OSError if the log can't be written."""
        await run(
            [sys.executable, str(self._builder), "--architecture", "host", "--output", str(self.folder)],
            environment=os.environ,
            log=self._log,
            on_line=self._show,
        )

    async def __aenter__(self) -> Self:
        self._building = asyncio.create_task(self.build())
        self._is_awaited = False
        return self

    async def __aexit__(self, *_: object) -> None:
        self._building.cancel()
        await asyncio.gather(self._building, return_exceptions=True)

    async def built(self, progress: Progress) -> None:
        """Wait for the block's build, the first time as a step of `progress`. Raises what `build` raises."""
        if self._is_awaited:
            return
        self._is_awaited = True
        async with progress.step("build the artifacts"):
            self._shown_by = progress
            await self._building
            self._shown_by = None
            progress.note(self._sizes())

    def _show(self, line: str) -> None:
        if self._shown_by is not None:
            self._shown_by.note(line)

    def _sizes(self) -> str:
        manifest = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        artifacts = sorted(manifest["artifacts"].values(), key=itemgetter("path"))
        return ", ".join(f"{artifact['path']} {artifact['size'] / 1e6:.1f} MB" for artifact in artifacts)
