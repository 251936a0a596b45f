"""Everything by the commands, against a local control plane: bootstrap, apply, each switch in turn, drift, destroy.

The plan after each switch says what that switch alone changes, which also says that the plan before it, applied, would
have been empty. The tests go on from each other, in their order; each takes the environment as it finds it.
"""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import ARTIFACT_BUCKET, STATE_BUCKET, Local, local

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def bootstrapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Local, threading.Thread, list[str]]]:
    """An account of its own, being bootstrapped while the other tests run: the provider waits a minute for buckets."""
    said: list[str] = []
    with local(tmp_path_factory.mktemp("bootstrap")) as account:
        thread = threading.Thread(target=lambda: said.append(account.run("bootstrap", "--yes")))
        thread.start()
        yield account, thread, said
        thread.join()


@pytest.fixture(scope="module")
def environment(
    tmp_path_factory: pytest.TempPathFactory,
    bootstrapped: tuple[Local, threading.Thread, list[str]],  # begun first
) -> Iterator[Local]:
    """The environment `local`, applied."""
    with local(tmp_path_factory.mktemp("environment")) as copy:
        copy.bootstrap()
        copy.run("init")
        copy.plan()
        copy.run("apply")
        yield copy


def switch(environment: Local, line: str) -> dict[str, Any]:
    """Add a line to the variables, plan and apply; return the plan's summary."""
    with environment.variables_file.open("a") as file:
        file.write(f"{line}\n")
    summary = environment.plan()
    environment.run("apply")
    return summary


def changes(summary: dict[str, Any]) -> set[str]:
    return {f"{change['action']} {change['address']}" for change in summary["changes"]}


HANDLER, MAIN = "module.websocket_handler", "module.main"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "tracing_enabled = true",
            {
                f"{action} {module}.{resource}"
                for module in (HANDLER, MAIN)
                for action, resource in (
                    ("change", "aws_lambda_function.this"),
                    ("change", "aws_lambda_alias.live"),
                    ("create", 'aws_iam_role_policy.this["write-traces"]'),
                )
            },
        ),
        (
            "websocket_handler = { reserved_concurrency = 5, snap_start_enabled = true }",
            {f"change {HANDLER}.aws_lambda_function.this", f"change {HANDLER}.aws_lambda_alias.live"},
        ),
        (
            'main_function = { canary = { stable_version = "1", weight = 0.25 }, reserved_concurrency = 10 }',
            {f"change {MAIN}.aws_lambda_function.this", f"change {MAIN}.aws_lambda_alias.live"},
        ),
        (
            'log_level = "WARNING"\napi_execution_log_level = "INFO"',
            {"change module.websocket_api.aws_apigatewayv2_stage.this"}
            | {
                f"change {module}.aws_lambda_{resource}"
                for module in (HANDLER, MAIN)
                for resource in ("function.this", "alias.live")
            },
        ),
        (
            'agent_runtime_arn = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/answers-1"',
            {f'create {MAIN}.aws_iam_role_policy.this["invoke-agent-runtime"]'}
            | {
                f"change {module}.aws_lambda_{resource}"
                for module in (HANDLER, MAIN)
                for resource in ("function.this", "alias.live")
            },
        ),
        (
            f'custom_domain = {{ certificate_arn = "{CERTIFICATE}", name = "answers.example.com" }}',
            {
                "create module.websocket_api.aws_apigatewayv2_api_mapping.this[0]",
                "create module.websocket_api.aws_apigatewayv2_domain_name.this[0]",
            },
        ),
        (
            "log_retention_days = 7\nqueue_retention = { messages_seconds = 259200 }\nthrottling = { rate_limit = 3 }",
            {"change module.queue.aws_sqs_queue.this", "change module.websocket_api.aws_apigatewayv2_stage.this"}
            | {
                f"change {module}.aws_cloudwatch_log_group.{name}"
                for module, name in ((HANDLER, "this"), (MAIN, "this"), ("module.websocket_api", "access"))
            },
        ),
    ],
    ids=[
        "tracing",
        "snap-start",
        "canary",
        "log-levels",
        "agent-runtime",
        "custom-domain",
        "retention-and-throttling",
    ],
)
def test_a_switch_changes_what_it_is_for_and_nothing_else(environment: Local, line: str, expected: set[str]) -> None:
    assert changes(switch(environment, line)) == expected


def test_published_artifacts_take_the_place_of_uploaded_ones(environment: Local) -> None:
    with environment.variables_file.open("a") as file:
        file.write(f'artifact_bucket = "{ARTIFACT_BUCKET}"\n')
    release = environment.run("publish").split()[-1]
    (environment.root / "dist/main.zip").unlink()

    summary = json.loads(environment.run("plan", "--json", "--release", release))
    environment.run("apply")

    assert {change["address"] for change in summary["changes"]} >= {
        f"{module}.aws_lambda_function.this" for module in (HANDLER, MAIN)
    }
    assert all("aws_lambda_" in change["address"] for change in summary["changes"])
    configuration = environment.client("lambda").get_function_configuration(FunctionName="selador-local-main")
    manifest = json.loads((environment.root / "dist/manifest.json").read_text())
    assert configuration["CodeSha256"] == manifest["artifacts"]["main"]["sha256Base64"]


def test_a_key_of_ones_own_encrypts_everything_and_nothing_is_lost(environment: Local) -> None:
    """The key is unknown in the plan that makes it, which the provider takes for no change of a function."""
    summary = switch(environment, "customer_managed_key_enabled = true")

    assert summary["totals"] | {"change": 0} == {"destroy": 0, "replace": 0, "change": 0, "create": 4, "forget": 0}
    assert {change["address"] for change in summary["changes"]} >= {
        "aws_kms_key.this[0]",
        "aws_kms_alias.this[0]",
        "module.queue.aws_sqs_queue.this",
        "module.queue.aws_sqs_queue.dead_letter",
        "module.alarms.aws_sns_topic.alarms",
        f"{HANDLER}.aws_cloudwatch_log_group.this",
        f"{MAIN}.aws_lambda_function.this",
        f'{MAIN}.aws_iam_role_policy.this["decrypt-environment"]',
    }


def test_after_all_switches_a_plan_is_empty_and_nothing_has_drifted(environment: Local) -> None:
    assert changes(environment.plan()) == set()
    environment.run("drift")


def test_what_somebody_changed_by_hand_is_drift(environment: Local) -> None:
    sqs = environment.client("sqs")
    url = sqs.get_queue_url(QueueName="selador-local-requests")["QueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "9"})

    said = environment.run("drift", status=2)
    sqs.set_queue_attributes(QueueUrl=url, Attributes=before)

    assert "module.queue.aws_sqs_queue.this: delay_seconds" in said


def test_a_queue_of_another_name_is_no_plan_without_a_word_that_the_old_one_may_go(environment: Local) -> None:
    text = environment.variables_file.read_text()
    environment.variables_file.write_text(f'{text}project = "another"\n')

    environment.run("plan", status=3)
    environment.variables_file.write_text(text)

    assert not (environment.root / "build/local.plan").exists()


def test_destroy_leaves_nothing(environment: Local) -> None:
    environment.run("destroy", "--confirm", "local")

    assert environment.client("sqs").list_queues().get("QueueUrls", []) == []
    assert environment.client("lambda").list_functions()["Functions"] == []
    assert environment.client("apigatewayv2").get_apis()["Items"] == []
    assert environment.client("logs").describe_log_groups()["logGroups"] == []
    assert environment.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert environment.client("sns").list_topics()["Topics"] == []
    assert environment.client("iam").list_roles()["Roles"] == []


def test_the_bootstrap_makes_the_buckets_and_its_own_state_ends_in_one(
    bootstrapped: tuple[Local, threading.Thread, list[str]],
) -> None:
    account, thread, said = bootstrapped
    thread.join()

    s3 = account.client("s3")
    assert {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]} == {STATE_BUCKET, ARTIFACT_BUCKET}
    assert said, "the bootstrap failed"
    state = json.loads(s3.get_object(Bucket=STATE_BUCKET, Key="bootstrap.tfstate")["Body"].read())
    assert any(resource["type"] == "aws_api_gateway_account" for resource in state["resources"])
    assert list(account.root.rglob("terraform.tfstate.backup")) == []
    assert "No changes" in account.run("bootstrap", "--yes")
