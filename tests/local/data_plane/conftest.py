"""An outbox for CloudWatch that nothing leaves: tests look into it."""

from math import sumprod

from selador_local.data_plane.cloudwatch.outbox import Outbox


class KeptOutbox(Outbox):
    """Keeps what CloudWatch would get."""

    def __init__(self) -> None:
        super().__init__(_never, _never)

    def sums(self, **dimensions: str) -> dict[str, float]:
        """Return the sum of each metric that has exactly these dimensions."""
        found: dict[str, float] = {}
        for datum in self.data:
            if datum.dimensions == tuple(sorted(dimensions.items())):
                found[datum.name] = found.get(datum.name, 0) + sumprod(datum.values, datum.counts)
        return found


async def _never(*_: object) -> None:
    raise AssertionError("this outbox delivers nothing")
