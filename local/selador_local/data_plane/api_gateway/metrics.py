"""The metrics of WebSocket APIs (CW-01). Pure."""

from collections.abc import Iterator

from selador_local.cloudwatch.datum import Datum
from selador_local.data_plane.api_gateway.events import Caller
from selador_local.data_plane.api_gateway.exchange import Exchange

NAMESPACE = "AWS/ApiGateway"

Dimensions = tuple[tuple[str, str], ...]


def of_exchange(exchange: Exchange, *, detailed: bool) -> Iterator[Datum]:
    """Yield the data of an exchange; by route, too, if the stage has detailed metrics."""
    values: dict[str, tuple[float, str]] = {}
    if exchange.event_type == "CONNECT" and exchange.call is not None:
        values["ConnectCount"] = (1, "Count")
    if exchange.event_type == "MESSAGE":
        values["MessageCount"] = (2 if exchange.answered else 1, "Count")  # both directions count
    if exchange.fault is not None:
        values[exchange.fault.value] = (1, "Count")
    if exchange.call is not None:
        values["IntegrationLatency"] = (exchange.call.latency_ms, "Milliseconds")
    route = exchange.route_key if detailed else None
    return _data(exchange.caller, exchange.at_ms / 1000, values, route)


def of_post(caller: Caller, at: float) -> Iterator[Datum]:
    """Yield the data of a message that came by @connections, at that time in seconds since the epoch."""
    return _data(caller, at, {"MessageCount": (1, "Count")}, None)


def _data(caller: Caller, at: float, values: dict[str, tuple[float, str]], route_key: str | None) -> Iterator[Datum]:
    api, stage = ("ApiId", caller.api_id), ("Stage", caller.stage)
    sets: list[Dimensions] = [(api,), (api, stage)]
    if route_key is not None:
        sets.append((api, ("Route", route_key), stage))
    for name, (value, unit) in values.items():
        for dimensions in sets:
            # Each message counts as one of value 1, so that SampleCount and Sum agree.
            count, of = (value, 1.0) if unit == "Count" else (1.0, value)
            yield Datum(NAMESPACE, name, dimensions, at, unit, (of,), (count,))
