"""The one exception of this distribution: whatever it refuses, it refuses with this."""

SHOWN = 8  # a wheel with a thousand bad members tells no more than one with eight


class PackagingError(Exception):
    """A build was refused; `faults` are whole sentences, one per thing that is wrong, each with its place."""

    def __init__(self, *faults: str) -> None:
        super().__init__(*faults)
        self.faults = faults

    def __str__(self) -> str:
        hidden = len(self.faults) - SHOWN
        return "\n".join([*self.faults[:SHOWN], *([f"and {hidden} more"] if hidden > 0 else [])])
