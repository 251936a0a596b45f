"""`make smoke`: ask a deployment a question as a client does, and say what fails and why.

It is what a pipeline runs after `apply`, and what whoever is on call runs first. It costs one short answer.
"""

import json
import time
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.session import Session

from selador_deploy.account import translated
from selador_deploy.deployment import Deployment
from selador_deploy.errors import DeployError
from selador_deploy.operations.spans import moment
from selador_deploy.progress import hand_on
from selador_deploy.smoke.exchange import Patience
from selador_deploy.smoke.steps import Target, steps
from selador_deploy.state import read_outputs

NAMESPACE, METRIC, DIMENSION = "Selador", "Heartbeat", "Environment"


def smoke(deployment: Deployment, *, url: str | None, token: str | None, heartbeat: bool, results: str | None) -> int:
    """Print what was tried and how it went; return the exit status, 1 if anything failed.

    `url` names a deployment that isn't the environment's. With `heartbeat`, the metric of the environment's alarm
    heartbeat-fails gets a 1 or a 0. Only a step that failed is handed on: a token that is missing or over says nothing
    of the deployment.
    """
    _check_life(token, deployment.now())
    target = _target(deployment, token) if url is None else _foreign(url, token)
    failed = 0
    for step in steps(target, Patience(), time.monotonic):
        print(step, flush=True)
        failed += step.passed is False
    if heartbeat:
        _beat(deployment, good=not failed)
    if failed:
        hand_on(results, failed=str(failed))
    return 1 if failed else 0


def _check_life(token: str | None, now: datetime) -> None:
    """Raise DeployError, exit status 2, if the token says of itself that it is over. Others are the API's to judge."""
    try:
        payload = (token or "").split(".")[1]
        expiry = datetime.fromtimestamp(json.loads(urlsafe_b64decode(payload + "==="))["exp"], UTC)
    except (IndexError, KeyError, OverflowError, OSError, TypeError, ValueError):
        return
    if expiry <= now:
        raise DeployError(f"TOKEN expired at {moment(expiry)}", "give a new one; nothing was asked", status=2)


def _foreign(url: str, token: str | None) -> Target:
    if urlsplit(url).scheme not in {"ws", "wss"} or not urlsplit(url).hostname:
        raise DeployError(
            f"URL is {url!r}", "give one such as wss://abc123.execute-api.eu-central-1.amazonaws.com/dev", status=2
        )
    return Target(lambda: url, "unknown" if token is None else "jwt", token)


def _target(deployment: Deployment, token: str | None) -> Target:
    outputs = read_outputs(deployment)
    url, authorization = str(outputs["websocket_url"]), str(outputs["authorization"])
    name = deployment.environment.name
    if authorization == "jwt" and token is None:
        local = " (make token prints one)" if name == "local" else ""
        raise DeployError(f"{name} asks for a token, and TOKEN is missing", f"give TOKEN=…{local}", status=2)
    if authorization == "iam":
        credentials, region = _credentials(deployment), deployment.environment.region
        return Target(lambda: _signed(url, credentials, region), authorization)
    return Target(lambda: url, authorization, token)


def _credentials(deployment: Deployment) -> Credentials:
    variables = deployment.terraform.environ
    if "AWS_ACCESS_KEY_ID" in variables:  # the laptop stack's key stands in no other place
        return Credentials(
            variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], variables.get("AWS_SESSION_TOKEN")
        )
    found: Credentials | None = Session().get_credentials()
    if found is None:
        raise DeployError("there are no AWS credentials", "run aws sso login, or set AWS_PROFILE")
    return found


def _signed(url: str, credentials: Credentials, region: str) -> str:
    """Return the URL with a signature in its query, which is how a browser signs."""
    request: Any = AWSRequest("GET", "http" + url.removeprefix("ws"))
    SigV4QueryAuth(credentials, "execute-api", region).add_auth(request)
    return "ws" + str(request.url).removeprefix("http")


def _beat(deployment: Deployment, *, good: bool) -> None:
    environment = deployment.environment
    with translated("the heartbeat could not be put", "allow this caller cloudwatch:PutMetricData"):
        deployment.make_client("cloudwatch").put_metric_data(
            Namespace=NAMESPACE,
            MetricData=[
                {
                    "MetricName": METRIC,
                    "Dimensions": [
                        {"Name": DIMENSION, "Value": f"{environment.variables['project']}-{environment.name}"}
                    ],
                    "Value": 1 if good else 0,
                    "Unit": "Count",
                }
            ],
        )
