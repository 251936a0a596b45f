"""Leads the drills: one fault at a time, each as soon as its alarm is quiet again."""

import time
from collections.abc import Callable, Sequence

from selador_local.drills.catalogue import Drill
from selador_local.drills.faults import injected
from selador_local.drills.outcome import SLACK_SECONDS, TOP, Led, Outcome, outcome
from selador_local.drills.site import Site
from selador_local.drills.watch import AlarmWatch

_LOOK_SECONDS = 0.5


class Lead:
    """Leads drills on a site. `say` tells a person how far it is.

    An alarm may take `patience_seconds` to be quiet again, in the machine's seconds.
    """

    def __init__(
        self, site: Site, watch: AlarmWatch, say: Callable[[str], None], *, patience_seconds: float = 600
    ) -> None:
        self._site = site
        self._watch = watch
        self._say = say
        self._patience_seconds = patience_seconds
        self._led: list[Led] = []
        self._began = site.clock.time()

    def healthy(self, minutes: float) -> set[str]:
        """Let the traffic go on without a fault; return the alarms that went off, or never were quiet."""
        quiet = self._until(lambda: not self._watch.ringing(), "all alarms are quiet")
        on = set() if quiet else self._watch.ringing()
        began = self._site.clock.time()
        over = began + minutes * 60
        self._until(lambda: self._site.clock.time() >= over, f"{minutes:.0f} healthy minutes", until=over)
        return on | {change.alarm for change in self._watch.changes(began) if change.state == "ALARM"}

    def all(self, drills: Sequence[Drill]) -> list[Outcome]:
        """Lead the drills; return what came of each."""
        left = list(drills)
        while left:
            drill = self._next(left)
            left.remove(drill)
            self._one(drill)
        self._until(self._is_quiet, "the last alarms are over")
        return self._outcomes()

    def _next(self, left: Sequence[Drill]) -> Drill:
        """Return the first drill whose alarm is quiet. A page's also needs that the alarm over all pages is.

        First, workers have caught up: what waits from the fault before would hide this one's.
        """
        found: list[Drill] = []

        def look() -> bool:
            if self._anything_waits():
                return False
            ringing = self._watch.ringing()
            found[:] = [
                drill
                for drill in left
                if drill.alarm not in ringing and not (self._watch.pages(drill.alarm) and TOP in ringing)
            ]
            return bool(found)

        if not self._until(look, "nothing waits and an alarm is quiet again"):
            return left[0]
        return found[0]

    def _one(self, drill: Drill) -> None:
        began = self._site.clock.time()
        limit = self._watch.evaluation_seconds(drill.alarm) + SLACK_SECONDS
        self._say(f"{drill.alarm}: {drill.breaks}")

        def seen() -> bool:
            return self._site.clock.time() > began + limit or any(
                change.alarm == drill.alarm and change.state == "ALARM" for change in self._watch.changes(began)
            )

        with injected(drill.fault, self._site):
            self._until(seen, f"{drill.alarm} goes off", until=began + limit)
            ended = self._site.clock.time()
        went_off = ended <= began + limit
        self._say(
            f"{drill.alarm}: {'went off' if went_off else 'stayed quiet'} after {(ended - began) / 60:.1f} minutes"
        )
        self._empty_dead_letters()
        self._led.append(Led(drill, began, ended, self._site.parts, self._watch.pages(drill.alarm), limit))

    def _anything_waits(self) -> bool:
        name = "ApproximateNumberOfMessages"
        asked = {"QueueUrl": self._site.outputs["queue_url"], "AttributeNames": [name]}
        return bool(int(self._site.client("sqs").get_queue_attributes(**asked)["Attributes"][name]))

    def _empty_dead_letters(self) -> None:
        sqs, queue = self._site.client("sqs"), self._site.outputs["dead_letter_queue_url"]
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    def _is_quiet(self) -> bool:
        """Whether each alarm that went off is over, of those that end soon."""
        self._empty_dead_letters()
        return not any(
            one.led.drill.ends and one.rang_after is not None and one.over_after is None for one in self._outcomes()
        )

    def _outcomes(self) -> list[Outcome]:
        self._watch.listen()
        changes = self._watch.changes(self._began)
        return [
            outcome(
                led,
                changes,
                self._watch.told,
                frozenset().union(*(one.expected for one in self._led if one.began < led.began)),
            )
            for led in self._led
        ]

    def _until(self, is_so: Callable[[], bool], what: str, *, until: float = 0) -> bool:
        """Wait until it is so; give up after the patience, but not before `until` of the stack's clock."""
        seconds = self._site.clock.machine_seconds(max(0, until - self._site.clock.time()))
        ends = time.monotonic() + seconds + self._patience_seconds
        told = time.monotonic()
        while not is_so():
            if time.monotonic() > ends:
                self._say(f"gave up waiting until {what}")
                return False
            if time.monotonic() - told > 30:
                told = time.monotonic()
                self._say(f"… waiting until {what}; on: {', '.join(sorted(self._watch.ringing())) or 'none'}")
            time.sleep(_LOOK_SECONDS)
        return True
