"""What an environment rests on and doesn't own: log role, model, knowledge base, certificate, quotas, who hears alarms.

Each is asked of AWS. What ends within 90 days is a warning; so is a quota below what the environment may use.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from selador_deploy.account import ClientMaker, error_code
from selador_deploy.findings import Finding, Verdict
from selador_deploy.wording import counted

NOTICE = timedelta(days=90)
_REFUSALS = ("403", "AccessDenied", "Forbidden", "NotAuthorized", "Unauthorized")
"""Parts of the codes that say that the caller may not ask."""
_MODEL = re.compile(r":foundation-model/(\S+)$")


def outlook(variables: Mapping[str, Any], make_client: ClientMaker, now: datetime) -> Iterator[Finding]:
    """Yield a finding about each thing. `variables` are the root module's."""
    # A configuration from before this switch always logs.
    if variables.get("api_access_log_enabled", True) or variables["api_execution_log_level"] != "OFF":
        yield _log_role(make_client, f"run make bootstrap ENV={variables['environment']}")
    model_arns = dict.fromkeys([variables["model_arn"], *variables["generation"]["models"].values()])
    for arn in model_arns:
        yield from _models(make_client, arn, now)
    yield _knowledge_base(make_client, variables["knowledge_base_id"])
    if variables["custom_domain"] is not None:
        yield _certificate(make_client, variables["custom_domain"]["certificate_arn"], now)
    yield _concurrency(make_client, variables["main_function"])
    yield _model_quota(make_client, variables["model_arn"], variables["main_function"]["maximum_concurrency"])
    yield _alarms(make_client, variables)


def ask(
    subject: str, permission: str, question: Callable[[], Finding], missing: Mapping[str, str] = MappingProxyType({})
) -> Finding:
    """Return what `question` finds. `missing` has, by the code of an error, what it says is missing.

    Any other error makes it unknown. A refusal names the permission that it takes to ask.
    """
    try:
        return question()
    except ClientError as error:
        code = error_code(error)
        if code in missing:
            return Finding(subject, Verdict.MISSING, missing[code])
        refused = any(word in code for word in _REFUSALS)
        remedy = f": it takes the permission {permission}" if refused else ""
        return Finding(subject, Verdict.UNKNOWN, f"can't be asked ({code}){remedy}")
    except BotoCoreError as error:
        return Finding(subject, Verdict.UNKNOWN, f"can't be asked: {error}")


MODEL_LIFE = "model's life"
"""The subject of a finding about how long a model will be there."""


def ending(subject: str, what: str, end: datetime | None, now: datetime, remedy: str) -> Finding:
    """Return a finding about something that ends: a warning within the notice, missing afterwards."""
    if end is None:
        return Finding(subject, Verdict.OK, f"{what}, without an announced end")
    days = (end - now) // timedelta(days=1)
    if days < 0:
        return Finding(subject, Verdict.MISSING, f"{what}, ended on {end:%Y-%m-%d}; {remedy}", end)
    if end - now < NOTICE:
        left = counted(days, "day")
        return Finding(subject, Verdict.WARNING, f"{what}, ends on {end:%Y-%m-%d}, in {left}; {remedy}", end)
    return Finding(subject, Verdict.OK, f"{what}, until {end:%Y-%m-%d}", end)


def _log_role(make_client: ClientMaker, remedy: str) -> Finding:
    def question() -> Finding:
        role = make_client("apigateway").get_account().get("cloudwatchRoleArn")
        if not role:
            return Finding("log role", Verdict.MISSING, f"API Gateway may not write logs in this account; {remedy}")
        return Finding("log role", Verdict.OK, role)

    return ask("log role", "apigateway:GET on /account", question)


def _models(make_client: ClientMaker, arn: str, now: datetime) -> Iterator[Finding]:
    found = _MODEL.search(arn)
    if found is not None:
        yield _access(make_client, found[1])
        yield _lifecycle(make_client, found[1], now)
        return
    models: list[str] = []

    def question() -> Finding:
        answer = make_client("bedrock").get_inference_profile(inferenceProfileIdentifier=arn)
        models.extend(model["modelArn"] for model in answer["models"])
        regions = sorted({model.split(":")[3] or "any Region" for model in models})
        verdict = Verdict.OK if answer["status"] == "ACTIVE" else Verdict.MISSING
        return Finding("profile", verdict, f"{arn} is {answer['status']}, in {', '.join(regions)}")

    gone = f"there is no inference profile {arn} in this account and Region; correct model_arn"
    yield ask("profile", "bedrock:GetInferenceProfile", question, {"ResourceNotFoundException": gone})
    for model in dict.fromkeys(found[1] for one in models if (found := _MODEL.search(one))):
        yield _access(make_client, model)
        yield _lifecycle(make_client, model, now)


def _access(make_client: ClientMaker, model: str) -> Finding:
    def question() -> Finding:
        answer = make_client("bedrock").get_foundation_model_availability(modelId=model)
        wanted = {
            "authorizationStatus": "AUTHORIZED",
            "entitlementAvailability": "AVAILABLE",
            "regionAvailability": "AVAILABLE",
        }
        lacking = [f"{name} is {answer.get(name)}" for name, granted in wanted.items() if answer.get(name) != granted]
        if lacking:
            remedy = "ask for access on Bedrock's page Model access"
            return Finding("model access", Verdict.MISSING, f"{model}: {', '.join(lacking)}; {remedy}")
        return Finding("model access", Verdict.OK, model)

    unknown = {"ResourceNotFoundException": f"Bedrock knows no model {model} in this Region; correct model_arn"}
    return ask("model access", "bedrock:GetFoundationModelAvailability", question, unknown)


def _lifecycle(make_client: ClientMaker, model: str, now: datetime) -> Finding:
    def question() -> Finding:
        details = make_client("bedrock").get_foundation_model(modelIdentifier=model)["modelDetails"]
        life = details.get("modelLifecycle", {})
        what = f"{model} is {life.get('status', 'of unknown status')}"
        remedy = "choose its successor and try it as a canary"
        legacy, end = life.get("legacyTime"), life.get("endOfLifeTime")
        if legacy is not None and legacy > now and (end is None or end - now >= NOTICE):
            return ending(MODEL_LIFE, f"{what}, then legacy", legacy, now, remedy)
        return ending(MODEL_LIFE, what, end, now, remedy)

    unknown = {"ResourceNotFoundException": f"Bedrock knows no model {model} in this Region; correct model_arn"}
    return ask(MODEL_LIFE, "bedrock:GetFoundationModel", question, unknown)


def _knowledge_base(make_client: ClientMaker, knowledge_base_id: str) -> Finding:
    def question() -> Finding:
        answer = make_client("bedrock-agent").get_knowledge_base(knowledgeBaseId=knowledge_base_id)["knowledgeBase"]
        kind = answer.get("knowledgeBaseConfiguration", {}).get("type", "of unknown kind")
        verdict = Verdict.OK if answer["status"] == "ACTIVE" else Verdict.MISSING
        said = f"{knowledge_base_id} ({answer['name']}), kind {kind}, is {answer['status']}"
        return Finding("knowledge base", verdict, said)

    missing = f"there is no knowledge base {knowledge_base_id} in this account and Region; correct knowledge_base_id"
    codes = dict.fromkeys(("ResourceNotFoundException", "ValidationException"), missing)
    return ask("knowledge base", "bedrock:GetKnowledgeBase", question, codes)


def _certificate(make_client: ClientMaker, arn: str, now: datetime) -> Finding:
    def question() -> Finding:
        found = make_client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
        if found["Status"] != "ISSUED":
            return Finding("certificate", Verdict.MISSING, f"{arn} is {found['Status']}; issue it, or name another")
        renewed = found.get("RenewalEligibility") == "ELIGIBLE"
        what = f"{found['DomainName']}, which ACM {'renews' if renewed else 'does not renew'}"
        return ending("certificate", what, found.get("NotAfter"), now, "import or issue its successor")

    missing = {"ResourceNotFoundException": f"there is no certificate {arn} in this Region; correct custom_domain"}
    return ask("certificate", "acm:DescribeCertificate", question, missing)


def _concurrency(make_client: ClientMaker, main_function: Mapping[str, Any]) -> Finding:
    needed, reserved = main_function["maximum_concurrency"], main_function["reserved_concurrency"]

    def question() -> Finding:
        limit = make_client("lambda").get_account_settings()["AccountLimit"]
        free, whole = limit["UnreservedConcurrentExecutions"], limit["ConcurrentExecutions"]
        said = f"the account runs {counted(whole, 'function')} at once, {free} of them unreserved"
        if reserved is None and needed > free:
            remedy = "ask for a higher quota, or lower it"
            return Finding("concurrency", Verdict.WARNING, f"{said}; maximum_concurrency is {needed}: {remedy}")
        return Finding("concurrency", Verdict.OK, f"{said}; maximum_concurrency is {needed}")

    return ask("concurrency", "lambda:GetAccountSettings", question)


def _model_quota(make_client: ClientMaker, model_arn: str, needed: int) -> Finding:
    """Compare the model's requests a minute with the workers that may ask at the same moment."""

    def question() -> Finding:
        bedrock = make_client("bedrock")
        arn = model_arn
        if _MODEL.search(arn) is None:
            arn = bedrock.get_inference_profile(inferenceProfileIdentifier=arn)["models"][0]["modelArn"]
        details = bedrock.get_foundation_model(modelIdentifier=arn.rsplit("/", 1)[1])["modelDetails"]
        name = details["modelName"].lower()
        quotas = [
            quota
            for quota in _pages(make_client("service-quotas").list_service_quotas, "Quotas", ServiceCode="bedrock")
            if "requests per minute" in quota["QuotaName"].lower() and quota["QuotaName"].lower().endswith(f" {name}")
        ]
        if not quotas:
            return Finding("model quota", Verdict.UNKNOWN, f"Bedrock names no quota of requests a minute for {name}")
        lowest = min(quotas, key=lambda quota: float(quota["Value"]))
        said = f"{lowest['QuotaName']}: {lowest['Value']:.0f}; maximum_concurrency is {needed}"
        verdict = Verdict.WARNING if lowest["Value"] < needed else Verdict.OK
        return Finding("model quota", verdict, said)

    return ask("model quota", "servicequotas:ListServiceQuotas", question)


def _alarms(make_client: ClientMaker, variables: Mapping[str, Any]) -> Finding:
    topic = f":{variables['project']}-{variables['environment']}-alarms"
    wanted = variables.get("alarm_subscriptions")
    organizations = (variables.get("alarm_topic_arns") or {}).get("page")
    if organizations:
        return Finding("alarms", Verdict.OK, f"pages go to {organizations}; its owner says who hears them")

    def question() -> Finding:
        everything = _pages(make_client("sns").list_subscriptions, "Subscriptions")
        found = [one for one in everything if one["TopicArn"].endswith(topic)]
        confirmed = [one for one in found if one["SubscriptionArn"] != "PendingConfirmation"]
        if confirmed:
            said = f"confirmed: {len(confirmed)} of {counted(len(found), 'subscription')}"
            return Finding("alarms", Verdict.OK, said)
        if found or wanted:
            return Finding("alarms", Verdict.OK if not found else Verdict.WARNING, "no subscription is confirmed yet")
        return Finding(
            "alarms", Verdict.WARNING, "no alarm reaches anybody: alarm_subscriptions is empty; name whoever is on call"
        )

    return ask("alarms", "sns:ListSubscriptions", question)


def _pages(operation: Callable[..., Mapping[str, Any]], member: str, **arguments: str) -> Iterator[Mapping[str, Any]]:
    """Yield what all pages of an answer hold."""
    while True:
        answer = operation(**arguments)
        yield from answer[member]
        if not answer.get("NextToken"):
            return
        arguments["NextToken"] = answer["NextToken"]
