"""`make doctor`: look for each thing that a first apply needs, and say what to do if it is missing."""

import re
import subprocess
from collections.abc import Callable, Iterator

from botocore.exceptions import BotoCoreError, ClientError

from selador_deploy.account import ClientMaker, check_caller, error_code
from selador_deploy.artifacts import read_artifacts
from selador_deploy.backend import named_backend
from selador_deploy.deployment import Deployment
from selador_deploy.environment import Environment, check_filled_in
from selador_deploy.errors import DeployError
from selador_deploy.findings import Finding, Verdict, report
from selador_deploy.releases import check_deployable

OLDEST_TERRAFORM = (1, 11)


def doctor(deployment: Deployment) -> int:
    """Print what a first apply lacks, and the remedy; return the exit status."""
    return report(examine(deployment.environment, deployment.make_client, deployment.terraform.executable))


def examine(environment: Environment, make_client: ClientMaker, executable: str) -> Iterator[Finding]:
    """Yield a finding for each need. What depends on the account is not asked of a wrong one."""
    yield _found("Terraform", lambda: _version(executable))
    yield _found("environment", lambda: _filled_in(environment))
    caller = _found("credentials", lambda: f"account {check_caller(make_client('sts'), environment)}")
    yield caller
    yield _found("artifacts", lambda: _artifacts(environment, make_client))
    if caller.verdict is not Verdict.OK:
        return
    bootstrap = f"run make bootstrap ENV={environment.name}"
    yield _bucket("state bucket", make_client, named_backend(environment).bucket, bootstrap)
    if environment.artifact_bucket is not None:
        yield _bucket("artifact bucket", make_client, environment.artifact_bucket, bootstrap)
    yield _log_role(make_client, bootstrap)
    yield _model(make_client, str(environment.variables.get("model_arn", "")))
    yield _knowledge_base(make_client, str(environment.variables.get("knowledge_base_id", "")))


def _found(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, Verdict.OK, look())
    except DeployError as error:
        return Finding(subject, Verdict.MISSING, str(error))


def _version(executable: str) -> str:
    try:
        said = subprocess.run([executable, "version"], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        said = ""
    found = re.match(r"(Terraform|OpenTofu) v(\d+)\.(\d+)\S*", said)
    if found is None:
        raise DeployError(f"{executable} is not on PATH", "install Terraform 1.11 or newer")
    if (int(found[2]), int(found[3])) < OLDEST_TERRAFORM:
        raise DeployError(f"{found[0]} is too old", "install Terraform 1.11 or newer")
    return found[0]


def _filled_in(environment: Environment) -> str:
    check_filled_in(environment)
    return f"{environment.name} in {environment.region}"


def _artifacts(environment: Environment, make_client: ClientMaker) -> str:
    check_deployable(read_artifacts(environment.root / "dist"), environment, make_client)
    if environment.artifact_bucket is None:
        return "dist/, uploaded by Terraform"
    return f"published in {environment.artifact_bucket}"


def _asked(subject: str, ask: Callable[[], Finding], missing: str, missing_codes: set[str]) -> Finding:
    try:
        return ask()
    except ClientError as error:
        code = error_code(error)
        if code in missing_codes:
            return Finding(subject, Verdict.MISSING, missing)
        return Finding(subject, Verdict.UNKNOWN, f"these credentials can't ask: {code}")
    except BotoCoreError as error:
        return Finding(subject, Verdict.UNKNOWN, f"can't be asked: {error}")


def _bucket(subject: str, make_client: ClientMaker, name: str, remedy: str) -> Finding:
    def ask() -> Finding:
        versioning = make_client("s3").get_bucket_versioning(Bucket=name).get("Status")
        if versioning != "Enabled":
            return Finding(subject, Verdict.MISSING, f"{name} keeps no old versions; {remedy}")
        return Finding(subject, Verdict.OK, name)

    return _asked(subject, ask, f"{name} does not exist; {remedy}", {"404", "NoSuchBucket"})


def _log_role(make_client: ClientMaker, remedy: str) -> Finding:
    def ask() -> Finding:
        role = make_client("apigateway").get_account().get("cloudwatchRoleArn")
        if not role:
            return Finding("log role", Verdict.MISSING, f"API Gateway may not write logs in this account; {remedy}")
        return Finding("log role", Verdict.OK, role)

    return _asked("log role", ask, "", set())


def _model(make_client: ClientMaker, model_arn: str) -> Finding:
    found = re.search(r"foundation-model/(\S+)", model_arn)
    if found is None:
        return Finding(
            "model access", Verdict.UNKNOWN, "an inference profile's models have to be looked at in each Region"
        )
    model = found[1]

    def ask() -> Finding:
        answer = make_client("bedrock").get_foundation_model_availability(modelId=model)
        lacking = [
            name
            for name, granted in {
                "authorizationStatus": "AUTHORIZED",
                "entitlementAvailability": "AVAILABLE",
                "regionAvailability": "AVAILABLE",
            }.items()
            if answer.get(name) != granted
        ]
        if lacking:
            return Finding(
                "model access",
                Verdict.MISSING,
                f"{model}: {', '.join(f'{name} is {answer.get(name)}' for name in lacking)}; "
                "ask for access on Bedrock's page Model access",
            )
        return Finding("model access", Verdict.OK, model)

    return _asked("model access", ask, f"Bedrock knows no model {model} in this Region", {"ResourceNotFoundException"})


def _knowledge_base(make_client: ClientMaker, knowledge_base_id: str) -> Finding:
    def ask() -> Finding:
        answer = make_client("bedrock-agent").get_knowledge_base(knowledgeBaseId=knowledge_base_id)["knowledgeBase"]
        verdict = Verdict.OK if answer["status"] == "ACTIVE" else Verdict.MISSING
        return Finding("knowledge base", verdict, f"{knowledge_base_id} ({answer['name']}) is {answer['status']}")

    missing = f"there is no knowledge base {knowledge_base_id} in this account and Region; correct knowledge_base_id"
    return _asked("knowledge base", ask, missing, {"ResourceNotFoundException", "ValidationException"})
