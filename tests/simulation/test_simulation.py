"""The real intake, batch, worker, agents and connections in virtual time, failing in every way that a seed finds.

Every seed is a world of twenty requests; `make torture SEEDS=n` runs more of them.
"""

import pytest

from . import report
from .__main__ import main
from .seeds import setting_of
from .world import Setting, simulate

SEEDS = 104
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_in_every_world_each_request_ends_once_in_time_told_and_counted(part: int) -> None:
    found = report.run(range(part, SEEDS, PARTS))

    assert not found.violations, "\n\n".join(found.violations[:2])
    assert found.requests == 20 * SEEDS // PARTS


@pytest.mark.parametrize("seeds", ["0", "-1"])
def test_no_world_proves_nothing(
    seeds: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["simulation", f"--seeds={seeds}"])

    with pytest.raises(SystemExit, match="2"):
        main()

    assert f"SEEDS is {seeds}; give 1 or more" in capsys.readouterr().err


def test_a_seed_replays() -> None:
    first, second = (simulate(5, setting_of(5)) for _ in range(2))

    assert [record.history for record in first.records.all()] == [record.history for record in second.records.all()]


@pytest.mark.parametrize(
    "outage",
    [{"throttled": (0, 90)}, {"not_ready": (0, 180)}],
    ids=["90 s of throttling", "3 minutes of a model that isn't ready"],
)
def test_an_outage_that_passes_loses_no_request(outage: dict[str, tuple[float, float]]) -> None:
    world = simulate(1, Setting(requests=40, seconds=90, leaving=0, pollers=40, workflows=0, **outage))  # type: ignore[arg-type]

    records = world.records.all()
    assert [record.ends()[-1][1]["type"] for record in records] == ["completed"] * 40
    assert all(len(record.attempts) == 1 for record in records)
    waits = {
        frame.get("waitingFor") for record in records for _, frame in record.frames if frame["type"] == "heartbeat"
    }
    assert waits & {"quota", "service"}


def test_deadline_seconds_is_what_terraform_says() -> None:
    """terraform/tests/root.tftest.hcl holds the other side of the number to the same figure."""
    assert Setting().deadline_seconds == 2_820
