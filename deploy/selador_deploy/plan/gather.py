"""Gather the facts that a plan rests on: once when it is made, once more before it is applied."""

import hashlib
import json
from pathlib import Path

from selador_deploy.artifacts import read_artifacts
from selador_deploy.backend import initialized_backend, selected_workspace
from selador_deploy.deployment import Deployment
from selador_deploy.environment import LAPTOP
from selador_deploy.plan import git
from selador_deploy.plan.facts import Facts
from selador_deploy.releases import check_deployable
from selador_deploy.state import State


def gather_facts(deployment: Deployment, dist: Path, state: State) -> Facts:
    """Return the facts as they are now, with the artifacts of `dist`. Raises DeployError if one can't be had."""
    environment = deployment.environment
    hashes = check_deployable(read_artifacts(dist), environment, deployment.make_client)
    versions = json.loads(deployment.capture("version", "-json"))
    # What lies beside the commit is no part of the laptop's environment: one edits while it comes up.
    root = None if environment.name == LAPTOP else environment.root
    return Facts(
        environment=environment.name,
        workspace=selected_workspace(environment),
        account_id=state.account_id,
        backend=str(initialized_backend(environment)),
        state_lineage=state.content.get("lineage", ""),
        state_serial=state.content.get("serial", 0),
        commit=git.commit(root) if root else "",
        uncommitted=git.uncommitted(root) if root else "",
        variables_sha256=hashlib.sha256(environment.variables_file.read_bytes()).hexdigest(),
        artifacts=hashes,
        terraform_version=versions["terraform_version"],
        provider_version=next(iter(versions["provider_selections"].values()), ""),
    )
