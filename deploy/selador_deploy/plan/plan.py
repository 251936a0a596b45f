"""`make plan`: plan, judge, save.

The stages:
1. gather the facts that the plan rests on (gather.py);
2. let Terraform plan;
3. sum up what the plan would do (summary.py);
4. refuse losses that nobody named, what exists already, and a second reader of the queue (guards.py);
5. save plan and facts as one bundle (bundle.py), which `make apply` carries out (apply.py).
"""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from selador_deploy.deployment import Deployment
from selador_deploy.diagnostics import FAILED_CHECK
from selador_deploy.environment import check_filled_in
from selador_deploy.findings import Finding
from selador_deploy.orphans import LOOK_UPS, LookUps, Orphan, find_orphans
from selador_deploy.outlook import outlook
from selador_deploy.plan.adopt import import_blocks
from selador_deploy.plan.bundle import Bundle, write_bundle
from selador_deploy.plan.comment import commented
from selador_deploy.plan.gather import gather_facts
from selador_deploy.plan.guards import (
    check_adopted,
    check_losses,
    check_no_orphans,
    check_region,
    check_replaceable,
    check_sole_reader,
)
from selador_deploy.plan.readers import find_readers
from selador_deploy.plan.summary import Summary, render, summarize
from selador_deploy.progress import hand_on, say
from selador_deploy.releases import manifest_folder
from selador_deploy.state import open_state
from selador_deploy.turns import alone


def plan(
    deployment: Deployment,
    *,
    release: str | None,
    dist: str | None,
    allow_destroy: str | None,
    adopt: bool,
    as_json: bool,
    results: str | None,
) -> None:
    """Save a plan with what it was made of, and say what it does."""
    environment, name = deployment.environment, deployment.environment.name
    allowed = (allow_destroy or "").replace(",", " ").split()
    check_filled_in(environment)
    with alone(environment, "plan"), deployment.private_folder() as private:
        for older in (environment.bundle_file, environment.comment_file):  # must not outlive this one's failure
            older.unlink(missing_ok=True)
        state = open_state(deployment)
        check_region(environment, state.content)
        folder = manifest_folder(deployment, release, dist, state.content)
        facts = gather_facts(deployment, folder, state)
        say(f"planning {name}")
        saved, summary, orphans, unknown = plan_adopting(deployment, folder, private, LOOK_UPS, adopt=adopt)
        rests_on = (*outlook(environment.variables, deployment.make_client, deployment.now()), *unknown)
        summary = replace(summary, rests_on=rests_on, orphans=tuple(orphans))
        report(summary, name, as_json=as_json)
        with commented(environment, render(summary, name)):
            check_adopted(summary)
            check_losses(summary, environment, allowed)
            check_replaceable(summary, environment)
            check_sole_reader(summary.readers, environment)
            check_no_orphans(orphans, environment)
        bundle = Bundle(
            facts=facts,
            dist=os.path.relpath(folder, environment.root),
            release=folder.name if release else "",
            allowed=tuple(allowed),
            warnings=summary.warnings,
            made_at=deployment.now(),
            plan=saved.read_bytes(),
        )
        sha256 = write_bundle(environment.bundle_file, bundle)
    hand_on(results, plan=sha256)
    say(f"the plan is saved; make show ENV={name} prints all of it, make apply ENV={name} carries it out")
    say(f"in another job, where the file's mode may be lost: make apply ENV={name} PLAN={sha256}")


def plan_adopting(
    deployment: Deployment, dist: Path, folder: Path, look_ups: LookUps, *, adopt: bool
) -> tuple[Path, Summary, list[Orphan], list[Finding]]:
    """Plan, and with `adopt` again, until the plan imports all that exists.

    Return its file and its summary, what exists and isn't adopted, and what can't be looked for.
    """
    adopted: list[Orphan] = []
    while True:
        with import_blocks(deployment.environment, adopted):
            saved, read, summary = make_plan(deployment, dist, folder)
        orphans, unknown = find_orphans(read, deployment.make_client, look_ups)
        found = [orphan for orphan in orphans if orphan not in adopted]
        if not (adopt and found):
            readers, unread = find_readers(read, deployment.make_client)
            return saved, replace(summary, readers=tuple(readers)), orphans, [*unknown, *unread]
        adopted += found  # and again: a route can be looked for once the plan knows its API


def make_plan(
    deployment: Deployment, dist: Path, folder: Path, *options: str
) -> tuple[Path, Mapping[str, Any], Summary]:
    """Let Terraform plan into `folder`; return the plan's file, its JSON form and its summary. Raises DeployError."""
    saved = folder / "tfplan"
    variables = deployment.environment.variable_arguments(dist)
    warnings = deployment.report("plan", *options, "-input=false", f"-out={saved}", *variables)
    read = read_plan(deployment, saved)
    told = [str(warning) for warning in warnings if warning.summary != FAILED_CHECK]
    return saved, read, summarize(read, told)


def read_plan(deployment: Deployment, saved: Path) -> Mapping[str, Any]:
    """Return a saved plan's JSON form."""
    form: Mapping[str, Any] = json.loads(deployment.capture("show", "-json", str(saved)))
    return form


def report(summary: Summary, name: str, *, as_json: bool) -> None:
    """Print what a plan does."""
    if as_json:
        print(json.dumps({"environment": name, **summary.to_json()}, indent=2))
    else:
        print(f"{name}: {'\n'.join(render(summary, name))}", flush=True)
