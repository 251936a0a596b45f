"""The build that goes on while the stack's first parts start. What it builds is tests/packaging's subject."""

import asyncio
import io
import re
from pathlib import Path

import pytest

from selador_local.stack.artifacts import Artifacts
from selador_local.stack.commands import StackError
from selador_local.stack.output import Output
from selador_local.stack.progress import Progress

BUILDS = """
import os, sys, time
from pathlib import Path

folder = Path(sys.argv[sys.argv.index("--output") + 1])
folder.mkdir()
(folder / "pid").write_text(str(os.getpid()))
(folder / "begun").touch()
while not (folder / "may-end").exists():
    time.sleep(0.01)
(folder / "main.zip").write_bytes(bytes(100_000))
(folder / "removed.zip").write_bytes(bytes(100_000))
(folder / "manifest.json").write_text('{"artifacts": {"main": {"path": "main.zip", "size": 6100000}}}')
print("built")
"""
FAILS = "raise SystemExit('main: no such package')"


class Project:
    """A project whose build is `builder`, with a stack's progress on it."""

    def __init__(self, folder: Path, builder: str) -> None:
        (folder / "packaging").mkdir()
        (folder / "packaging" / "build_artifacts.py").write_text(builder)
        self.artifacts = Artifacts(folder, folder / "dist", folder / "packaging.log")
        self._written = io.StringIO()
        self.progress = Progress(Output(self._written, {}))

    async def has_begun(self) -> None:
        while not (self.artifacts.folder / "begun").exists():
            await asyncio.sleep(0.01)

    def may_end(self) -> None:
        (self.artifacts.folder / "may-end").touch()

    @property
    def shown(self) -> str:
        return self._written.getvalue()

    @property
    def steps(self) -> list[str]:
        return re.findall(r"[✓✗] ([a-z ]+[a-z])  ", self.shown)


def test_other_parts_start_while_it_builds(tmp_path: Path) -> None:
    project = Project(tmp_path, BUILDS)

    async def story() -> None:
        async with project.artifacts as artifacts:
            async with project.progress.step("start another part"):
                await project.has_begun()
            project.may_end()
            await artifacts.built(project.progress)

    asyncio.run(story())

    assert project.steps == ["start another part", "build the artifacts"]
    assert (tmp_path / "dist" / "main.zip").exists()


def test_whoever_waits_for_it_later_is_no_second_step(tmp_path: Path) -> None:
    project = Project(tmp_path, BUILDS)

    async def story() -> None:
        async with project.artifacts as artifacts:
            await project.has_begun()
            project.may_end()
            await artifacts.built(project.progress)
            await artifacts.built(project.progress)

    asyncio.run(story())

    assert project.steps == ["build the artifacts"]


def test_a_failing_build_is_told_where_the_artifacts_are_needed(tmp_path: Path) -> None:
    project = Project(tmp_path, FAILS)

    async def story() -> None:
        async with project.artifacts as artifacts:
            with pytest.raises(StackError, match="main: no such package"):
                await artifacts.built(project.progress)

    asyncio.run(story())

    assert project.steps == ["build the artifacts"]


def test_a_build_that_nobody_needs_any_more_is_ended(tmp_path: Path) -> None:
    project = Project(tmp_path, BUILDS)

    async def story() -> None:
        async with project.artifacts:
            await project.has_begun()

    asyncio.run(story())

    process = (tmp_path / "dist" / "pid").read_text()
    assert not Path("/proc", process).exists()


def test_what_an_earlier_build_left_is_not_told_as_an_artifact(tmp_path: Path) -> None:
    project = Project(tmp_path, BUILDS)

    async def story() -> None:
        async with project.artifacts as artifacts:
            await project.has_begun()
            project.may_end()
            await artifacts.built(project.progress)

    asyncio.run(story())

    assert "main.zip 6.1 MB\n" in project.shown
    assert "removed.zip" not in project.shown
