"""`python -m selador_local.dashboard_preview`: what `make dashboard-preview` calls, while `make local` runs."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from selador_local.arguments import whole_number
from selador_local.clock import StackClock
from selador_local.cloudwatch.window import Window
from selador_local.dashboard_preview.picture import Data, Points, draw
from selador_local.dashboard_preview.widgets import AlarmGrid, Graph, LogTable, Widget, read
from selador_local.errors import SeladorLocalError
from selador_local.stack import stack_file
from selador_local.stack.stack import WORK_DIR

if TYPE_CHECKING:
    from types_boto3_cloudwatch.client import CloudWatchClient
    from types_boto3_logs.client import CloudWatchLogsClient

_WEEK = 7 * 24 * 60  # minutes; a graph has a point for each


class NoDashboardError(SeladorLocalError):
    """The stack has no dashboard yet."""

    def __init__(self) -> None:
        super().__init__("the stack has no dashboard yet; wait until make local has applied it")


def main(arguments: list[str]) -> int:
    """Draw the dashboard of the running stack; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m selador_local.dashboard_preview", description=__doc__)
    parser.add_argument(
        "--minutes",
        type=whole_number(1, _WEEK, "a week is as much as one picture shows"),
        default=60,
        metavar="N",
        help="how far to look back (default: %(default)s)",
    )
    parser.add_argument("--work-dir", type=Path, default=WORK_DIR, help="the stack's folder (default: .local)")
    options = parser.parse_args(arguments)
    try:
        facts = stack_file.read(options.work_dir / stack_file.NAME)
        picture = _picture(facts, options.minutes)
    except SeladorLocalError as error:
        print(error, file=sys.stderr)
        return 1
    file = options.work_dir / "dashboard.svg"
    file.write_text(picture, encoding="utf-8")
    print(f"{file}: the dashboard's last {options.minutes} minutes; open it in a browser")
    return 0


def _picture(facts: Mapping[str, Any], minutes: int) -> str:
    variables = facts["environment"]
    clients: dict[str, Any] = {
        "endpoint_url": variables["AWS_ENDPOINT_URL"],
        "region_name": variables["AWS_REGION"],
        "aws_access_key_id": variables["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
    }
    cloudwatch: CloudWatchClient = boto3.client("cloudwatch", **clients)
    logs: CloudWatchLogsClient = boto3.client("logs", **clients)
    entries = cloudwatch.list_dashboards()["DashboardEntries"]
    if not entries:
        raise NoDashboardError
    name = entries[0]["DashboardName"]
    widgets = read(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
    end = StackClock(**facts["clock"]).time() // 60 * 60 + 60
    # As Terraform names them: an alarm <environment>-<key>, the dashboard <environment>-<region>.
    prefix = name.removesuffix(variables["AWS_REGION"])
    return draw(name, widgets, _data(cloudwatch, logs, widgets, Window(end - 60 * minutes, end, 60), prefix))


def _data(
    cloudwatch: "CloudWatchClient",
    logs: "CloudWatchLogsClient",
    widgets: Sequence[Widget],
    window: Window,
    prefix: str,
) -> Data:
    lines: dict[tuple[str, str], Points] = {}
    states: dict[str, tuple[str, str]] = {}
    rows: dict[str, list[dict[str, str]]] = {}
    for widget in widgets:
        match widget:
            case Graph():
                answer = cloudwatch.get_metric_data(
                    MetricDataQueries=widget.queries,  # type: ignore[arg-type] # read from the dashboard
                    StartTime=datetime.fromtimestamp(window.start, UTC),
                    EndTime=datetime.fromtimestamp(window.end, UTC),
                    ScanBy="TimestampAscending",
                )
                for result in answer["MetricDataResults"]:
                    times = (moment.timestamp() for moment in result["Timestamps"])
                    lines[widget.title, result["Id"]] = list(zip(times, result["Values"], strict=True))
            case AlarmGrid():
                states |= _states(cloudwatch, prefix)
            case LogTable():
                rows[widget.title] = _rows(logs, widget, window)
    return Data(window.start, window.end, lines, states, rows)


def _states(cloudwatch: "CloudWatchClient", prefix: str) -> dict[str, tuple[str, str]]:
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=["CompositeAlarm", "MetricAlarm"])
    return {
        alarm["AlarmArn"]: (alarm["AlarmName"].removeprefix(prefix), alarm["StateValue"])
        for page in pages
        for alarm in [*page["CompositeAlarms"], *page["MetricAlarms"]]
    }


def _rows(logs: "CloudWatchLogsClient", table: LogTable, window: Window) -> list[dict[str, str]]:
    started = logs.start_query(
        logGroupNames=list(table.log_groups),
        queryString=table.query,
        startTime=int(window.start),
        endTime=int(window.end),
    )
    results = logs.get_query_results(queryId=started["queryId"])["results"]  # a laptop's query is over at once
    return [{cell["field"]: cell["value"] for cell in row} for row in results]


if __name__ == "__main__":
    for variable in [variable for variable in os.environ if variable.startswith("AWS_")]:
        del os.environ[variable]  # nothing here may reach a real account
    sys.exit(main(sys.argv[1:]))
