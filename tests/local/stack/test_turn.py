"""One stack at a time, and the next one when it has ended."""

import asyncio
from pathlib import Path

from selador_local.stack.turn import turn


def test_a_second_stack_waits_says_so_and_goes_on(tmp_path: Path) -> None:
    told: list[str] = []
    lock = tmp_path / "build" / "local.stack"

    async def stack(name: str, began: asyncio.Event, may_end: asyncio.Event) -> None:
        async with turn(lock, lambda: told.append(f"{name} waits")):
            told.append(f"{name} begins")
            began.set()
            await may_end.wait()
            told.append(f"{name} ends")

    async def scenario() -> None:
        begun, may_end = (asyncio.Event(), asyncio.Event()), asyncio.Event()
        first = asyncio.create_task(stack("first", begun[0], may_end))
        await begun[0].wait()
        second = asyncio.create_task(stack("second", begun[1], may_end))
        while "second waits" not in told:
            await asyncio.sleep(0)
        may_end.set()
        await asyncio.gather(first, second)

    asyncio.run(scenario())

    assert list(dict.fromkeys(told)) == ["first begins", "second waits", "first ends", "second begins", "second ends"]


def test_a_turn_ends_with_a_failure(tmp_path: Path) -> None:
    async def scenario() -> None:
        for _ in range(2):
            try:
                async with turn(tmp_path / "lock", lambda: None):
                    raise KeyError
            except KeyError:
                continue

    asyncio.run(scenario())
