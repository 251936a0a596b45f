"""`make doctor`: look for each thing that a first apply needs, and say what to do if it is missing."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta

from selador_deploy.account import ClientMaker, check_caller, translated
from selador_deploy.artifacts import read_artifacts
from selador_deploy.backend import named_backend
from selador_deploy.deployment import Deployment
from selador_deploy.environment import Environment, check_filled_in
from selador_deploy.errors import DeployError
from selador_deploy.findings import Finding, Verdict, report
from selador_deploy.outlook import MODEL_LIFE, ask, outlook
from selador_deploy.releases import check_deployable

OLDEST_TERRAFORM = (1, 11)


_NO_END_DAYS = 3650  # what is reported of a model whose end nobody has announced: longer than any notice


def doctor(deployment: Deployment, *, days_left: bool) -> int:
    """Print what a first apply lacks, and the remedy; return the exit status.

    With `days_left`, the metric of the environment's alarm model-retires gets the days that the model has left.
    """
    found = []

    def noted() -> Iterator[Finding]:
        for finding in examine(deployment):
            found.append(finding)
            yield finding

    status = report(noted())
    lives = [one for one in found if one.subject == MODEL_LIFE and one.verdict is not Verdict.UNKNOWN]
    if days_left and lives:
        now = deployment.now()
        days = [(one.end - now) // timedelta(days=1) for one in lives if one.end is not None]
        _put_days_left(deployment, min([*days, _NO_END_DAYS]))
    return status


def _put_days_left(deployment: Deployment, days: int) -> None:
    environment = deployment.environment
    dimensions = [{"Name": "Environment", "Value": f"{environment.variables['project']}-{environment.name}"}]
    with translated("the days that the model has left could not be put", "allow this caller cloudwatch:PutMetricData"):
        deployment.make_client("cloudwatch").put_metric_data(
            Namespace="Selador",
            MetricData=[{"MetricName": "ModelDaysLeft", "Dimensions": dimensions, "Value": days, "Unit": "Count"}],
        )


def examine(deployment: Deployment) -> Iterator[Finding]:
    """Yield a finding for each need.

    Without Terraform nobody can read the environment's values, and what depends on the account is not asked of a wrong
    one.
    """
    environment, make_client = deployment.environment, deployment.make_client
    terraform = _found("Terraform", lambda: _version(deployment.terraform.executable))
    yield terraform
    if terraform.verdict is not Verdict.OK:
        return
    values = _found("environment", lambda: f"{environment.name} in {environment.region}")
    yield values
    if values.verdict is not Verdict.OK:
        return
    yield _found("ids", lambda: _filled_in(environment))
    caller = _found("credentials", lambda: f"account {check_caller(make_client('sts'), environment)}")
    yield caller
    yield _found("artifacts", lambda: _artifacts(environment, make_client))
    if caller.verdict is not Verdict.OK:
        return
    bootstrap = f"run make bootstrap ENV={environment.name}"
    yield _bucket("state bucket", make_client, named_backend(environment).bucket, bootstrap)
    if environment.artifact_bucket is not None:
        yield _bucket("artifact bucket", make_client, environment.artifact_bucket, bootstrap)
    yield from outlook(environment.variables, make_client, deployment.now())


def _found(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, Verdict.OK, look())
    except DeployError as error:
        return Finding(subject, Verdict.MISSING, str(error))


def _version(executable: str) -> str:
    remedy = "install Terraform 1.11 or newer"
    try:
        said = subprocess.run([executable, "version"], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        raise DeployError(f"{executable} is not on PATH", remedy) from None
    found = re.match(r"Terraform v(\d+)\.(\d+)\S*", said)
    if found is None:
        raise DeployError(f"{executable} is not Terraform", remedy)
    if (int(found[1]), int(found[2])) < OLDEST_TERRAFORM:
        raise DeployError(f"{found[0]} is too old", remedy)
    return found[0]


def _filled_in(environment: Environment) -> str:
    check_filled_in(environment)
    return "your own in the environment's files"


def _artifacts(environment: Environment, make_client: ClientMaker) -> str:
    check_deployable(read_artifacts(environment.dist), environment, make_client)
    if environment.artifact_bucket is None:
        return f"{os.path.relpath(environment.dist, environment.root)}/, uploaded by Terraform"
    return f"published in {environment.artifact_bucket}"


def _bucket(subject: str, make_client: ClientMaker, name: str, remedy: str) -> Finding:
    def question() -> Finding:
        versioning = make_client("s3").get_bucket_versioning(Bucket=name).get("Status")
        if versioning != "Enabled":
            return Finding(subject, Verdict.MISSING, f"{name} keeps no old versions; {remedy}")
        return Finding(subject, Verdict.OK, name)

    missing = dict.fromkeys(("404", "NoSuchBucket"), f"{name} does not exist; {remedy}")
    return ask(subject, "s3:GetBucketVersioning", question, missing)
