"""`python -m selador_local.drills [--only ALARMS]`: what `make drill` calls.

It brings up a laptop stack of its own whose time goes twenty times as fast, lets clients ask, and puts in one fault
after another. Exit status: 0 if each alarm went off, was told and ended, 1 if not, 2 for wrong usage.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from selador_local.clock import StackClock
from selador_local.data_plane.emulation import Emulation
from selador_local.drills.catalogue import Drill, UnknownDrillError, read_catalogue
from selador_local.drills.lead import Lead
from selador_local.drills.outcome import table
from selador_local.drills.site import Site
from selador_local.drills.traffic import SteadyTraffic
from selador_local.drills.watch import AlarmWatch
from selador_local.errors import SeladorLocalError
from selador_local.issuer.keys import open_keys
from selador_local.issuer.tokens import mint
from selador_local.stack.authorization import Authorization
from selador_local.stack.failures import Failures
from selador_local.stack.output import Output
from selador_local.stack.progress import Progress
from selador_local.stack.proxies import past_proxies
from selador_local.stack.stack import ISSUER, PROJECT, WORK_DIR, Stack, running

SCALE = 20.0
HEALTHY_MINUTES = 60
_LONG_MINUTES, _LONG_PACE_SECONDS, _LONG_EVERY_SECONDS = 30, 0.5, 6
"""Healthy long answers: for so long; so long between two of some 85 events; a question so often."""
_TOKEN_IS_VALID = timedelta(days=7)
_VARIABLES = {"TF_VAR_heartbeat_minutes": "2"}
"""Alarms that are off unless switched on are on here."""


class NobodyAnsweredError(SeladorLocalError):
    """The stack answers nobody, so that a drill would prove nothing."""


def main(arguments: list[str]) -> int:
    """Run the command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m selador_local.drills", description=__doc__)
    parser.add_argument("--only", default="", help="the alarms to drill, separated by commas (default: all)")
    parser.add_argument("--work-dir", type=Path, default=WORK_DIR / "drills", help="default: .local/drills")
    parser.add_argument("--time-scale", type=float, default=SCALE, help="how many times as fast its time goes")
    parser.add_argument(
        "--healthy-minutes", type=float, default=HEALTHY_MINUTES, help="of the stack's clock, without a fault, first"
    )
    options = parser.parse_args(arguments)
    try:
        drills = read_catalogue().only(options.only)
    except UnknownDrillError as error:
        parser.error(str(error))
    os.environ.update(_VARIABLES)
    try:
        return asyncio.run(_drill(drills, options.work_dir, options.healthy_minutes, options.time_scale))
    except SeladorLocalError as error:
        print(f"drill: {error}", file=sys.stderr)
        return 1


async def _drill(drills: tuple[Drill, ...], work_dir: Path, healthy_minutes: float, scale: float) -> int:
    progress = Progress(Output(sys.stderr, os.environ))
    failures = Failures(PROJECT, work_dir / "logs", time.time, lambda _: None)
    emulation = Emulation(StackClock(scale, time.time()))
    async with running(
        progress,
        work_dir=work_dir,
        failures=failures,
        emulation=emulation,
        authorization=Authorization.JWT,
        remembers=False,
    ) as stack:
        return await asyncio.to_thread(_lead, stack, drills, work_dir, healthy_minutes)


def _lead(stack: Stack, drills: tuple[Drill, ...], work_dir: Path, healthy_minutes: float) -> int:
    clock = stack.data_plane.clock
    site = Site(
        stack.control_plane,
        stack.outputs,
        faults=f"http://127.0.0.1:{stack.data_plane.port}/_control",
        bedrock_faults=f"{stack.bedrock.endpoint}/_control",
        clock=clock,
    )
    keys = open_keys(work_dir / ISSUER, datetime.now(UTC))
    issuer = json.loads(stack.terraform.variables["jwt"])["issuer"]
    watch = AlarmWatch(site)
    watch.begin()
    lead = Lead(site, watch, lambda line: print(f"drill: {line}", file=sys.stderr, flush=True))
    # Not in the future by the machine's clock, and good for longer than the faster one needs.
    token = mint(keys, issuer, "drill", datetime.now(UTC), valid=_TOKEN_IS_VALID)
    traffic = SteadyTraffic(site, stack.websocket_url, token)
    with traffic.running():
        false_alarms = lead.healthy(healthy_minutes)
        if not traffic.ends["completed"]:
            raise NobodyAnsweredError(f"no question was answered, before any fault was put in: {traffic}")
        with _long_answers(stack, site):
            false_alarms |= lead.healthy(min(healthy_minutes, _LONG_MINUTES))
        outcomes = lead.all(drills)
    for line in table(outcomes):
        print(line)
    print(f"healthy: {healthy_minutes:.0f} minutes, {', '.join(sorted(false_alarms)) or 'no alarm'} went off")
    print(f"clients: {traffic}")
    return 0 if not false_alarms and all(one.passed for one in outcomes) else 1


@contextmanager
def _long_answers(stack: Stack, site: Site) -> Iterator[None]:
    """Let each answer take about a quarter of an hour of the stack's clock, and fewer be asked for."""
    pace, every = stack.bedrock.token_delay_seconds, site.hooks.every_seconds
    stack.bedrock.token_delay_seconds, site.hooks.every_seconds = _LONG_PACE_SECONDS, _LONG_EVERY_SECONDS
    try:
        yield
    finally:
        stack.bedrock.token_delay_seconds, site.hooks.every_seconds = pace, every


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]  # nothing here may reach a real account
    os.environ.update(past_proxies(os.environ))
    sys.exit(main(sys.argv[1:]))
