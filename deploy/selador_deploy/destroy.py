"""`make destroy`: destroy everything in an environment, unless it is protected or its name is not given."""

import sys

from selador_deploy.deployment import Deployment
from selador_deploy.errors import DeployError
from selador_deploy.releases import manifest_folder
from selador_deploy.state import check_usable


def destroy(deployment: Deployment, *, dist: str | None, confirm: str | None) -> None:
    """Destroy everything in the environment, if its name is given or typed."""
    environment = deployment.environment
    name = environment.name
    if environment.protected:
        file = environment.relative(environment.variables_file)
        raise DeployError(
            f"{name} is protected", f"to destroy it all the same, apply protected = false in {file} first"
        )
    check_usable(deployment)
    if confirm is None and sys.stdin.isatty():
        confirm = input(f"This destroys everything in {name}. Type the environment's name to go on: ")
    if confirm != name:
        found = f"{confirm!r} is not the environment's name" if confirm else "the environment's name was not typed"
        raise DeployError(f"nothing was destroyed: {found}", f"type it when asked, or give CONFIRM={name}")
    environment.bundle_file.unlink(missing_ok=True)
    variables = environment.variable_arguments(manifest_folder(deployment, None, dist))
    deployment.run("destroy", "-input=false", "-auto-approve", *variables)
