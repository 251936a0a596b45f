"""The command, against a control plane that is a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from selador_local.control_plane_client.client import ControlPlane
from selador_local.stack import stack_file

if TYPE_CHECKING:
    from types_boto3_cloudwatch.client import CloudWatchClient

BODY = {
    "widgets": [
        {
            "type": "metric",
            "x": 0,
            "y": 0,
            "width": 8,
            "height": 4,
            "properties": {
                "title": "How requests end",
                "period": 60,
                "metrics": [
                    [{"expression": "SUM([completed])", "label": "completed", "color": "#2ca02c", "id": "line0"}],
                    [
                        *("Selador", "Completed", "FunctionName", "main"),
                        {"id": "completed", "stat": "Sum", "visible": False},
                    ],
                ],
                "yAxis": {"left": {"min": 0}},
            },
        },
        {
            "type": "log",
            "x": 8,
            "y": 0,
            "width": 8,
            "height": 4,
            "properties": {"title": "Failures", "query": "SOURCE '/aws/lambda/main' | fields @timestamp | limit 1"},
        },
        {"type": "alarm", "x": 16, "y": 0, "width": 8, "height": 4, "properties": {"title": "Alarms", "alarms": []}},
    ]
}


def preview(work_dir: Path, minutes: str = "10") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "selador_local.dashboard_preview", "--work-dir", str(work_dir), f"--minutes={minutes}"],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def work_dir(control_plane: ControlPlane, tmp_path: Path) -> Path:
    path = tmp_path / stack_file.NAME
    variables = stack_file.environment(control_plane, gateway_port=1, bedrock_endpoint="http://127.0.0.1:1", path=path)
    stack_file.write(path, {"clock": {"scale": 1, "origin": 0}, "environment": variables})
    return tmp_path


def test_without_a_stack_it_says_how_to_start_one(tmp_path: Path) -> None:
    done = preview(tmp_path)

    assert (done.returncode, done.stderr) == (1, "no stack is running; start one with make local\n")


def test_it_draws_the_dashboard_with_the_stacks_data(control_plane: ControlPlane, work_dir: Path) -> None:
    cloudwatch: CloudWatchClient = boto3.client("cloudwatch", **control_plane.client_arguments)
    boto3.client("logs", **control_plane.client_arguments).create_log_group(logGroupName="/aws/lambda/main")
    assert "has no dashboard yet" in preview(work_dir).stderr
    cloudwatch.put_dashboard(DashboardName="selador-local", DashboardBody=json.dumps(BODY))
    cloudwatch.put_metric_data(
        Namespace="Selador",
        MetricData=[
            {"MetricName": "Completed", "Dimensions": [{"Name": "FunctionName", "Value": "main"}], "Value": 7},
        ],
    )

    done = preview(work_dir)

    assert done.stderr == ""
    assert done.returncode == 0
    assert str(work_dir / "dashboard.svg") in done.stdout
    assert "completed: 7<" in (work_dir / "dashboard.svg").read_text()


@pytest.mark.parametrize("minutes", ["0", "-5", "99999999999", "six"])
def test_a_time_that_no_picture_shows_is_refused(tmp_path: Path, minutes: str) -> None:
    done = preview(tmp_path, minutes)

    assert done.returncode == 2
    assert f"argument --minutes: {minutes!r} is no whole number from 1 to 10,080" in done.stderr
