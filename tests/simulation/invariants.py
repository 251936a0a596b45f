"""What must hold in every world, however it fails.

A fault that hits a worker may let its message be handed out again: SQS delivers at least once, and no state is kept. So
where a rule says "once", each such fault (a harm) excuses one time more, and none excuses silence.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from math import inf
from typing import Any

from .records import TERMINAL, Record
from .services import CALM
from .world import World

ENDS = ("Completed", "Failed", "Refused", "Blocked", "Abandoned", "Expired", "Buried", "Unreadable")

type Rule = Callable[[World, Record], Iterator[str]]


def violations(world: World) -> list[tuple[str, str, Record | None]]:
    """Return every violation: the invariant's name, what is wrong, and the request."""
    if world.scheduler.failures:
        return [("runs", repr(world.scheduler.failures[0]), None)]
    found: list[tuple[str, str, Record | None]] = []
    if world.outlived:
        found.append(("nothing outlives", f"threads were left: {world.outlived}", None))
    for record in world.records.all():
        for rule in RULES:
            found += [(rule.__name__.replace("_", " "), wrong, record) for wrong in rule(world, record)]
    return found


def _listens(world: World, record: Record) -> bool:
    """Whether the client is there to the end, and takes what comes."""
    connection = world.services.connections[record.connection_id]
    return connection.leaves_at == inf and connection.deaf == (0, 0)


def nothing_is_lost(world: World, record: Record) -> Iterator[str]:
    """Accepted = completed + error + abandoned + dead."""
    if record.accepted_at is None or record.ends() or record.dead:
        return
    if record.metrics["Failed"] and (record.harms or not _listens(world, record)):
        return  # its time ran out while its client, or its worker, stood still
    if record.metrics["Abandoned"] == 0:
        yield "accepted, and no end: not told, not abandoned, not dead"
    elif _listens(world, record):
        yield "counted as abandoned, but its client was there"


def every_client_that_is_there_hears_the_end(world: World, record: Record) -> Iterator[str]:
    if record.accepted_at is None or not _listens(world, record):
        return
    if record.harms and (record.metrics["Failed"] or (record.dead and len(record.harms) > 1)):
        return  # its worker stood still until its time was over, or both receives of its burial were hit
    if not record.ends():
        yield "the client was there, and heard no end"
    for replayed_at in record.queued_at:
        if not record.dead and not any(at > replayed_at for at, _ in record.ends()):
            yield "the client heard nothing of the replay"


def one_end(world: World, record: Record) -> Iterator[str]:
    """In each life one terminal frame. The same one may be sent twice: clients pass over the second."""
    for began_at, ended_at in pairwise([0, *record.queued_at, inf]):
        told = [
            (frame["attempt"], frame["seq"])
            for at, frame in record.frames
            if began_at <= at < ended_at and _ends(frame)
        ]
        harms = sum(began_at <= at < ended_at for at in record.harms)
        if len(set(told)) > 1 + harms:
            yield f"{len(set(told))} ends were told"
        if len(told) > len(set(told)) + harms + record.dead and not world.setting.faults.post_lost:
            yield f"{len(told)} terminal frames were sent"


def _ends(frame: Mapping[str, Any]) -> bool:
    return frame["type"] in TERMINAL


def seq_has_no_gaps(world: World, record: Record) -> Iterator[str]:
    for attempt in {frame["attempt"] for _, frame in record.frames}:
        seqs = [frame["seq"] for _, frame in record.frames if frame["attempt"] == attempt]
        new = [seq for number, seq in enumerate(seqs) if seq not in seqs[:number]]
        if new != list(range(len(new))):
            yield f"attempt {attempt} sent {seqs}"


def attempts_only_rise(world: World, record: Record) -> Iterator[str]:
    """What buries a message, whichever receive, has one number."""
    burial = 1 if record.unreadable else world.setting.max_attempts + 1
    for earlier, later in pairwise(record.attempts):
        if later.number < earlier.number or (later.number == earlier.number and later.receive_count <= burial):
            yield f"attempt {later.number} began after attempt {earlier.number}"


def nothing_follows_a_terminal_frame(world: World, record: Record) -> Iterator[str]:
    ended: set[int] = set()
    told: set[tuple[int, int]] = set()
    for _, frame in record.frames:
        key = frame["attempt"], frame["seq"]
        if frame["attempt"] in ended and key not in told:
            yield f"{frame['type']} of attempt {frame['attempt']} after its end"
        told.add(key)
        if _ends(frame):
            ended.add(frame["attempt"])


def a_worker_whose_lease_is_over_is_silent(world: World, record: Record) -> Iterator[str]:
    """But for a frame that was on its way, for as long as its worker stood still."""
    late = [
        (at, frame)
        for at, frame in record.frames
        if any(attempt.number > frame["attempt"] and attempt.began_at < at - 6 for attempt in record.attempts)
    ]
    if len(late) > len(record.harms):
        yield f"attempt {late[-1][1]['attempt']} spoke on, {len(late)} frames long, after another had begun"


def a_heartbeat_is_never_first(world: World, record: Record) -> Iterator[str]:
    for _, frame in record.frames:
        if frame["seq"] == 0 and frame["type"] not in {"started", "error"}:
            yield f"attempt {frame['attempt']} began with {frame['type']}"


def nothing_foreign(world: World, record: Record) -> Iterator[str]:
    yield from (f"foreign: {what}" for what in record.foreign)


def a_client_that_takes_nothing_holds_no_worker(world: World, record: Record) -> Iterator[str]:
    for attempt, (since, until) in record.no_room.items():
        if until - since > 135 and not record.harms:
            yield f"attempt {attempt} waited {until - since:.0f} s for room for one frame"


def nobody_pays_for_who_is_known_to_be_gone(world: World, record: Record) -> Iterator[str]:
    for call in record.calls:
        if call.began_at > record.known_gone_at:
            yield f"the model was asked at {call.began_at:.1f}, after two 410 at {record.known_gone_at:.1f}"


def a_backlog_of_departed_clients_costs_nothing(world: World, record: Record) -> Iterator[str]:
    """A request that has waited, or failed before, asks for nobody who left before its attempt."""
    leaves_at = world.services.connections[record.connection_id].leaves_at
    ends_at = [attempt.began_at for attempt in record.attempts[1:]] + [inf]
    for attempt, ends in zip(record.attempts, ends_at, strict=False):
        waited = attempt.began_at - [record.sent_at, *record.queued_at][attempt.life] > 1.01
        calls = [call for call in record.calls if attempt.began_at <= call.began_at < ends]
        if leaves_at < attempt.began_at and (waited or attempt.receive_count > 1) and calls:
            yield f"attempt {attempt.number} asked the model for a client that had left"


def no_attempt_begins_too_late(world: World, record: Record) -> Iterator[str]:
    setting = world.setting
    lives = [record.sent_at, *record.queued_at]
    for call in record.calls:
        began = max((life for life in lives if life <= call.began_at), default=record.sent_at)
        attempts = [attempt for attempt in record.attempts if attempt.began_at <= call.began_at]
        if attempts and attempts[-1].began_at - began > setting.max_age_seconds + 0.1:
            yield f"the model was asked in an attempt that began at an age of {attempts[-1].began_at - began:.1f} s"
        if call.began_at - began > setting.deadline_seconds:
            yield f"the model was asked {call.began_at - began:.1f} s after the request"


def every_end_comes_before_the_deadline(world: World, record: Record) -> Iterator[str]:
    """It has room for one worker that dies at the worst moment; each further one hides the message once more."""
    setting = world.setting
    if record.accepted_at is None or record.queued_at or not _listens(world, record):
        return
    further = max(0, len(record.harms) - 1)
    allowed = setting.deadline_seconds + further * (setting.visibility_seconds + setting.timeout_seconds)
    for at, _ in record.ends():
        if at - record.accepted_at > allowed:
            yield f"told {at - record.accepted_at:.1f} s after `accepted`; the deadline is {setting.deadline_seconds} s"


def each_end_is_counted_once(world: World, record: Record) -> Iterator[str]:
    counted = sum(record.metrics[name] for name in ENDS)
    lives = 1 + len(record.queued_at)
    if record.accepted_at is None:
        return
    if counted > lives + len(record.harms):
        yield f"counted {counted} times: {dict(record.metrics)}"
    if counted < lives - len(record.harms) and not record.timeouts:
        yield f"counted {counted} times in {lives} lives"


def an_answer_is_paid_for_once(world: World, record: Record) -> Iterator[str]:
    """Whole answers of the model beyond the first, but for workers that were hit, and clients that didn't read."""
    if not _listens(world, record) or record.queued_at:
        return
    whole = sum(call.whole for call in record.calls)
    if whole > 1 + len(record.harms) + record.failed_posts:
        yield f"{whole} whole answers"


def nothing_surprises(world: World, record: Record) -> Iterator[str]:
    yield from record.surprises


def no_attempt_runs_into_the_functions_timeout(world: World, record: Record) -> Iterator[str]:
    frozen = any(how.startswith("fault: frozen") for _, how in record.history)
    if record.timeouts and not frozen:
        yield "an attempt ran into the function's own timeout"


def what_passes_buries_nobody(world: World, record: Record) -> Iterator[str]:
    """A quota that is used up, or a model that isn't ready, for less than the useful life."""
    setting = world.setting
    outage = max(setting.throttled[1] - setting.throttled[0], setting.not_ready[1] - setting.not_ready[0])
    whole_time = setting.timeout_seconds == 900 and setting.faults == CALM
    if whole_time and 0 < outage < setting.max_age_seconds / 2 and record.dead:
        yield "buried, though the model was back in time"


RULES: tuple[Rule, ...] = (
    nothing_is_lost,
    every_client_that_is_there_hears_the_end,
    one_end,
    seq_has_no_gaps,
    attempts_only_rise,
    nothing_follows_a_terminal_frame,
    a_worker_whose_lease_is_over_is_silent,
    a_heartbeat_is_never_first,
    nothing_foreign,
    a_client_that_takes_nothing_holds_no_worker,
    nobody_pays_for_who_is_known_to_be_gone,
    a_backlog_of_departed_clients_costs_nothing,
    no_attempt_begins_too_late,
    every_end_comes_before_the_deadline,
    each_end_is_counted_once,
    an_answer_is_paid_for_once,
    nothing_surprises,
    no_attempt_runs_into_the_functions_timeout,
    what_passes_buries_nobody,
)
