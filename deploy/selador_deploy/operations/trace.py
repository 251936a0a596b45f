"""`make trace`: one request's life, from the logs of both functions."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import sleep

from selador_deploy.deployment import Deployment
from selador_deploy.errors import DeployError
from selador_deploy.operations.deployed_service import DeployedService, find_service
from selador_deploy.operations.insights import Insights, Row, one_of, row_time
from selador_deploy.operations.log_line import LogLine, read_line
from selador_deploy.operations.request_life import how_it_ended, invocations, message_ids, moments, timeline
from selador_deploy.operations.spans import moment, parse_span
from selador_deploy.operations.tables import Color, painted

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DEFAULT_SINCE = "1d"
_LONGEST_RUN = timedelta(minutes=16)  # a function runs for 15 minutes at most, and reports after its end
_IDS_A_QUERY = 50  # a query's text has its limit


def trace(deployment: Deployment, *, request: str, since: str | None) -> None:
    """Print the request's life. Raises DeployError if the logs have no line of it."""
    if not _REQUEST_ID.fullmatch(request):
        raise DeployError(f"REQUEST is {request!r}", "give a requestId: 1 to 64 letters, digits, _ or -", status=2)
    reach = parse_span(since or _DEFAULT_SINCE, "SINCE")
    service = find_service(deployment)
    end = deployment.now()
    lines = lines_of(
        request, service, Insights(deployment.make_client("logs"), service.function_groups, sleep), end - reach, end
    )
    if not lines:
        raise DeployError(
            f"no line of request {request} is in {' and '.join(service.function_groups)} "
            f"from {moment(end - reach)} to {moment(end)}",
            "check the id, or search further back with SINCE=14d (a new line takes some seconds to be found)",
        )
    colored = deployment.terraform.color
    print(painted(_head(request, lines, service), Color.BOLD, colored=colored))
    for line in timeline(moments(lines), colored=colored):
        print(line)
    print(f"  {how_it_ended(lines)}")


def lines_of(
    request: str, service: DeployedService, insights: Insights, start: datetime, end: datetime
) -> list[LogLine]:
    """Return the request's lines, and those of the invocations that worked on it, in order.

    An invocation that died has said nothing itself: Lambda's own line knows, and has only the invocation's id.
    """

    def read(rows: Sequence[Row]) -> list[LogLine]:
        return [
            read_line(row_time(row), service.writer(row["@log"].rpartition(":")[2]), row["@message"]) for row in rows
        ]

    fields = "fields @timestamp, @message, @log"
    own = read(insights.rows(f"{fields} | filter {one_of('requestId', [request])}", start, end))
    ids, messages = invocations(own), message_ids(own)
    others: list[LogLine] = []
    for number in range(0, len(ids), _IDS_A_QUERY):
        some = ids[number : number + _IDS_A_QUERY]
        about = [one_of("record.requestId", some), one_of("requestId", some)]
        if messages:
            about.append(f"({one_of('messageId', messages)} and not ispresent(requestId))")
        rows = insights.rows(f"{fields} | filter {' or '.join(about)}", own[0].at, own[-1].at + _LONGEST_RUN)
        others += read(rows)
    return sorted(own + others, key=lambda line: line.at)


def _head(request: str, lines: Sequence[LogLine], service: DeployedService) -> str:
    known = {
        name: line.members[name] for line in lines for name in ("connectionId", "principalId") if name in line.members
    }
    words = [f"request {request} in {service.environment}"]
    words += [f"of {known['principalId']}"] if "principalId" in known else []
    words += [f"on connection {known['connectionId']}"] if "connectionId" in known else []
    return " ".join(words)
