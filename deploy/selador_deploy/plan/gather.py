"""Gather the facts that a plan rests on: once when it is made, once more before it is applied."""

import hashlib
import json
from pathlib import Path

from selador_deploy.artifacts import read_artifacts
from selador_deploy.backend import initialized_backend, selected_workspace
from selador_deploy.deployment import Deployment
from selador_deploy.plan import git
from selador_deploy.plan.facts import Facts
from selador_deploy.releases import check_deployable
from selador_deploy.state import check_usable


def gather_facts(deployment: Deployment, dist: Path) -> Facts:
    """Return the facts as they are now, with the artifacts of `dist`. Raises DeployError if one can't be had."""
    environment = deployment.environment
    account = check_usable(deployment)
    hashes = check_deployable(read_artifacts(dist), environment, deployment.make_client)
    versions = json.loads(deployment.capture("version", "-json"))
    state = json.loads(deployment.capture("state", "pull") or "{}")  # nothing before the first apply
    return Facts(
        environment=environment.name,
        workspace=selected_workspace(environment),
        account_id=account,
        backend=str(initialized_backend(environment)),
        state_lineage=state.get("lineage", ""),
        state_serial=state.get("serial", 0),
        commit=git.commit(environment.root),
        uncommitted=git.uncommitted(environment.root),
        variables_sha256=hashlib.sha256(environment.variables_file.read_bytes()).hexdigest(),
        artifacts=hashes,
        terraform_version=versions["terraform_version"],
        provider_version=next(iter(versions["provider_selections"].values()), ""),
    )
