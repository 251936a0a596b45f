"""The numbers of a bill are those of their owners: the functions, Terraform, and what was measured."""

import re
from pathlib import Path

from selador_deploy import hcl
from selador_deploy.cost.system import System, read_measured
from selador_main.agents.agent import Ended
from selador_main.delivery import Receive
from selador_main.frame_writer import HEARTBEAT_SECONDS, Tally
from selador_main.lease import RENEWAL_SECONDS
from selador_main.outcomes import Ending, Outcome
from selador_main.summary import Stopwatch, metrics_of
from selador_shared.protocol import MAX_FRAME_BYTES, Delta, encode_frame

PROJECT = Path(__file__).parents[3]
SYSTEM = System()


def benchmark(name: str) -> str:
    return (PROJECT / "benchmarks" / name).read_text(encoding="utf-8")


def test_main_has_these_numbers() -> None:
    frame = encode_frame(Delta(request_id="0" * 32, attempt=1, seq=100, text=""))

    assert SYSTEM.lease_renewal_seconds == RENEWAL_SECONDS
    assert SYSTEM.heartbeat_seconds == HEARTBEAT_SECONDS
    assert SYSTEM.greatest_frame_bytes == MAX_FRAME_BYTES
    assert SYSTEM.frame_bytes == len(frame)


def test_an_answer_puts_so_many_metrics() -> None:
    stopwatch = Stopwatch(lambda: 0.0)
    stopwatch.note_token()

    put_by_main = metrics_of(
        Outcome(Ending.ANSWERED),
        Receive(count=1, sent_at=0),
        Tally(),
        stopwatch,
        Ended(input_tokens=3_000, output_tokens=400),
        queue_wait_ms=10,
    )

    assert SYSTEM.metrics_of_an_answer == len(put_by_main) + len(["Accepted"])  # which the handler puts


def test_terraform_has_these_numbers() -> None:
    variables = hcl.labelled(hcl.read((PROJECT / "terraform/variables.tf").read_text()), "variable")
    dashboards = re.findall('^resource "aws_cloudwatch_dashboard"', alarms_module(), re.MULTILINE)

    assert f"memory_mb = optional(number, {SYSTEM.main_memory_mb})" in variables["main_function"]["type"]
    assert f"memory_mb = optional(number, {SYSTEM.handler_memory_mb})" in variables["websocket_handler"]["type"]
    assert SYSTEM.log_retention_days == variables["log_retention_days"]["default"]
    assert SYSTEM.dashboards == len(dashboards)


def alarms_module() -> str:
    return "\n".join(path.read_text() for path in (PROJECT / "terraform/modules/alarms").glob("*.tf"))


def test_the_handlers_cpu_is_as_measured() -> None:
    report = benchmark("handler.md")
    through_the_runtime = report[report.index("through AWS's runtime client") :]
    (invoke,) = re.findall(r"^\| `invoke` \| ([\d.]+) \|$", through_the_runtime, re.MULTILINE)
    (others,) = re.findall(r"^\| `ping`, `\$connect`, `\$disconnect` \| ([\d., ]+) \|$", report, re.MULTILINE)

    assert float(invoke) == SYSTEM.handler_invoke_cpu_ms
    assert max(map(float, others.split(", "))) == SYSTEM.handler_other_cpu_ms


def test_a_post_takes_as_long_as_in_the_measurement_of_streaming() -> None:
    (milliseconds,) = re.findall(r"A post to `@connections` takes\nL = (\d+) ms", benchmark("streaming.md"))

    assert int(milliseconds) / 1000 == SYSTEM.post_seconds


def test_artifacts_are_as_large_as_measured() -> None:
    (sizes,) = re.findall(
        r"^\| this project \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", benchmark("packaging.md"), re.MULTILINE
    )

    assert round(sum(map(float, sizes))) == SYSTEM.artifact_megabytes


def test_what_the_logs_hold_was_measured() -> None:
    measured = read_measured(PROJECT)

    assert set(measured.log_bytes_by_part) == {"access", "main", "websocket_handler"}
    assert measured.log_bytes == sum(measured.log_bytes_by_part.values()) > 1_000
