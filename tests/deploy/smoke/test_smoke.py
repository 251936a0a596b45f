"""The command: which deployment it asks, its exit status, and the heartbeat."""

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.http11 import Request

from ..conftest import FakeAws, Run
from .conftest import Deployed, Deployment


class FakeCloudWatch:
    """Keeps what is put."""

    def __init__(self) -> None:
        self.put: list[dict[str, Any]] = []

    def put_metric_data(self, **arguments: Any) -> None:
        self.put.append(arguments)


@pytest.fixture
def cloudwatch(aws: FakeAws) -> FakeCloudWatch:
    aws.others["cloudwatch"] = FakeCloudWatch()
    fake: FakeCloudWatch = aws.others["cloudwatch"]
    return fake


def apply(root: Path, run: Run, url: str, authorization: str = "none") -> None:
    """Let the environment dev have these outputs."""
    run("init", "--env", "dev")
    outputs = {"websocket_url": {"value": url}, "authorization": {"value": authorization}}
    (root / "outputs.json").write_text(json.dumps(outputs))


@pytest.fixture
def broken() -> Deployment:
    return Deployment(statuses=lambda _: 500)


def test_an_environment_s_url_is_found(
    root: Path, run: Run, deployed: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    apply(root, run, deployed(Deployment()))

    assert run("smoke", "--env", "dev") == 0

    printed = capsys.readouterr().out
    assert "ok       connect" in printed
    assert "skipped  bad token    anyone may connect" in printed


def test_a_failure_is_the_exit_status(
    run: Run, deployed: Deployed, broken: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("smoke", "--env", "dev", "--url", deployed(broken)) == 1

    assert "failed   connect      HTTP status 500; likely cause: " in capsys.readouterr().out


def test_a_url_and_a_token_are_enough(run: Run, deployed: Deployed) -> None:
    def judge(request: Request) -> int | None:
        return None if "bearer.good" in request.headers["Sec-WebSocket-Protocol"] else 401

    url = deployed(Deployment(statuses=judge))

    assert run("smoke", "--env", "dev", "--url", url, SELADOR_TOKEN="good") == 0
    assert run("smoke", "--env", "dev", "--url", url) == 1


def token(**claims: Any) -> str:
    payload = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{payload}.c2lnbmVk"


def test_an_expired_token_asks_nothing_and_is_no_failure_of_the_deployment(
    run: Run, deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipeline goes back to the release before if a step failed."""
    asked: list[Request] = []
    url, results = deployed(Deployment(statuses=asked.append)), tmp_path / "results"

    status = run(
        "smoke", "--env", "dev", "--url", url, "--results", str(results), SELADOR_TOKEN=token(exp=1_700_000_000)
    )

    assert status == 2
    assert "TOKEN expired at 2023-11-14 22:13:20 UTC; give a new one" in capsys.readouterr().err
    assert not asked
    assert not results.exists()


@pytest.mark.parametrize(
    "good", ["opaque", "a.b.c", "..", token(), token(exp="soon"), token(exp=10**30), token(exp=4_000_000_000)]
)
def test_a_token_whose_end_is_not_known_to_have_come_is_the_apis_to_judge(
    run: Run, deployed: Deployed, good: str
) -> None:
    def judge(request: Request) -> int | None:
        return None if f"bearer.{good}" in request.headers["Sec-WebSocket-Protocol"].replace(",", " ").split() else 401

    assert run("smoke", "--env", "dev", "--url", deployed(Deployment(statuses=judge)), SELADOR_TOKEN=good) == 0


@pytest.mark.parametrize(("status", "handed_on"), [(500, "failed="), (None, None)])
def test_only_a_step_that_failed_is_handed_on(
    run: Run, deployed: Deployed, tmp_path: Path, status: int | None, handed_on: str | None
) -> None:
    results = tmp_path / "results"

    run(
        *("smoke", "--env", "dev", "--url", deployed(Deployment(statuses=lambda _: status))),
        *("--results", str(results)),
    )

    assert results.exists() == (handed_on is not None)
    assert not results.exists() or results.read_text().startswith("failed=1\n")


def test_handshakes_are_signed_where_that_is_asked(
    root: Path, run: Run, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries: list[dict[str, list[str]]] = []

    def judge(request: Request) -> int | None:
        queries.append(parse_qs(urlsplit(request.path).query))
        return None if "X-Amz-Signature" in queries[-1] else 403

    apply(root, run, deployed(Deployment(statuses=judge)), "iam")

    status = run("smoke", "--env", "dev", AWS_ACCESS_KEY_ID="AKIA", AWS_SECRET_ACCESS_KEY="secret")

    assert status == 0
    assert "/eu-central-1/execute-api/" in queries[0]["X-Amz-Credential"][0]


def test_handshakes_are_signed_with_what_aws_own_tools_would_find(
    root: Path, run: Run, deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "keys").write_text("[default]\naws_access_key_id = AKIAFOUND\naws_secret_access_key = secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "keys"))
    apply(root, run, deployed(Deployment(statuses=lambda request: None if "AKIAFOUND" in request.path else 403)), "iam")

    assert run("smoke", "--env", "dev") == 0


def test_no_credentials_to_sign_with_are_told(
    root: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    apply(root, run, "ws://127.0.0.1:1/dev", "iam")

    assert run("smoke", "--env", "dev") == 1

    assert "there are no AWS credentials; run aws sso login, or set AWS_PROFILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("authorization", "arguments", "said"),
    [
        ("jwt", [], "dev asks for a token, and TOKEN is missing; give TOKEN=…"),
        ("none", ["--url", "https://example.com"], "URL is 'https://example.com'; give one such as wss://"),
    ],
)
def test_what_is_missing_is_a_usage_error(
    root: Path,
    run: Run,
    authorization: str,
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    apply(root, run, "ws://127.0.0.1:1/dev", authorization)

    assert run("smoke", "--env", "dev", *arguments) == 2

    assert said in capsys.readouterr().err


def test_an_environment_that_was_never_applied_is_told(
    root: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")

    assert run("smoke", "--env", "dev") == 1

    assert "dev has no outputs: it was never applied; run make plan ENV=dev" in capsys.readouterr().err


def test_the_heartbeat_tells_how_it_went(
    run: Run, deployed: Deployed, broken: Deployment, cloudwatch: FakeCloudWatch
) -> None:
    good, bad = deployed(Deployment()), deployed(broken)

    run("smoke", "--env", "dev", "--url", good, "--heartbeat")
    run("smoke", "--env", "dev", "--url", bad, "--heartbeat")

    assert [put["Namespace"] for put in cloudwatch.put] == ["Selador", "Selador"]
    assert [datum["Value"] for put in cloudwatch.put for datum in put["MetricData"]] == [1, 0]
    (datum,) = cloudwatch.put[0]["MetricData"]
    assert datum["MetricName"] == "Heartbeat"
    assert datum["Dimensions"] == [{"Name": "Environment", "Value": "selador-dev"}]


def test_a_heartbeat_that_may_not_be_put_is_named(
    run: Run, deployed: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("smoke", "--env", "dev", "--url", deployed(Deployment()), "--heartbeat") == 1

    assert "allow this caller cloudwatch:PutMetricData" in capsys.readouterr().err
