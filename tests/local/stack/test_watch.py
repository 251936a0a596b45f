"""What follows when a file is saved, with a stand-in for the build and for the functions."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

import pytest

from selador_local.stack.commands import StackError
from selador_local.stack.live_code import LiveCode
from selador_local.stack.saved_files import look
from selador_local.stack.watch import Watch

from ...conftest import STUCK_SECONDS


class FakeLiveCode:
    """Replaces `main` whenever its zip is another one."""

    def __init__(self, artifacts: Path) -> None:
        self._artifacts = artifacts
        self.replaced: list[tuple[str, str]] = []

    def replace(self, before: Mapping[str, str]) -> list[str]:
        now = json.loads((self._artifacts / "manifest.json").read_text())["artifacts"]["main"]["sha256"]
        if now == before["main.zip"]:
            return []
        self.replaced.append((before["main.zip"], now))
        return ["main"]


class Project:
    """A function of one file. Its zip's hash is the file's text; a text of `broken` fails the build."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "functions" / "main" / "handler.py"
        self.file.parent.mkdir(parents=True)
        self.live_code = FakeLiveCode(folder)
        self.told: list[str] = []
        self.builds = 0

    def save(self, text: str) -> None:
        self.file.write_text(text)

    async def build(self) -> None:
        self.builds += 1
        if self.file.read_text() == "broken":
            raise StackError("build failed with status 1; see packaging.log\nhandler.py, line 1: invalid syntax")
        artifact = {"path": "main.zip", "sha256": self.file.read_text()}
        (self.folder / "manifest.json").write_text(json.dumps({"artifacts": {"main": artifact}}))

    def run(self, scenario: Callable[[], Awaitable[None]], *, saved_meanwhile: str | None = None) -> None:
        """Watch while the scenario runs; `saved_meanwhile` is saved between the first look and the watch's begin."""

        async def watched() -> None:
            self.save("1")
            seen = look(self.folder)
            await self.build()
            if saved_meanwhile is not None:
                self.save(saved_meanwhile)
            live_code, tell = cast(LiveCode, self.live_code), self.told.append
            watch = Watch(self.folder, self.folder, self.build, live_code, tell=tell, complain=tell)
            task = asyncio.create_task(watch.follow(seen))
            try:
                async with asyncio.timeout(STUCK_SECONDS):
                    await scenario()
            finally:
                task.cancel()

        asyncio.run(watched())

    async def tells(self, count: int = 1) -> None:
        while len(self.told) < count:
            await asyncio.sleep(0.05)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_saved_file_is_built_and_put_in(project: Project) -> None:
    async def scenario() -> None:
        project.save("22")
        await project.tells(1)
        project.save("333")
        await project.tells(2)

    project.run(scenario)

    assert project.live_code.replaced == [("1", "22"), ("22", "333")]
    assert project.told[0].startswith("functions/main/handler.py: saved, main replaced in ")


def test_what_was_saved_while_the_stack_came_up_is_put_in_afterwards(project: Project) -> None:
    project.run(project.tells, saved_meanwhile="22")

    assert project.live_code.replaced == [("1", "22")]


def test_a_build_that_fails_leaves_the_functions_alone_and_the_next_is_put_in(project: Project) -> None:
    async def scenario() -> None:
        project.save("broken")
        await project.tells(1)
        project.save("22")
        await project.tells(2)

    project.run(scenario)

    assert project.told[0] == (
        "functions/main/handler.py: saved, but the functions go on with the code before: "
        "handler.py, line 1: invalid syntax"
    )
    assert project.live_code.replaced == [("1", "22")]


def test_files_beyond_the_third_are_counted(project: Project) -> None:
    async def scenario() -> None:
        for name in "abcde":
            project.file.with_name(f"{name}.py").write_text("new")
        await project.tells(1)

    project.run(scenario)

    assert "a.py, functions/main/b.py, functions/main/c.py and 2 more: saved, no function replaced" in project.told[0]


def test_nothing_is_built_while_nothing_is_saved(project: Project) -> None:
    async def scenario() -> None:
        await asyncio.sleep(1)

    project.run(scenario)

    assert (project.builds, project.told) == (1, [])
