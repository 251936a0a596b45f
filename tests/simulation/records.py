"""What is known of each request of a simulation, as an observer sees it who sees everything."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_MARK = re.compile("<(.*?)>")  # each question has its request's id in it, and so have the answers

TERMINAL = ("completed", "error")


@dataclass
class Call:
    """A call of a model. `paid` once it was taken, `whole` once its answer was read to the end."""

    began_at: float
    paid: bool
    whole: bool = False


@dataclass
class Attempt:
    """An attempt, or what took its place, by the line that begins it."""

    began_at: float
    number: int
    receive_count: int
    life: int


@dataclass
class Record:
    """A request's life."""

    id: str
    sent_at: float = 0
    connection_id: str = ""
    accepted_at: float | None = None
    queued_at: list[float] = field(default_factory=list)
    """When each of its lives began: its first sending, and replays."""
    unreadable: bool = False
    """Whether main can't read it, as it can't read what a later release sends."""
    frames: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    gone_posts: int = 0
    known_gone_at: float = float("inf")
    harms: list[float] = field(default_factory=list)
    metrics: Counter[str] = field(default_factory=Counter)
    dead: int = 0
    timeouts: int = 0
    failed_posts: int = 0
    no_room: dict[int, tuple[float, float]] = field(default_factory=dict)
    """For each attempt, since when and until when the client had no room for a frame."""
    surprises: list[str] = field(default_factory=list)
    history: list[tuple[float, str]] = field(default_factory=list)

    def note(self, at: float, text: str) -> None:
        self.history.append((at, text))

    def harm(self, at: float, how: str) -> None:
        self.harms.append(at)
        self.note(at, f"fault: {how}")

    def refuse(self, at: float, attempt: int) -> None:
        """Note that the client had no room for a frame."""
        self.no_room[attempt] = (self.no_room.get(attempt, (at, at))[0], at)

    def take(self, at: float, connection_id: str, frame: dict[str, Any]) -> None:
        """Note a frame that the client's connection took."""
        self.no_room.pop(frame["attempt"], None)
        self.frames.append((at, frame))
        shown = {name: value for name, value in frame.items() if name not in {"requestId", "text"}}
        self.note(at, f"frame {shown}")
        if connection_id != self.connection_id or set(_MARK.findall(frame.get("text", ""))) - {self.id}:
            self.foreign.append(f"{frame['type']} to {connection_id}")

    def shown(self) -> list[tuple[float, dict[str, Any]]]:
        """Return what a client that keeps to the protocol shows: no frame of a lower attempt, none twice.

        `completed` is final; after an `error`, a higher attempt opens the request again.
        """
        shown: list[tuple[float, dict[str, Any]]] = []
        attempt, seq = 0, -1
        for at, frame in self.frames:
            if shown and shown[-1][1]["type"] == "completed":
                break
            if (frame["attempt"], frame["seq"]) <= (attempt, seq):
                continue
            if shown and shown[-1][1]["type"] == "error" and frame["attempt"] == attempt:
                continue
            attempt, seq = frame["attempt"], frame["seq"]
            shown.append((at, frame))
        return shown

    def ends(self) -> list[tuple[float, dict[str, Any]]]:
        return [(at, frame) for at, frame in self.shown() if frame["type"] in TERMINAL]


class Records:
    """All requests by their id, and the metrics that belong to none."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self.metrics: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()

    def of(self, request_id: str) -> Record:
        return self._records.setdefault(request_id, Record(request_id))

    def all(self) -> list[Record]:
        return list(self._records.values())
