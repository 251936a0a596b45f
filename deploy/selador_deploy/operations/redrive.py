"""`make redrive`: send the dead letters again whose clients still wait; say what it would do unless YES=1 is given."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from botocore.config import Config

from selador_deploy.account import CLIENT_CONFIG
from selador_deploy.deployment import Deployment
from selador_deploy.errors import DeployError
from selador_deploy.operations import receipts
from selador_deploy.operations.dead_letter_queue import DeadLetterQueue
from selador_deploy.operations.deployed_service import DeployedService, find_service
from selador_deploy.operations.dlq import clients_of, read_letters
from selador_deploy.operations.insights import Insights
from selador_deploy.operations.interruption import stopped_by_signals
from selador_deploy.operations.presence import presence
from selador_deploy.operations.receipts import Receipts
from selador_deploy.operations.redrive_rules import Action, action_for
from selador_deploy.operations.redrive_run import Pace, Purging, RedriveRun
from selador_deploy.progress import say

_ONE_TRY = CLIENT_CONFIG.merge(Config(retries={"total_max_attempts": 1}))
"""A send that is tried again may be two messages."""

_MOST_A_SECOND = 100.0


def redrive(
    deployment: Deployment, *, yes: bool, first: str | None, rate: str | None, purge_gone: bool, purge_malformed: bool
) -> None:
    """Send dead letters again, or say what would be done. Raises DeployError if it had to stop."""
    pace = Pace(_whole(first, "FIRST", Pace.first), _rate(rate))
    purging = Purging(purge_gone, purge_malformed)
    service = find_service(deployment)
    queue = DeadLetterQueue(deployment.make_client("sqs"), service.dead_letter_queue_url)
    file = deployment.environment.root / "build" / f"{service.environment}.receipts"
    with receipts.opened(file) as kept:
        if kept.unfinished:
            say(f"an earlier run was interrupted at {len(kept.unfinished)} letter{'s' * (len(kept.unfinished) != 1)}")
        if yes:
            _act(deployment, service, queue, kept, pace=pace, purging=purging, file=file)
        else:
            _rehearse(deployment, service, queue, kept, purging)


def _rehearse(
    deployment: Deployment, service: DeployedService, queue: DeadLetterQueue, kept: Receipts, purging: Purging
) -> None:
    letters, _ = read_letters(queue, keep_text=False)
    clients = clients_of(letters, service, deployment)
    counts = Counter(
        action_for(
            letter,
            kept.of(letter),
            clients[letter.message_id],
            purge_gone=purging.gone,
            purge_malformed=purging.malformed,
        )
        for letter in letters
    )
    if not counts:
        print(f"the dead-letter queue of {service.environment} is empty")
        return
    print(f"would do in {service.environment}:")
    _print(counts, Action.__str__)
    print("nothing was changed; YES=1 does it")


def _act(
    deployment: Deployment,
    service: DeployedService,
    queue: DeadLetterQueue,
    kept: Receipts,
    *,
    pace: Pace,
    purging: Purging,
    file: Path,
) -> None:
    connections = deployment.make_client("apigatewaymanagementapi", endpoint_url=service.callback_url)
    with stopped_by_signals() as stop:
        run = RedriveRun(
            service=service,
            sqs=deployment.make_client("sqs", config=_ONE_TRY),
            dead_letters=queue,
            client_of=lambda connection_id: presence(connections, connection_id),
            main_log=Insights(deployment.make_client("logs"), [service.log_groups["main"]], stop.wait),
            receipts=kept,
            pace=pace,
            purging=purging,
            now=deployment.now,
            stop=stop,
        )
        try:
            run.run()
        finally:
            _tell(run, deployment, file)


def _tell(run: RedriveRun, deployment: Deployment, file: Path) -> None:
    if run.receipts.unfinished:
        count = len(run.receipts.unfinished)
        say(f"{count} letter{'s' * (count != 1)} of an interrupted run aren't done yet; run it again in a minute")
    if not run.done:
        print(f"nothing was sent: the dead-letter queue of {run.service.environment} has no letter to work on")
        return
    print(f"done in {run.service.environment}:")
    _print(run.done, _DONE.__getitem__)
    if run.ends:
        ends = Counter(row["outcome"].lower() for row in run.ends.values())
        print(f"of the first ones: {', '.join(f'{count} {end}' for end, count in ends.items())}")
    print(f"receipts: {deployment.environment.relative(file)}")


def _print(counts: Mapping[Action, int], words: Callable[[Action], str]) -> None:
    for action in Action:
        if counts.get(action):
            hint = _HINTS.get(action)
            print(f"  {counts[action]:>6,}  {words(action)}{f' ({hint})' if hint else ''}")


_DONE: Mapping[Action, str] = {
    Action.SEND: "sent again",
    Action.RESOLVE: "kept: whether an interrupted run has sent it can't be told yet",
    Action.DELETE: "deleted: sent again before",
    Action.PURGE_GONE: "purged: the client is gone",
    Action.PURGE_MALFORMED: "purged: no request",
    Action.KEEP_GONE: "kept: the client is gone",
    Action.KEEP_MALFORMED: "kept: no request",
    Action.KEEP_UNKNOWN: "kept: whether the client is connected can't be told",
}
_HINTS: Mapping[Action, str] = {
    Action.RESOLVE: "run it again in a minute",
    Action.KEEP_GONE: "PURGE_GONE=1 deletes it",
    Action.KEEP_MALFORMED: "PURGE_MALFORMED=1 deletes it",
    Action.KEEP_UNKNOWN: "run it again",
}


def _whole(text: str | None, variable: str, default: int) -> int:
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise DeployError(f"{variable} is {text!r}", "give a whole number from 1 to 1,000", status=2)
    return int(text)


def _rate(text: str | None) -> float:
    if text is None:
        return Pace.rate
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= _MOST_A_SECOND:
        raise DeployError(
            f"RATE is {text!r}", f"give requests a second, up to {_MOST_A_SECOND:.0f}, such as 0.5", status=2
        )
    return rate
