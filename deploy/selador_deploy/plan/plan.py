"""`make plan`: plan, judge, save.

The stages:
1. gather the facts that the plan rests on (gather.py);
2. let Terraform plan;
3. sum up what the plan would do (summary.py);
4. refuse losses that nobody named;
5. save plan and facts as one bundle (bundle.py), which `make apply` carries out (apply.py).
"""

import json
from pathlib import Path

from selador_deploy.deployment import Deployment
from selador_deploy.environment import Environment, check_filled_in
from selador_deploy.errors import DeployError
from selador_deploy.plan.bundle import write_bundle
from selador_deploy.plan.gather import gather_facts
from selador_deploy.plan.summary import Summary, render, summarize
from selador_deploy.progress import say
from selador_deploy.releases import manifest_folder

STATUS_STATEFUL_LOSS = 3


def plan(
    deployment: Deployment, *, release: str | None, dist: str | None, allow_destroy: str | None, as_json: bool
) -> None:
    """Save a plan with what it was made of, and say what it does."""
    environment = deployment.environment
    environment.bundle_file.unlink(missing_ok=True)  # an older plan must not outlive this one's failure
    check_filled_in(environment)
    folder = manifest_folder(deployment, release, dist)
    facts = gather_facts(deployment, folder)
    say(f"planning {environment.name}")
    with deployment.private_folder() as private:
        saved, summary = _planned(deployment, folder, private)
        _report(summary, environment.name, as_json=as_json)
        _refuse_losses(summary, environment, (allow_destroy or "").replace(",", " ").split())
        write_bundle(environment.bundle_file, facts, str(folder), saved.read_bytes(), deployment.now())
    name = environment.name
    say(f"the plan is saved; make show ENV={name} prints all of it, make apply ENV={name} carries it out")


def _planned(deployment: Deployment, dist: Path, folder: Path) -> tuple[Path, Summary]:
    saved = folder / "tfplan"
    variables = deployment.environment.variable_arguments(dist)
    deployment.capture("plan", "-input=false", f"-out={saved}", *variables)
    return saved, summarize(json.loads(deployment.capture("show", "-json", str(saved))))


def _report(summary: Summary, name: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"environment": name, **summary.to_json()}, indent=2))
    else:
        print(f"{name}: {'\n'.join(render(summary))}")


def _refuse_losses(summary: Summary, environment: Environment, allowed: list[str]) -> None:
    losses = [change.address for change in summary.losses(allowed)]
    if losses:
        raise DeployError(
            f"no plan was saved: {', '.join(losses)} would be lost with what it holds",
            f"if that is meant, run make plan ENV={environment.name} ALLOW_DESTROY='{' '.join([*allowed, *losses])}'",
            status=STATUS_STATEFUL_LOSS,
        )
