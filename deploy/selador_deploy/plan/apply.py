"""`make show` and `make apply`: the saved plan, printed or carried out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selador_deploy.deployed import serving_release
from selador_deploy.deployment import Deployment
from selador_deploy.errors import DeployError
from selador_deploy.plan.bundle import Bundle, faults, read_bundle
from selador_deploy.plan.gather import gather_facts
from selador_deploy.plan.guards import check_region, misfits
from selador_deploy.plan.plan import read_plan
from selador_deploy.plan.summary import render, summarize
from selador_deploy.progress import hand_on, say
from selador_deploy.releases import manifest_folder
from selador_deploy.state import open_state
from selador_deploy.turns import alone


def show(deployment: Deployment, *, plan: str | None, as_json: bool) -> None:
    """Print the saved plan: its summary with all warnings, then the whole of it as Terraform does. Or as JSON alone."""
    environment = deployment.environment
    bundle = read_bundle(environment.bundle_file, environment.name, plan)
    with _unpacked(bundle, deployment) as saved:
        if as_json:
            print(deployment.capture("show", "-json", str(saved)))
            return
        summary = summarize(read_plan(deployment, saved), bundle.warnings)
        print(f"{environment.name}: {'\n'.join(render(summary, environment.name))}", flush=True)
        deployment.run("show", str(saved))


def apply(deployment: Deployment, *, plan: str | None, results: str | None) -> None:
    """Carry out the saved plan, once, if nothing has changed that it rests on and it is what `make plan` allowed.

    Say how one goes back to the release before, and hand that on even if Terraform fails half-way.
    """
    environment = deployment.environment
    with alone(environment, "apply"):
        bundle = read_bundle(environment.bundle_file, environment.name, plan)
        state = open_state(deployment)
        check_region(environment, state.content)
        dist = manifest_folder(deployment, bundle.release, str(environment.root / bundle.dist))
        now = gather_facts(deployment, dist, state)
        found = list(faults(bundle, now, deployment.now()))
        with _unpacked(bundle, deployment) as saved:
            if not found:  # a plan of other facts is nothing to judge
                read = read_plan(deployment, saved)
                found = list(misfits(read, summarize(read), environment, dist, bundle.allowed))
            if found:
                raise DeployError(
                    f"nothing was applied: {'; '.join(found)}", f"run make plan ENV={environment.name} again"
                )
            before = serving_release(state.content)
            hand_on(results, before=before)
            try:
                deployment.run("apply", "-input=false", str(saved))
            finally:
                environment.bundle_file.unlink(missing_ok=True)
    if before and before != bundle.release:
        say(f"release {before[:12]} served before; make plan ENV={environment.name} RELEASE={before[:12]} goes back")


@contextmanager
def _unpacked(bundle: Bundle, deployment: Deployment) -> Iterator[Path]:
    with deployment.private_folder() as folder:
        plan = folder / "tfplan"
        plan.write_bytes(bundle.plan)
        yield plan
