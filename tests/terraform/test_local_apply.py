"""Everything by the commands, against a local control plane: bootstrap, apply, each switch in turn, drift, destroy.

The plan after each switch says what that switch alone changes, which also says that the plan before it, applied, would
have been empty. The tests go on from each other, in their order; each takes the environment as it finds it.
"""

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import ARTIFACT_BUCKET, CERTIFICATE, NAMELESS, REFUSED_TWICE, ROOT, STATE_BUCKET, Local, local

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


def switch(environment: Local, *lines: str) -> dict[str, Any]:
    """Set variables, plan and apply; return the plan's summary."""
    environment.set(*lines)
    summary = environment.plan()
    environment.run("apply")
    return summary


def steps(environment: Local, *lines: str, allow_destroy: str = "") -> list[str]:
    """Set variables, plan and apply; return the apply's steps, such as `begin ADDRESS` and `end ADDRESS`."""
    environment.set(*lines)
    environment.run("plan", "--json", "--allow-destroy", allow_destroy)
    said = environment.run("apply")
    found = re.findall(r"^(\S+): (?:(\w+ing)\.\.\.|\w+ complete)", said, re.MULTILINE)
    return [f"{'begin' if verb else 'end'} {address}" for address, verb in found]


def changes(summary: dict[str, Any]) -> set[str]:
    return {f"{change['action']} {change['address']}" for change in summary["changes"]}


HANDLER, MAIN = "module.websocket_handler", "module.main"
AUTHORIZER, API = "module.authorizer[0]", "module.websocket_api"
ALARMS, QUEUE = "module.alarms", "module.queue.aws_sqs_queue.this"
COMPOSITE = {"error-budget-burns-fast", "error-budget-burns-slow", "work-stalls"}
NOT_HERE = {"authorizer-slow", "authorizer-throttles", "connects-fail", "heartbeat-fails"}
PARTS = {"error-budget-5m", "error-budget-1h", "error-budget-30m", "error-budget-6h", "maintenance"}
RUNBOOKS = {alarm.stem for alarm in (ROOT / "docs/runbooks").glob("[a-z]*.md")}
METRIC_ALARMS = (
    (RUNBOOKS | PARTS | {"work-unfinished", "work-untouched"})
    - COMPOSITE
    - NOT_HERE
    - {"answers-are-not-coming", "key-set-unavailable"}
)
JWT = 'jwt = { audiences = ["a"], issuer = "https://issuer.example", jwks_url = "https://issuer.example/jwks.json" }'
TAGGED = {
    "aws_lambda_event_source_mapping.main",
    "module.alarms.aws_cloudwatch_composite_alarm.answers_are_not_coming",
    'module.alarms.aws_sns_topic.this["page"]',
    'module.alarms.aws_sns_topic.this["ticket"]',
    "module.queue.aws_sqs_queue.dead_letter",
    "module.queue.aws_sqs_queue.this",
    f"{API}.aws_apigatewayv2_api.this",
    f"{API}.aws_apigatewayv2_domain_name.this[0]",
    f"{API}.aws_apigatewayv2_stage.this",
    f"{API}.aws_cloudwatch_log_group.access[0]",
    f"{API}.aws_cloudwatch_log_group.execution[0]",
    *(
        f"{module}.{resource}"
        for module in (HANDLER, MAIN)
        for resource in ("aws_cloudwatch_log_group.this", "aws_iam_role.this", "aws_lambda_function.this")
    ),
    *(f'{ALARMS}.aws_cloudwatch_metric_alarm.this["{key}"]' for key in METRIC_ALARMS),
    *(f'{ALARMS}.aws_cloudwatch_composite_alarm.page["{key}"]' for key in COMPOSITE),
}
"""Everything that has tags: a change of them touches nothing else, no permission above all."""

MODELS = "arn:aws:bedrock:us-east-1::foundation-model"
CANARY = 'canary = { stable_version = "1", weight = 0.25 }, reserved_concurrency = 10'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            ["tracing_enabled = true"],
            {
                f"{action} {module}.{resource}"
                for module in (HANDLER, MAIN)
                for action, resource in (
                    ("change", "aws_lambda_function.this"),
                    ("change", "aws_lambda_alias.live"),
                    ("create", 'aws_iam_role_policy.this["write-traces"]'),
                    ("change", "aws_iam_role_policy.until_served[0]"),
                    ("change", "aws_iam_role_policies_exclusive.this"),
                )
            },
            id="tracing",
        ),
        pytest.param(
            ["websocket_handler = { reserved_concurrency = 5, snap_start_enabled = true }"],
            {f"change {HANDLER}.aws_lambda_function.this", f"change {HANDLER}.aws_lambda_alias.live"},
            id="snap-start",
        ),
        pytest.param(
            [f"main_function = {{ batch_size = 5, {CANARY} }}"],
            {
                f"change {MAIN}.aws_lambda_function.this",
                f"change {MAIN}.aws_lambda_alias.live",
                "change aws_lambda_event_source_mapping.main",
            },
            id="batch-and-canary",
        ),
        pytest.param(
            ['log_level = "WARNING"', 'api_execution_log_level = "INFO"'],
            {"change module.websocket_api.aws_apigatewayv2_stage.this"}
            | {
                f"change {module}.aws_lambda_{resource}"
                for module in (HANDLER, MAIN)
                for resource in ("function.this", "alias.live")
            },
            id="log-levels",
        ),
        pytest.param(
            ['agent_runtime_arn = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/answers-1"'],
            {
                f'create {MAIN}.aws_iam_role_policy.this["invoke-agent-runtime"]',
                f"change {MAIN}.aws_iam_role_policy.until_served[0]",
                f"change {MAIN}.aws_iam_role_policies_exclusive.this",
            }
            | {
                f"change {module}.aws_lambda_{resource}"
                for module in (HANDLER, MAIN)
                for resource in ("function.this", "alias.live")
            },
            id="agent-runtime",
        ),
        pytest.param(
            [f'custom_domain = {{ certificate_arn = "{CERTIFICATE}", name = "answers.example.com" }}'],
            {
                "create module.websocket_api.aws_apigatewayv2_api_mapping.this[0]",
                "create module.websocket_api.aws_apigatewayv2_domain_name.this[0]",
                f'create {ALARMS}.aws_cloudwatch_metric_alarm.this["certificate-expires"]',
                f"change {ALARMS}.aws_cloudwatch_dashboard.this",
            },
            id="custom-domain",
        ),
        pytest.param(
            [
                "log_retention_days = 7",
                "queue_retention = { messages_seconds = 259200 }",
                "throttling = { rate_limit = 3 }",
            ],
            {"change module.queue.aws_sqs_queue.this", "change module.websocket_api.aws_apigatewayv2_stage.this"}
            | {
                f"change {module}.aws_cloudwatch_log_group.{name}"
                for module, name in ((HANDLER, "this"), (MAIN, "this"), (API, "access[0]"), (API, "execution[0]"))
            },
            id="retention-and-throttling",
        ),
        pytest.param(
            ['tags = { team = "answers" }', 'alarm_subscriptions = { email = ["on-call@example.com"] }'],
            {'create module.alarms.aws_sns_topic_subscription.person["email on-call@example.com"]'}
            | {'create module.alarms.aws_sns_topic_subscription.person["ticket email on-call@example.com"]'}
            | {f"change {resource}" for resource in TAGGED},
            id="tags-and-subscription",
        ),
        pytest.param(
            [f"main_function = {{ batch_size = 5, timeout_seconds = 600, {CANARY} }}"],
            # Each version is judged by its own timeout. Queue and stalled work still wait for the older one.
            {
                f"change {MAIN}.aws_lambda_function.this",
                f"change {MAIN}.aws_lambda_alias.live",
                f'change {ALARMS}.aws_cloudwatch_metric_alarm.this["main-near-timeout"]',
            },
            id="timeout-beside-a-canary",
        ),
    ],
)
def test_a_switch_changes_what_it_is_for_and_nothing_else(
    environment: Local, lines: list[str], expected: set[str]
) -> None:
    assert changes(switch(environment, *lines)) == expected


@pytest.mark.slow
def test_each_part_changes_only_when_what_it_needs_is_there(environment: Local) -> None:
    done = steps(environment, JWT, 'authorization = "jwt"', 'log_level = "ERROR"')

    assert done.index(f"end {API}.aws_lambda_permission.authorizer[0]") < done.index(
        f"begin {API}.aws_apigatewayv2_stage.this"
    )
    # Main reads what the handler sends.
    assert done.index(f"end {MAIN}.aws_lambda_alias.live") < done.index(f"begin {HANDLER}.aws_lambda_alias.live")


@pytest.mark.slow
def test_the_stage_stops_asking_the_authorizer_while_that_is_still_there(environment: Local) -> None:
    done = steps(environment, 'authorization = "none"')

    assert f"end {API}.aws_apigatewayv2_stage.this" in done
    assert not [step for step in done if AUTHORIZER in step]


@pytest.mark.slow
def test_while_a_model_is_replaced_both_versions_may_ask_theirs(environment: Local) -> None:
    logs = f"{AUTHORIZER}.aws_cloudwatch_log_group.this"
    done = steps(environment, f'model_arn = "{MODELS}/amazon.nova-pro-v1:0"', "jwt = null", allow_destroy=logs)

    added = f'{MAIN}.aws_iam_role_policy.this["invoke-model"]'
    assert done.index(f"end {added}") < done.index(f"begin {MAIN}.aws_lambda_function.this")
    removed = f"begin {MAIN}.aws_iam_role_policy.until_served[0]"
    assert done.index(f"end {MAIN}.aws_lambda_alias.live") < done.index(removed)
    # The authorizer, which no route asks, goes without a touch of the API's routes.
    assert f"end {AUTHORIZER}.aws_lambda_function.this" in done
    assert not [step for step in done if "stage" in step or "route" in step]


@pytest.mark.slow
def test_a_canary_may_ask_both_models_and_a_policy_that_somebody_added_goes(environment: Local) -> None:
    iam = environment.client("iam")
    role, allowed = "selador-local-main-us-east-1", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    by_hand = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName=role, PolicyName="added-by-hand", PolicyDocument=by_hand)
    functions, main = environment.client("lambda"), "selador-local-main"
    alias = functions.get_alias(FunctionName=main, Name="live")
    (version,) = alias["RoutingConfig"]["AdditionalVersionWeights"]
    told = functions.get_function_configuration(FunctionName=main, Qualifier=version)["Environment"]["Variables"]

    summary = switch(
        environment,
        f'model_arn = "{MODELS}/amazon.nova-micro-v1:0"',
        f'main_function = {{ canary = {{ stable_version = "{version}", weight = 0.25 }}, reserved_concurrency = 10 }}',
    )

    for name in ("invoke-model", "serve-until-replaced"):
        found = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
        (invoke,) = [statement for statement in found if statement["Sid"] == "InvokeModel"]
        assert set(invoke["Resource"]) == {f"{MODELS}/amazon.nova-micro-v1:0", told["MODEL_ARN"]}
    assert f"change {MAIN}.aws_iam_role_policies_exclusive.this" in changes(summary)
    assert "added-by-hand" not in iam.list_role_policies(RoleName=role)["PolicyNames"]


@pytest.mark.slow
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
    others = [change["address"] for change in summary["changes"] if "aws_lambda_" not in change["address"]]
    assert others == ["terraform_data.release[0]"]
    assert json.loads(environment.run("outputs", "--json"))["release"]["value"].startswith(release)
    configuration = environment.client("lambda").get_function_configuration(FunctionName="selador-local-main")
    manifest = json.loads((environment.root / "dist/manifest.json").read_text())
    assert configuration["CodeSha256"] == manifest["artifacts"]["main"]["sha256Base64"]


@pytest.mark.slow
def test_a_key_of_ones_own_encrypts_everything_and_nothing_is_lost(environment: Local) -> None:
    """The key is unknown in the plan that makes it, which the provider takes for no change of a function."""
    summary = switch(environment, "customer_managed_key_enabled = true")

    assert summary["totals"] | {"change": 0} == {"destroy": 0, "replace": 0, "change": 0, "create": 4, "forget": 0}
    assert {change["address"] for change in summary["changes"]} >= {
        "aws_kms_key.this[0]",
        "aws_kms_alias.this[0]",
        "module.queue.aws_sqs_queue.this",
        "module.queue.aws_sqs_queue.dead_letter",
        'module.alarms.aws_sns_topic.this["page"]',
        'module.alarms.aws_sns_topic.this["ticket"]',
        f"{HANDLER}.aws_cloudwatch_log_group.this",
        f"{MAIN}.aws_lambda_function.this",
        f'{MAIN}.aws_iam_role_policy.this["decrypt-environment"]',
    }


def test_in_the_end_a_plan_is_empty_and_nothing_has_drifted(environment: Local) -> None:
    assert changes(environment.plan()) == set()
    environment.run("drift")


@pytest.mark.slow
def test_whatever_held_something_and_is_gone_or_tainted_is_made_again_only_if_that_is_said(environment: Local) -> None:
    sqs, sns, kms = (environment.client(service) for service in ("sqs", "sns", "kms"))
    key = kms.describe_key(KeyId="alias/selador-local")["KeyMetadata"]
    api = environment.client("apigatewayv2")
    (topic,) = (one for one in sns.list_topics()["Topics"] if one["TopicArn"].endswith("-alarms"))
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="selador-local-requests-dead-letter")["QueueUrl"])
    sns.delete_topic(TopicArn=topic["TopicArn"])
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    environment.client("logs").delete_log_group(logGroupName="/aws/lambda/selador-local-main")
    (domain,) = (one["DomainName"] for one in api.get_domain_names()["Items"])
    (mapping,) = api.get_api_mappings(DomainName=domain)["Items"]
    api.delete_api_mapping(DomainName=domain, ApiMappingId=mapping["ApiMappingId"])  # else the API can't go (WS-84)
    api.delete_api(ApiId=mapping["ApiId"])
    environment.terraform("taint", QUEUE)
    gone = {
        "aws_kms_key.this[0]",
        f'{ALARMS}.aws_sns_topic.this["page"]',
        f"{API}.aws_apigatewayv2_api.this",
        f"{MAIN}.aws_cloudwatch_log_group.this",
        "module.queue.aws_sqs_queue.dead_letter",
    }

    drift = environment.run("drift", status=2)
    said, refused = environment.told("plan", status=3)
    lost = refused.split("ALLOW_DESTROY='")[1].removesuffix("'")
    summary = json.loads(environment.run("plan", "--json", "--allow-destroy", lost))
    environment.run("apply")

    assert gone <= {line.strip().removesuffix(": it is gone") for line in drift.splitlines()}
    assert {line.removeprefix("  STATEFUL ") for line in said.splitlines() if line.startswith("  STATEFUL ")} == {
        *gone,
        f"{QUEUE}, because it is tainted: making it failed half-way",
        # Its name holds the id of the API.
        f"{API}.aws_cloudwatch_log_group.execution[0], because name can't be changed in place",
    }
    assert said.startswith("local: ")
    assert said.index("gone since the last apply:") < said.index("to destroy")
    assert gone <= set(summary["vanished"])
    assert sqs.get_queue_url(QueueName="selador-local-requests")
    assert changes(environment.plan()) == set()


@pytest.mark.slow
def test_a_role_that_somebody_let_others_take_is_drift_and_is_planned_back(environment: Local) -> None:
    iam, role = environment.client("iam"), "selador-local-main-us-east-1"
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trusted = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trusted)

    drift = environment.run("drift", status=2)
    summary = switch(environment)

    assert f"{MAIN}.aws_iam_role.this: assume_role_policy" in drift
    (change,) = summary["changes"]
    assert change["address"] == f"{MAIN}.aws_iam_role.this"
    assert any("sts:AssumeRole" in statement and "*" in statement for statement in change["iam"]["removed"])
    assert changes(environment.plan()) == set()


def test_nothing_with_a_fixed_name_is_created_before_it_is_destroyed(environment: Local) -> None:
    """A replacement would meet itself; AWS even returns the old queue for a new one, which is then destroyed."""
    replaced = [f"-replace={address}" for address in environment.managed()]

    planned = environment.changes(*replaced)

    assert len(planned) >= len(replaced)
    created_first = {
        address.split('["')[0].split(".")[-2] for address, how in planned.items() if how == "create, delete"
    }
    # The environment has a key only by night.
    assert created_first - REFUSED_TWICE | {"aws_kms_key"} == NAMELESS


@pytest.mark.slow
def test_what_goes_with_its_owner_is_replaced_with_it(environment: Local) -> None:
    function = environment.changes(f"-replace={HANDLER}.aws_lambda_function.this")
    role = environment.changes(f"-replace={HANDLER}.aws_iam_role.this")

    permissions = [f'{API}.aws_lambda_permission.route["{key}"]' for key in ("$connect", "invoke", "ping")]
    assert {function[address] for address in (f"{HANDLER}.aws_lambda_alias.live", *permissions)} == {"delete, create"}
    assert role[f'{HANDLER}.aws_iam_role_policy.this["send-requests"]'] == "delete, create"


@pytest.mark.slow
def test_a_key_of_ones_own_is_given_up_only_if_that_is_said_and_when_nothing_uses_it_any_more(
    environment: Local,
) -> None:
    """A key whose deletion is scheduled decrypts nothing: messages and variables would be out of reach at once."""
    key = "aws_kms_key.this[0]"
    environment.set("customer_managed_key_enabled = false")

    said, refused = environment.told("plan", status=3)
    done = steps(environment, allow_destroy=key)

    assert f"  STATEFUL {key}" in said
    assert f"ALLOW_DESTROY='{key}'" in refused
    uses = [QUEUE, "module.queue.aws_sqs_queue.dead_letter", f'{ALARMS}.aws_sns_topic.this["page"]']
    uses += [f"{module}.aws_lambda_alias.live" for module in (HANDLER, MAIN)]
    assert max(done.index(f"end {address}") for address in uses) < done.index(f"begin {key}")
    assert changes(environment.plan()) == set()


def test_what_somebody_changed_by_hand_is_drift(environment: Local) -> None:
    sqs = environment.client("sqs")
    url = sqs.get_queue_url(QueueName="selador-local-requests")["QueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "9"})

    said = environment.run("drift", status=2)
    sqs.set_queue_attributes(QueueUrl=url, Attributes=before)

    assert "module.queue.aws_sqs_queue.this: delay_seconds" in said


@pytest.mark.slow
def test_a_queue_of_another_name_is_no_plan_without_a_word_that_the_old_one_may_go(environment: Local) -> None:
    text = environment.variables_file.read_text()
    environment.set('project = "another"', "main_function = {}")  # a function of another name has no stable version

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


def test_a_queue_that_can_not_be_made_says_why_and_nothing_else(environment: Local) -> None:
    """No postcondition adds that its ARN is null."""
    sqs = environment.client("sqs")
    environment.set("main_function = {}")  # of the canary, no version is left
    environment.changes("-target=module.queue")
    foreign = sqs.create_queue(QueueName="selador-local-requests-dead-letter", Attributes={"DelaySeconds": "9"})

    complaint = environment.apply_changes()
    sqs.delete_queue(QueueUrl=foreign["QueueUrl"])

    assert "creating SQS Queue (selador-local-requests-dead-letter)" in complaint
    assert "; " not in complaint
    assert "null" not in complaint
    assert "ARN is" not in complaint


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


@pytest.mark.slow
def test_the_bootstrap_leaves_a_log_role_alone_that_somebody_put_in_the_place_of_its_own(
    bootstrapped: tuple[Local, threading.Thread, list[str]],
) -> None:
    account, thread, _ = bootstrapped
    thread.join()
    gateway, role = account.client("apigateway"), "arn:aws:iam::123456789012:role/the-platform-teams"
    gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])

    account.run("bootstrap", "--yes")

    assert gateway.get_account()["cloudwatchRoleArn"] == role
    assert account.client("iam").list_roles()["Roles"] == []
    assert "No changes" in account.run("bootstrap", "--yes")
