"""Each resource of an environment with every switch on: tainted, planned, applied, and there afterwards.

A creation that fails half-way leaves a resource tainted, and the next apply replaces it. Instances of one resource are
tainted together. build/taints.md becomes a table of what was planned and what came of it.
"""

from collections.abc import Iterator
from itertools import groupby

import pytest

from .conftest import EVERY_SWITCH, REFUSED_TWICE, ROOT, Local, local

pytestmark = pytest.mark.slow

TABLE = ROOT / "build/taints.md"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """The environment `local` with every switch on, applied."""
    with local(tmp_path_factory.mktemp("taints")) as copy:
        copy.bootstrap()
        copy.set(*EVERY_SWITCH)
        copy.run("init")
        copy.plan()
        copy.run("apply")
        yield copy


def test_what_was_tainted_is_there_after_an_apply(environment: Local) -> None:
    TABLE.parent.mkdir(exist_ok=True)  # a fresh clone has none
    rows = ["| tainted | planned | with it | applied | planned afterwards |", "|---|---|---|---|---|"]
    faults = []
    for resource, instances in groupby(environment.managed(), key=lambda address: address.partition('["')[0]):
        tainted = list(instances)
        for address in tainted:
            environment.terraform("taint", address)

        planned = environment.changes()
        complaint = environment.apply_changes()
        refused = resource.split(".")[-2] in REFUSED_TWICE
        if refused:  # Terraform keeps the one that is there, which is as it should be
            for address in tainted:
                environment.terraform("untaint", address)
        left = environment.changes()

        others = {f"{actions} {address}" for address, actions in planned.items() if address not in tainted}
        cells = (resource, planned[tainted[0]], ", ".join(sorted(others)), complaint or "yes", str(left or "nothing"))
        rows.append(f"| {' | '.join(cells)} |")
        TABLE.write_text("\n".join(rows) + "\n")
        if left or bool(complaint) != refused:
            faults.append(resource)

    assert faults == []
