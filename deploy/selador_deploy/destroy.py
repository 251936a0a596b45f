"""`make destroy`: plan to destroy everything, say what would be lost, and do it if the environment's name is given."""

import sys

from selador_deploy.deployment import Deployment
from selador_deploy.errors import DeployError
from selador_deploy.plan.guards import check_region, check_unprotected
from selador_deploy.plan.plan import make_plan, report
from selador_deploy.releases import manifest_folder
from selador_deploy.state import open_state
from selador_deploy.turns import alone


def destroy(deployment: Deployment, *, release: str | None, dist: str | None, confirm: str | None) -> None:
    """Destroy everything in the environment, if it isn't protected and its name is given or typed.

    The name is asked for after the summary, and what is carried out is the very plan that the summary is of.
    """
    environment, name = deployment.environment, deployment.environment.name
    with alone(environment, "destroy"), deployment.private_folder() as private:
        state = open_state(deployment)
        check_unprotected(environment, state.content)
        check_region(environment, state.content)
        _check_confirmed(name, confirm)
        folder = manifest_folder(deployment, release, dist, state.content)
        saved, _, summary = make_plan(deployment, folder, private, "-destroy")
        report(summary, name, as_json=False)
        if confirm is None:
            typed = input(f"This destroys everything in {name}. Type the environment's name to go on: ")
            _check_confirmed(name, typed)
        environment.bundle_file.unlink(missing_ok=True)
        deployment.run("apply", "-input=false", str(saved))


def _check_confirmed(name: str, given: str | None) -> None:
    """Raise DeployError unless the name was given, or can still be typed."""
    if given == name or (given is None and sys.stdin.isatty()):
        return
    found = f"{given!r} is not the environment's name" if given else "the environment's name was not typed"
    raise DeployError(f"nothing was destroyed: {found}", f"type it when asked, or give CONFIRM={name}")
