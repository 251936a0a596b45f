from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from .conftest import ARTIFACT_BUCKET, BUCKET, FakeAws, FakeService, Run, client_error
from .test_outlook import ANSWERS


@pytest.fixture
def ready(root: Path, aws: FakeAws) -> FakeAws:
    """An account that lacks nothing."""
    aws.others = {
        "apigateway": FakeService(get_account={"cloudwatchRoleArn": "arn:aws:iam::111122223333:role/logs"}),
        **ANSWERS,
    }
    return aws


def examined(run: Run, root: Path) -> int:
    return run("doctor", "--env", "dev")


def test_an_account_that_lacks_nothing_is_ready(
    root: Path, ready: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examined(run, root) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 13
    assert all(line.startswith("ok ") for line in lines)


@pytest.mark.parametrize(
    ("service", "answers", "said"),
    [
        ("apigateway", {"get_account": {}}, "log role         API Gateway may not write logs in this account"),
        (
            "bedrock",
            {"get_foundation_model_availability": {"authorizationStatus": "NOT_AUTHORIZED"}},
            "authorizationStatus is NOT_AUTHORIZED",
        ),
        (
            "bedrock-agent",
            {"get_knowledge_base": client_error("ResourceNotFoundException")},
            "there is no knowledge base KB12345678",
        ),
    ],
    ids=["log-role", "model", "knowledge-base"],
)
def test_what_is_missing_is_named_with_what_to_do(
    root: Path,
    ready: FakeAws,
    run: Run,
    service: str,
    answers: dict[str, Any],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ready.others[service] = FakeService(**answers)

    assert examined(run, root) == 1

    assert said in capsys.readouterr().out


def test_a_missing_state_bucket_is_what_the_bootstrap_makes(
    root: Path, ready: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    del ready.s3.buckets[BUCKET]

    assert examined(run, root) == 1

    assert f"{BUCKET} does not exist; run make bootstrap ENV=dev" in capsys.readouterr().out


def test_what_may_not_be_asked_is_unknown_and_no_fault(
    root: Path, ready: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.others["bedrock"] = FakeService(get_foundation_model_availability=client_error("AccessDeniedException"))

    assert examined(run, root) == 0

    assert "unknown model access" in " ".join(capsys.readouterr().out.split())


def test_nothing_is_asked_of_a_wrong_account(
    root: Path, ready: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.sts.account = "444455556666"

    assert examined(run, root) == 1

    said = capsys.readouterr().out
    assert "missing credentials" in " ".join(said.split())
    assert "bucket" not in said


@pytest.mark.parametrize(
    ("version", "said"),
    [("Terraform v1.9.0", "Terraform v1.9.0 is too old"), ("OpenTofu v1.12.0", "terraform is not Terraform")],
)
def test_another_terraform_than_what_this_was_written_for_is_named(
    root: Path, ready: FakeAws, run: Run, capsys: pytest.CaptureFixture[str], version: str, said: str
) -> None:
    (root / "version.txt").write_text(f"{version}\n")

    assert examined(run, root) == 1

    assert f"{said}; install Terraform 1.11 or newer" in capsys.readouterr().out


def test_a_machine_without_terraform_is_told_what_to_install(
    root: Path, ready: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("doctor", "--env", "dev", TF=str(root / "bin/none")) == 1

    assert "/bin/none is not on PATH; install Terraform 1.11 or newer" in capsys.readouterr().out


def test_published_artifacts_are_looked_for_in_the_artifact_bucket(
    root: Path, ready: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with (root / "terraform/environments/dev.tfvars").open("a") as file:
        file.write(f'artifact_bucket = "{ARTIFACT_BUCKET}"\n')

    assert examined(run, root) == 1
    assert "does not exist; run make publish" in capsys.readouterr().out

    assert run("publish", "--env", "dev") == 0
    assert examined(run, root) == 0
    assert f"published in {ARTIFACT_BUCKET}" in capsys.readouterr().out


def test_a_bucket_that_keeps_no_old_versions_is_to_be_bootstrapped(
    root: Path, ready: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.s3.versioning = "Suspended"

    assert examined(run, root) == 1

    assert f"{BUCKET} keeps no old versions; run make bootstrap ENV=dev" in capsys.readouterr().out


def test_a_service_that_cannot_be_reached_is_unknown(
    root: Path, ready: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.others["apigateway"] = FakeService(get_account=EndpointConnectionError(endpoint_url="http://x"))

    assert examined(run, root) == 0

    assert "unknown log role         can't be asked: Could not connect" in capsys.readouterr().out


def test_what_the_credentials_may_not_ask_is_told_with_the_permission_that_it_takes(
    root: Path, ready: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.others["bedrock-agent"] = FakeService(get_knowledge_base=client_error("AccessDeniedException"))

    assert examined(run, root) == 0

    said = "can't be asked (AccessDeniedException): it takes the permission bedrock:GetKnowledgeBase"
    assert f"unknown knowledge base   {said}" in capsys.readouterr().out


def test_values_that_can_not_be_read_are_the_last_thing_that_is_told(
    root: Path, ready: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with (root / "terraform/environments/dev.tfvars").open("a") as file:
        file.write("generation = { guardrails = 1 }\n")

    assert examined(run, root) == 1

    assert "generation.guardrails" in capsys.readouterr().out.splitlines()[-1]


class PutMetrics:
    """CloudWatch as far as the command puts metrics."""

    def __init__(self) -> None:
        self.data: list[dict[str, Any]] = []

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803 # boto3's names
        self.data += [{"Namespace": Namespace, **datum} for datum in MetricData]


@pytest.mark.parametrize(
    ("lifecycle", "days"),
    [
        ({"status": "LEGACY", "endOfLifeTime": datetime.now(UTC) + timedelta(days=45, hours=1)}, 45),
        ({"status": "LEGACY", "endOfLifeTime": datetime.now(UTC) - timedelta(days=2, hours=-1)}, -2),
        ({"status": "ACTIVE"}, 3650),
    ],
    ids=["announced", "over", "not announced"],
)
def test_the_days_that_the_model_has_left_are_reported_if_asked_for(
    root: Path, ready: FakeAws, run: Run, lifecycle: dict[str, Any], days: int
) -> None:
    model = {"modelDetails": {"modelName": "Nova Lite", "modelLifecycle": lifecycle}}
    available = ANSWERS["bedrock"].get_foundation_model_availability()
    ready.others["bedrock"] = FakeService(get_foundation_model=model, get_foundation_model_availability=available)
    ready.others["cloudwatch"] = cloudwatch = PutMetrics()

    examined(run, root)
    assert cloudwatch.data == [], "only if asked for"
    run("doctor", "--env", "dev", "--days-left")

    (datum,) = cloudwatch.data
    assert (datum["Namespace"], datum["MetricName"], datum["Value"]) == ("Selador", "ModelDaysLeft", days)
    assert datum["Dimensions"] == [{"Name": "Environment", "Value": "selador-dev"}]


def test_a_model_that_can_not_be_asked_for_reports_nothing(root: Path, ready: FakeAws, run: Run) -> None:
    ready.others["bedrock"] = FakeService()
    ready.others["cloudwatch"] = cloudwatch = PutMetrics()

    run("doctor", "--env", "dev", "--days-left")

    assert cloudwatch.data == []


def test_a_report_that_may_not_be_made_says_which_permission_it_takes(
    root: Path, ready: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.others["cloudwatch"] = FakeService()

    assert run("doctor", "--env", "dev", "--days-left") == 1

    assert "allow this caller cloudwatch:PutMetricData" in capsys.readouterr().err
