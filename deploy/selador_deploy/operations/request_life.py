"""One request's life from both functions' lines, in order. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from selador_deploy.operations.log_line import COLORS, RAN_NOTHING, Level, LogLine, duration
from selador_deploy.operations.redrive_rules import NOT_YET_ENDED
from selador_deploy.operations.tables import Color, painted


@dataclass(frozen=True)
class Moment:
    """Something that happened."""

    at: datetime
    writer: str
    level: Level
    text: str


def invocations(lines: Iterable[LogLine]) -> list[str]:
    """Return the invocations that worked on the request."""
    return sorted({line.invocation for line in lines if line.invocation})


def message_ids(lines: Iterable[LogLine]) -> list[str]:
    """Return the messages that carried the request: the handler's, and one for each time that it was sent again."""
    return sorted({str(line.members["messageId"]) for line in lines if "messageId" in line.members})


def moments(lines: Sequence[LogLine]) -> list[Moment]:
    """Return what happened, in order. An invocation that died is what ended the attempts that it left open.

    Of a receive that runs no attempt, a burial for example, only the end is told.
    """
    found: list[Moment] = []
    begun: dict[_Key, Moment] = {}
    for line in sorted(lines, key=lambda line: line.at):
        moment = Moment(line.at, line.writer, line.level, line.text)
        key = line.invocation, line.members.get("messageId"), line.members.get("attempt")
        match line.members.get("message"), line.members.get("type"):
            case "attempt started", _:
                begun[key] = moment
            case "attempt ended", _:
                start = begun.pop(key, None)
                if start is not None and line.members.get("outcome") in RAN_NOTHING:
                    found.remove(start)
            case None, "platform.report" if line.level is Level.ERROR:
                died = [key for key in begun if key[0] == line.invocation]
                for key in died:
                    del begun[key]
                    found.append(replace(moment, text=f"attempt {key[2]} was killed: {line.text}"))
                if died:
                    continue
        if line.level is not Level.DEBUG:
            found.append(moment)
    return found


type _Key = tuple[str | None, object, object]
"""An attempt: its invocation, its message, its number."""


def how_it_ended(lines: Iterable[LogLine]) -> str:
    """Return the request's last end in words."""
    ends = [line for line in lines if line.members.get("message") == "attempt ended"]
    final = [line for line in ends if line.members.get("outcome") not in NOT_YET_ENDED]
    if final:
        return f"ended as {str(final[-1].members.get('outcome')).lower()}"
    refused = [line for line in lines if line.members.get("message") in _AT_THE_DOOR]
    if refused:
        return f"ended at the door: {refused[-1].members['message']}"
    return "no end is in the log: it waits, is worked on, or was lost"


_AT_THE_DOOR = {"message refused", "message not answered", "request not queued"}


def timeline(found: Sequence[Moment], *, colored: bool) -> Iterator[str]:
    """Yield a line for each moment: the time, how long after the first one, who, and what."""
    width = max(len(moment.writer) for moment in found)
    day = None
    for moment in found:
        if moment.at.date() != day:
            day = moment.at.date()
            yield painted(f"  {day}", Color.DIM, colored=colored)
        after = duration((moment.at - found[0].at).total_seconds() * 1000)
        clock = f"{moment.at:%H:%M:%S}.{moment.at.microsecond // 1000:03d}"
        head = painted(f"  {clock}  {f'+{after}':>10}", Color.DIM, colored=colored)
        what = painted(moment.text, COLORS[moment.level], colored=colored)
        yield f"{head}  {painted(moment.writer.ljust(width), Color.CYAN, colored=colored)}  {what}"
