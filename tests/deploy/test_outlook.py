"""What AWS says of the things that an environment rests on: what they are, and what will stop working."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from selador_deploy.findings import Verdict
from selador_deploy.outlook import outlook

from .conftest import FakeService, client_error

NOW = datetime(2026, 11, 26, tzinfo=UTC)
AVAILABLE = {
    "authorizationStatus": "AUTHORIZED",
    "entitlementAvailability": "AVAILABLE",
    "regionAvailability": "AVAILABLE",
}
MODEL = {"modelName": "Nova Lite", "modelLifecycle": {"status": "ACTIVE"}}
QUOTA = {"QuotaName": "On-demand model inference requests per minute for Amazon Nova Lite", "Value": 200.0}
TOPIC = "arn:aws:sns:eu-central-1:111122223333:selador-dev-alarms"
LOG_ROLE = "arn:aws:iam::111122223333:role/api-gateway-logging"
ANSWERS = {
    "apigateway": FakeService(get_account={"cloudwatchRoleArn": LOG_ROLE}),
    "bedrock": FakeService(get_foundation_model_availability=AVAILABLE, get_foundation_model={"modelDetails": MODEL}),
    "bedrock-agent": FakeService(
        get_knowledge_base={
            "knowledgeBase": {
                "status": "ACTIVE",
                "name": "docs",
                "knowledgeBaseConfiguration": {"type": "VECTOR"},
            }
        }
    ),
    "lambda": FakeService(
        get_account_settings={"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}}
    ),
    "service-quotas": FakeService(list_service_quotas={"Quotas": [QUOTA]}),
    "sns": FakeService(list_subscriptions={"Subscriptions": [{"TopicArn": TOPIC, "SubscriptionArn": f"{TOPIC}:1"}]}),
}
VARIABLES: dict[str, Any] = {
    "api_access_log_enabled": True,
    "api_execution_log_level": "ERROR",
    "custom_domain": None,
    "environment": "dev",
    "generation": {"models": {}},
    "knowledge_base_id": "KB12345678",
    "main_function": {"maximum_concurrency": 10, "reserved_concurrency": None},
    "model_arn": "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0",
    "project": "selador",
}


def found(subject: str, variables: dict[str, Any] | None = None, **services: FakeService) -> str:
    """Return the finding about a subject, with its verdict."""
    clients = ANSWERS | {name.replace("_", "-"): service for name, service in services.items()}
    findings = outlook(VARIABLES | (variables or {}), lambda service: clients[service], NOW)
    (finding,) = (one for one in findings if one.subject == subject)
    return f"{finding.verdict.value}: {finding.detail}"


def test_what_lacks_nothing_is_named_and_nothing_warns() -> None:
    findings = list(outlook(VARIABLES, lambda service: ANSWERS[service], NOW))

    assert {finding.verdict for finding in findings} == {Verdict.OK}
    assert [finding.subject for finding in findings] == [
        "log role",
        "model access",
        "model's life",
        "knowledge base",
        "concurrency",
        "model quota",
        "alarms",
    ]


def test_an_account_without_the_log_role_is_told_before_a_stage_is_refused() -> None:
    said = found("log role", apigateway=FakeService(get_account={}))

    assert said == "missing: API Gateway may not write logs in this account; run make bootstrap ENV=dev"


def test_an_api_that_logs_nothing_needs_no_log_role() -> None:
    silent = VARIABLES | {"api_access_log_enabled": False, "api_execution_log_level": "OFF"}

    findings = outlook(silent, lambda service: ANSWERS[service], NOW)

    assert "log role" not in {finding.subject for finding in findings}


def test_a_configuration_from_before_the_access_logs_switch_always_logs() -> None:
    older = {name: value for name, value in VARIABLES.items() if name != "api_access_log_enabled"}

    findings = outlook(older | {"api_execution_log_level": "OFF"}, lambda service: ANSWERS[service], NOW)

    assert "log role" in {finding.subject for finding in findings}


def test_the_kind_of_the_knowledge_base_is_named() -> None:
    assert found("knowledge base") == "ok: KB12345678 (docs), kind VECTOR, is ACTIVE"


@pytest.mark.parametrize(
    ("lifecycle", "said"),
    [
        ({"status": "ACTIVE"}, "ok: amazon.nova-lite-v1:0 is ACTIVE, without an announced end"),
        (
            {"status": "ACTIVE", "legacyTime": NOW + timedelta(days=30), "endOfLifeTime": NOW + timedelta(days=400)},
            "warning: amazon.nova-lite-v1:0 is ACTIVE, then legacy, ends on 2026-12-26, in 30 days; ",
        ),
        (
            {"status": "LEGACY", "legacyTime": NOW - timedelta(days=9), "endOfLifeTime": NOW + timedelta(days=45)},
            "warning: amazon.nova-lite-v1:0 is LEGACY, ends on 2027-01-10, in 45 days; choose its successor",
        ),
        (
            {"status": "LEGACY", "endOfLifeTime": NOW + timedelta(days=90)},
            "ok: amazon.nova-lite-v1:0 is LEGACY, until 2027-02-24",
        ),
        (
            {"status": "LEGACY", "endOfLifeTime": NOW - timedelta(days=2)},
            "missing: amazon.nova-lite-v1:0 is LEGACY, ended on 2026-11-24; choose its successor",
        ),
    ],
    ids=["active", "legacy-soon", "ends-soon", "ends-in-90-days", "ended"],
)
def test_a_model_that_ends_within_90_days_is_a_warning(lifecycle: dict[str, Any], said: str) -> None:
    bedrock = FakeService(
        get_foundation_model_availability=AVAILABLE,
        get_foundation_model={"modelDetails": {**MODEL, "modelLifecycle": lifecycle}},
    )

    assert found("model's life", bedrock=bedrock).startswith(said)


def test_the_models_of_an_inference_profile_are_looked_at_too() -> None:
    profile = "arn:aws:bedrock:eu-central-1:111122223333:inference-profile/eu.amazon.nova-lite-v1:0"
    models = [
        {"modelArn": f"arn:aws:bedrock:{region}::foundation-model/amazon.nova-lite-v1:0"}
        for region in ("eu-central-1", "eu-west-1")
    ]
    bedrock = FakeService(
        get_foundation_model_availability=AVAILABLE,
        get_foundation_model={"modelDetails": MODEL},
        get_inference_profile={"status": "ACTIVE", "models": models},
    )

    assert found("profile", {"model_arn": profile}, bedrock=bedrock) == (
        f"ok: {profile} is ACTIVE, in eu-central-1, eu-west-1"
    )
    assert found("model's life", {"model_arn": profile}, bedrock=bedrock).startswith("ok: amazon.nova-lite-v1:0")
    assert found("model quota", {"model_arn": profile}, bedrock=bedrock).startswith("ok: ")


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        (
            {"Status": "ISSUED", "NotAfter": NOW + timedelta(days=89), "RenewalEligibility": "INELIGIBLE"},
            "warning: answers.example.com, which ACM does not renew, ends on 2027-02-23, in 89 days",
        ),
        (
            {"Status": "ISSUED", "NotAfter": NOW + timedelta(days=300), "RenewalEligibility": "ELIGIBLE"},
            "ok: answers.example.com, which ACM renews, until 2027-09-22",
        ),
        ({"Status": "PENDING_VALIDATION"}, "missing: arn:aws:acm:x is PENDING_VALIDATION"),
    ],
    ids=["imported", "renewed", "pending"],
)
def test_the_end_of_a_certificate_is_named(certificate: dict[str, Any], said: str) -> None:
    acm = FakeService(describe_certificate={"Certificate": {"DomainName": "answers.example.com", **certificate}})

    assert found("certificate", {"custom_domain": {"certificate_arn": "arn:aws:acm:x"}}, acm=acm).startswith(said)


def test_an_account_that_runs_fewer_functions_than_the_mapping_may_start_is_a_warning() -> None:
    limits = {"AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}}
    main_function = {"maximum_concurrency": 50, "reserved_concurrency": None}

    said = found(
        "concurrency", {"main_function": main_function}, **{"lambda": FakeService(get_account_settings=limits)}
    )

    assert said.startswith("warning: the account runs 10 functions at once, 10 of them unreserved; ")


def test_a_models_quota_below_the_workers_that_may_ask_at_once_is_a_warning_on_whatever_page_it_stands() -> None:
    pages = iter([{"Quotas": [], "NextToken": "more"}, {"Quotas": [QUOTA | {"Value": 4.0}]}])

    class Quotas:
        def list_service_quotas(self, **_: str) -> Any:
            return next(pages)

    clients = {**ANSWERS, "service-quotas": Quotas()}
    findings = {one.subject: one for one in outlook(VARIABLES, lambda service: clients[service], NOW)}

    assert findings["model quota"].verdict is Verdict.WARNING
    assert findings["model quota"].detail.endswith("per minute for Amazon Nova Lite: 4; maximum_concurrency is 10")


@pytest.mark.parametrize(
    ("subscription_arns", "wanted", "said"),
    [
        ([], None, "warning: no alarm reaches anybody: alarm_subscriptions is empty"),
        ([], {"email": ["a@example.com"]}, "ok: no subscription is confirmed yet"),
        (["PendingConfirmation"], None, "warning: no subscription is confirmed yet"),
        (["arn:1", "PendingConfirmation"], None, "ok: confirmed: 1 of 2 subscriptions"),
    ],
    ids=["none", "planned", "pending", "confirmed"],
)
def test_alarms_that_reach_nobody_are_a_warning(subscription_arns: list[str], wanted: Any, said: str) -> None:
    subscriptions = [{"TopicArn": TOPIC, "SubscriptionArn": arn} for arn in subscription_arns]
    others = [{"TopicArn": "arn:aws:sns:eu-central-1:1:another", "SubscriptionArn": "arn:2"}]

    sns = FakeService(list_subscriptions={"Subscriptions": subscriptions + others})

    assert found("alarms", {"alarm_subscriptions": wanted}, sns=sns).startswith(said)


def test_pages_to_a_topic_of_the_organization_are_its_owners_affair() -> None:
    arn = "arn:aws:sns:eu-central-1:444455556666:pager"

    said = found("alarms", {"alarm_topic_arns": {"page": arn, "ticket": None}})

    assert said == f"ok: pages go to {arn}; its owner says who hears them"


def test_what_may_not_be_asked_names_the_permission() -> None:
    refused = FakeService(get_account_settings=client_error("AccessDeniedException"))

    assert found("concurrency", None, **{"lambda": refused}) == (
        "unknown: can't be asked (AccessDeniedException): it takes the permission lambda:GetAccountSettings"
    )


def test_what_is_not_refused_lacks_no_permission() -> None:
    """The laptop stack answers so to services that it doesn't have."""
    unsupported = FakeService(get_account_settings=client_error("UnsupportedOperation"))

    assert found("concurrency", None, **{"lambda": unsupported}) == "unknown: can't be asked (UnsupportedOperation)"
