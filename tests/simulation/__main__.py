"""`make torture` runs more worlds than the tests do; `python -m tests.simulation --seed 17` runs one again."""

import argparse
import sys

from . import report


def main() -> int:
    """Run the worlds, print what they came to; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many worlds, of twenty requests each")
    parser.add_argument("--seed", type=int, help="only this one")
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error(f"SEEDS is {arguments.seeds}; give 1 or more: without a world nothing is shown")
    seeds = range(arguments.seeds) if arguments.seed is None else [arguments.seed]
    found = report.run(seeds)
    for violation in found.violations:
        sys.stdout.write(f"{violation}\n\n")
    sys.stdout.write(
        f"{found.seeds:,} worlds, {found.requests:,} requests, {len(found.violations):,} worlds with a violation\n"
    )
    for title, counted in (("ends", found.ends), ("faults", found.faults), ("violations", found.by_rule)):
        listed = ", ".join(f"{name} {number:,}" for name, number in counted.most_common() if number)
        sys.stdout.write(f"{title}: {listed or 'none'}\n")
    return 1 if found.violations else 0


if __name__ == "__main__":
    sys.exit(main())
