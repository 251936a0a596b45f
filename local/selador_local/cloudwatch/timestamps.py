"""Times as CloudWatch writes them, all in UTC, from seconds since the epoch."""

from datetime import UTC, datetime


def in_json(time: float) -> str:
    """Write a time of a message or of reason data, such as `2026-09-14T11:18:52.496+0000`."""
    milliseconds = round(time * 1000)
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}+0000"


def of_data_point(time: float) -> str:
    """Write the time of a data point in a reason: day, month, year, such as `14/09/26 11:18:00` (CW-34)."""
    return f"{datetime.fromtimestamp(time, UTC):%d/%m/%y %H:%M:%S}"


def in_words(time: float) -> str:
    """Write the time of another alarm's change in a reason, such as `Monday 14 September, 2026 11:18:52 UTC`."""
    return f"{datetime.fromtimestamp(time, UTC):%A %d %B, %Y %H:%M:%S UTC}"
