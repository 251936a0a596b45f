"""What whoever starts the stack may choose about how it behaves; on AWS the first two are nobody's choice."""

from dataclasses import dataclass

from selador_local.clock import StackClock


@dataclass(frozen=True)
class Emulation:
    """The stack's clock; the seed that mixes what AWS doesn't order; how many invocations may run at once (LAM-41)."""

    clock: StackClock = StackClock()  # noqa: RUF009  # it never changes
    seed: int = 1
    account_concurrency: int = 1_000
