"""Deploy at any time: an apply every half a minute, under load, loses no answer and doubles none.

`make soak-deploys MINUTES=…` runs it. The applies are a pipeline's: by the commands alone, from a checkout of its own,
on the state of the running stack. Beside them, clients ask without a pause. At the end the books must balance, and
build/soak-deploys.json has the figures.
"""

import base64
import hashlib
import itertools
import json
import os
import shutil
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest

from selador_local.stack.stack import WORK_DIR, Stack

from ..terraform.conftest import ROOT, Local
from .conftest import log_of, messages_in
from .load import Load

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

pytestmark = pytest.mark.slow

MINUTES = float(os.environ.get("MINUTES") or 6)
APPLY_EVERY_SECONDS = 30
FIGURES = ROOT / "build/soak-deploys.json"

ENDS = ("Completed", "Failed", "Refused", "Blocked", "Abandoned", "Expired", "Buried", "Unreadable")
"""The counts of which each accepted request moves exactly one."""


MODELS = "arn:aws:bedrock:us-east-1::foundation-model"
PLAIN = (
    f'model_arn = "{MODELS}/amazon.nova-lite-v1:0"',
    "main_function = {}",
    "websocket_handler = {}",
    'log_level = "INFO"',
    "generation = {}",
    "throttling = {}",
)


class Pipeline:
    """Deploys, one kind of change after another, and knows which versions of the functions there are."""

    def __init__(self, environment: Local) -> None:
        self._environment = environment
        self._builds = itertools.count(1)
        self.applies: list[dict[str, Any]] = []

    def deploy(self, kind: str, *lines: str) -> None:
        """Set variables by their lines, plan and apply."""
        began = time.time()
        self._environment.set(*lines)
        summary = self._environment.plan()
        self._environment.run("apply")
        totals = {action: count for action, count in summary["totals"].items() if count}
        self.applies.append({"kind": kind, "seconds": round(time.time() - began, 1), **totals})

    def cycle(self) -> Iterator[Callable[[], None]]:
        """Yield one deployment after another, for ever."""
        while True:
            yield self._new_zips
            yield lambda: self.deploy("another model", f'model_arn = "{MODELS}/amazon.nova-pro-v1:0"')
            yield self._canary
            yield lambda: self.deploy("the canary gets all calls", "main_function = {}", "websocket_handler = {}")
            yield self._roll_back
            yield lambda: self.deploy(
                "settings",
                'log_level = "WARNING"',
                "main_function = { batch_size = 2, maximum_concurrency = 12, memory_mb = 640, timeout_seconds = 600 }",
                "generation = { max_tokens = 2048, number_of_results = 4 }",
                "throttling = { burst_limit = 400, rate_limit = 400 }",
            )
            yield lambda: self.deploy("everything as at first", *PLAIN)

    def _new_zips(self) -> None:
        self._build()
        self.deploy("new zips")

    def _canary(self) -> None:
        versions = self._versions()
        self._build()
        self.deploy(
            "a canary of new zips with a third model",
            f'model_arn = "{MODELS}/amazon.nova-micro-v1:0"',
            *(
                f'{name} = {{ canary = {{ stable_version = "{versions[key]}", weight = 0.25 }} }}'
                for name, key in (("main_function", "main"), ("websocket_handler", "websocket_handler"))
            ),
        )

    def _roll_back(self) -> None:
        earlier = int(self._versions()["main"]) - 1
        canary = f'{{ stable_version = "{earlier}", weight = 0.001 }}'
        self.deploy("the earlier version serves again", f"main_function = {{ canary = {canary} }}")

    def _versions(self) -> dict[str, str]:
        outputs = json.loads(self._environment.run("outputs", "--json"))
        versions: dict[str, str] = outputs["function_versions"]["value"]
        return versions

    def _build(self) -> None:
        """Make other zips of the same code: each gets a member that says which build it is."""
        build, dist = next(self._builds), self._environment.root / "dist"
        manifest = json.loads((dist / "manifest.json").read_text())
        for artifact in manifest["artifacts"].values():
            file = dist / artifact["path"]
            with zipfile.ZipFile(file, "a") as archive:
                archive.writestr(f"build-{build}.txt", f"{build}\n")
            digest = hashlib.sha256(file.read_bytes()).digest()
            artifact["sha256"], artifact["sha256Base64"] = digest.hex(), base64.b64encode(digest).decode()
        (dist / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def pipeline(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Another checkout, on the stack's state."""
    plane, folder = stack.control_plane, tmp_path_factory.mktemp("pipeline") / "checkout"
    environment = Local.reaching(
        plane.endpoint, plane.access_key_id, plane.secret_access_key, folder, ROOT / "terraform"
    )
    shutil.copytree(WORK_DIR / "dist", folder / "dist")
    environment.set(*PLAIN)
    environment.run("init")
    return Pipeline(environment)


class Log:
    """What a function has logged since `began`."""

    def __init__(self, stack: Stack, function: str, began: float) -> None:
        lines = [json.loads(line) for line in log_of(stack, function).splitlines() if line.startswith("{")]
        self.metrics = [line for line in lines if "_aws" in line and line["_aws"]["Timestamp"] >= began * 1000]
        self.starts = [line for line in lines if line.get("type") == "platform.start"]

    def counts(self) -> Counter[str]:
        """Return what the metrics add up to, by name."""
        return sum(
            (Counter({name: line[name]}) for line in self.metrics for name in line if type(line[name]) is int),
            Counter(),
        )

    def endings(self) -> list[dict[str, Any]]:
        """Return the lines that each tell an attempt's end."""
        return [line for line in self.metrics if line.get("message") == "attempt ended"]

    def outlived(self) -> list[dict[str, Any]]:
        """Return those of `endings` in whose time another version began to serve."""
        started = {line["record"]["requestId"]: (line["time"], line["record"]["version"]) for line in self.starts}
        found = []
        for ending in self.endings():
            began, version = started[ending["lambdaRequestId"]]
            ended = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ending["_aws"]["Timestamp"] / 1000))
            if any(began < at < ended and other != version for at, other in started.values()):
                found.append(ending)
        return found


def test_deploys_at_any_time_lose_no_answer_and_double_none(
    stack: Stack, pipeline: Pipeline, sqs: "SQSClient", eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    began = time.time()
    load = Load(stack)
    load.start()
    try:
        for deploy in pipeline.cycle():
            due = time.time() + APPLY_EVERY_SECONDS
            deploy()
            if time.time() - began >= MINUTES * 60:
                break
            time.sleep(max(0, due - time.time()))
    finally:
        gave_up = load.stop()
    assert gave_up == []
    assert eventually(lambda: messages_in(sqs, stack.outputs["queue_url"]) == 0)

    handler, main = Log(stack, "websocket_handler", began), Log(stack, "main", began)
    ends = Counter({name: count for name, count in main.counts().items() if name in ENDS})
    stayed = [life for life in load.lives if not life.left]
    waits = [life.ended_at - life.asked_at for life in stayed if life.ended_at and life.request_id.startswith("steady")]
    outlived = Counter(line["outcome"] for line in main.outlived())
    figures = {
        "minutes": round((time.time() - began) / 60, 1),
        "applies": pipeline.applies,
        "asked": len(load.lives),
        "accepted": handler.counts()["Accepted"],
        "ends": dict(ends),
        "dead letters": messages_in(sqs, stack.outputs["dead_letter_queue_url"]),
        "told": dict(Counter(life.end for life in stayed)),
        "answers by attempt": dict(Counter(life.frames[-1]["attempt"] for life in stayed if life.end == "completed")),
        "retried because": dict(Counter(line["code"] for line in main.endings() if line["outcome"] == "AttemptFailed")),
        "median seconds of a steady answer": round(median(waits), 1),
        "slowest steady answer, seconds": round(max(waits), 1),
        "attempts in whose time another version began to serve": dict(outlived),
        "versions of main": len({line["record"]["version"] for line in main.starts}),
    }
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(figures, indent=2) + "\n")

    assert {life.request_id: faults for life in stayed if (faults := list(life.faults()))} == {}
    assert load.strays == []
    assert figures["accepted"] == figures["asked"] == ends.total()
    assert ends["Completed"] + ends["Blocked"] + ends["Buried"] + ends["Abandoned"] == ends.total()
    assert figures["dead letters"] == ends["Buried"]
    answered = Counter(line["requestId"] for line in main.endings() if line["outcome"] == "Completed")
    assert set(answered.values()) == {1}, "an answer was given twice"
    # A worker of an earlier version ends as any other: what it has begun to answer, it answers.
    stretched = [life for life in stayed if life.request_id.startswith("stretched")]
    assert {(life.frames[-1]["attempt"], life.end) for life in stretched} == {(1, "completed")}
    assert outlived["Completed"] > 0
