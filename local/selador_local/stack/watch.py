"""A changed line of a function is live in seconds: look for saved files, rebuild, put in."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from selador_local.stack.commands import StackError
from selador_local.stack.live_code import LiveCode, zips
from selador_local.stack.saved_files import Seen, look, saved

_PAUSE_SECONDS = 0.25
_NAMED_FILES = 3


class Watch:
    """Watches the functions' files of `project`. `build` makes the zips in `artifacts` anew, or raises StackError.

    `tell` is given a line about each change, `complain` about each failure: the functions then go on with the code that
    they have.
    """

    def __init__(
        self,
        project: Path,
        artifacts: Path,
        build: Callable[[], Awaitable[None]],
        live_code: LiveCode,
        *,
        tell: Callable[[str], None],
        complain: Callable[[str], None],
    ) -> None:
        self._project = project
        self._artifacts = artifacts
        self._build = build
        self._live_code = live_code
        self._tell = tell
        self._complain = complain

    async def follow(self, seen: Seen) -> None:
        """Put in what was saved after `seen`, and whatever is saved from now on, until this is cancelled."""
        running = await asyncio.to_thread(zips, self._artifacts)
        before = seen
        while True:
            now = await asyncio.to_thread(look, self._project)
            # Once two looks agree: an editor that saves all files does so one after another.
            if now == before and (files := saved(seen, now)):
                running = await self._put_in(files, running)
                seen = now
            before = now
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _put_in(self, files: Sequence[str], running: dict[str, str]) -> dict[str, str]:
        """Return the zips that run afterwards."""
        named = ", ".join(files[:_NAMED_FILES]) + (
            f" and {more} more" if (more := len(files) - _NAMED_FILES) > 0 else ""
        )
        began = time.monotonic()
        try:
            await self._build()
            replaced = await asyncio.to_thread(self._live_code.replace, running)
            running = await asyncio.to_thread(zips, self._artifacts)
        except (StackError, BotoCoreError, ClientError, OSError) as error:
            reason = str(error).splitlines()[-1]  # a command that failed says first which, and why in the end
            self._complain(f"{named}: saved, but the functions go on with the code before: {reason}")
        else:
            what = ", ".join(replaced) if replaced else "no function"
            self._tell(f"{named}: saved, {what} replaced in {time.monotonic() - began:.1f} s")
        return running
