"""How many invocations run at once: within a function's reservation, or within what is left of the account's. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from selador_local.data_plane.deployment import Function
from selador_local.data_plane.lambda_service.invocation import TooManyRequestsError


class InUse(NamedTuple):
    """How many invocations run, of a function and in all."""

    function: int
    account: int


class Concurrency:
    """Counts the invocations under way of an account that may have `account_limit` (LAM-41)."""

    def __init__(self, account_limit: int) -> None:
        self._account_limit = account_limit
        self._reserved: dict[str, int] = {}
        self._running: Counter[str] = Counter()

    def reserve(self, functions: Iterable[Function]) -> None:
        """Let these functions' reservations count from now on."""
        self._reserved = {
            function.name: function.reserved_concurrency
            for function in functions
            if function.reserved_concurrency is not None
        }

    @contextmanager
    def taken(self, function: Function) -> Iterator[InUse]:
        """Count an invocation of a function, in any version, inside the block. Raises TooManyRequestsError."""
        reserved = self._reserved.get(function.name)
        if reserved is not None and self._running[function.name] >= reserved:
            raise TooManyRequestsError(f"{function.name}: reserved concurrency {reserved} is used up")
        left = self._account_limit - sum(self._reserved.values())
        if reserved is None and sum(self._running[name] for name in self._running.keys() - self._reserved) >= left:
            raise TooManyRequestsError(
                f"{function.name}: the account's unreserved concurrency {left} is used up "
                f"({self._account_limit}, less what is reserved)"
            )
        self._running[function.name] += 1
        try:
            yield InUse(self._running[function.name], self._running.total())
        finally:
            self._running[function.name] -= 1
