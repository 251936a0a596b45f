import asyncio
from collections.abc import Sequence

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from selador_local.cloudwatch.datum import Datum
from selador_local.control_plane_client.client import ControlPlaneError
from selador_local.data_plane.cloudwatch.outbox import Line, LogStreamAddress, Outbox

ONE = LogStreamAddress("group", "one", "role")
TWO = LogStreamAddress("group", "two", None)


def datum(number: float) -> Datum:
    return Datum("n", "m", (), number, "Count", (1,), (1,))


class CloudWatch:
    """Where the outbox delivers; it fails as long as `failure` is set."""

    def __init__(self) -> None:
        self.data: list[Datum] = []
        self.lines: list[tuple[LogStreamAddress, list[str]]] = []
        self.failure: Exception | None = None
        self.outbox = Outbox(self.send_data, self.send_lines)

    async def send_data(self, data: Sequence[Datum]) -> None:
        if self.failure is not None:
            raise self.failure
        self.data.extend(data)

    async def send_lines(self, address: LogStreamAddress, lines: Sequence[Line]) -> None:
        if self.failure is not None:
            raise self.failure
        self.lines.append((address, [line.text for line in lines]))


def test_lines_are_delivered_by_stream() -> None:
    cloudwatch = CloudWatch()
    for address, text in ((ONE, "a"), (TWO, "b"), (ONE, "c")):
        cloudwatch.outbox.log(Line(address, 1, text))

    asyncio.run(cloudwatch.outbox.deliver())

    assert cloudwatch.lines == [(ONE, ["a", "c"]), (TWO, ["b"])]


def test_the_rest_is_delivered_at_the_end() -> None:
    cloudwatch = CloudWatch()

    async def life() -> None:
        cloudwatch.outbox.start()
        cloudwatch.outbox.put([datum(1)])
        await cloudwatch.outbox.stop()

    asyncio.run(life())

    assert cloudwatch.data == [datum(1)]


def test_a_delivery_that_is_under_way_at_the_end_loses_nothing() -> None:
    cloudwatch = CloudWatch()
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def send_slowly(address: LogStreamAddress, lines: Sequence[Line]) -> None:
        under_way.set()
        await go_on.wait()
        await cloudwatch.send_lines(address, lines)

    async def life() -> None:
        outbox = Outbox(cloudwatch.send_data, send_slowly)
        outbox.start()
        outbox.log(Line(ONE, 1, "a"))
        outbox.log(Line(TWO, 2, "b"))
        await under_way.wait()
        stopping = asyncio.ensure_future(outbox.stop())
        await asyncio.sleep(0)
        go_on.set()
        await stopping

    asyncio.run(life())

    assert cloudwatch.lines == [(ONE, ["a"]), (TWO, ["b"])]


@pytest.mark.parametrize("failure", [ControlPlaneError("gone"), EndpointConnectionError(endpoint_url="gone")])
def test_what_can_not_be_delivered_waits_in_its_order(failure: Exception, caplog: pytest.LogCaptureFixture) -> None:
    cloudwatch = CloudWatch()
    cloudwatch.outbox.log(Line(ONE, 1, "a"))
    cloudwatch.outbox.log(Line(ONE, 2, "b"))
    cloudwatch.failure = failure
    asyncio.run(cloudwatch.outbox.deliver())
    asyncio.run(cloudwatch.outbox.deliver())

    cloudwatch.failure = None
    cloudwatch.outbox.log(Line(ONE, 3, "c"))
    asyncio.run(cloudwatch.outbox.deliver())

    assert cloudwatch.lines == [(ONE, ["a", "b", "c"])]
    assert len(caplog.records) == 1, "once is enough"


def test_data_that_can_not_be_delivered_wait_in_their_order() -> None:
    cloudwatch = CloudWatch()
    cloudwatch.outbox.put([datum(1), datum(2)])
    cloudwatch.failure = ControlPlaneError("gone")
    asyncio.run(cloudwatch.outbox.deliver())

    cloudwatch.failure = None
    cloudwatch.outbox.put([datum(3)])
    asyncio.run(cloudwatch.outbox.deliver())

    assert cloudwatch.data == [datum(1), datum(2), datum(3)]


def test_lines_that_a_role_may_not_write_are_lost_and_said(caplog: pytest.LogCaptureFixture) -> None:
    cloudwatch = CloudWatch()
    cloudwatch.outbox.log(Line(ONE, 1, "a"))
    cloudwatch.failure = ClientError({"Error": {"Code": "AccessDeniedException"}}, "CreateLogStream")

    asyncio.run(cloudwatch.outbox.deliver())

    assert not cloudwatch.outbox.lines
    assert "lines of the log group group are lost" in caplog.text
