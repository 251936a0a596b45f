"""`make show` and `make apply`: the saved plan, printed or carried out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selador_deploy.deployment import Deployment
from selador_deploy.errors import DeployError
from selador_deploy.plan.bundle import Bundle, faults, read_bundle
from selador_deploy.plan.gather import gather_facts


def show(deployment: Deployment) -> None:
    """Print the saved plan as Terraform does, whole."""
    bundle = read_bundle(deployment.environment.bundle_file, deployment.environment.name)
    with _unpacked(bundle, deployment) as plan:
        deployment.run("show", str(plan))


def apply(deployment: Deployment) -> None:
    """Carry out the saved plan, once, if nothing has changed that it rests on."""
    environment = deployment.environment
    bundle = read_bundle(environment.bundle_file, environment.name)
    found = list(faults(bundle, gather_facts(deployment, Path(bundle.dist)), deployment.now()))
    if found:
        raise DeployError(f"nothing was applied: {'; '.join(found)}", f"run make plan ENV={environment.name} again")
    with _unpacked(bundle, deployment) as plan:
        try:
            deployment.run("apply", "-input=false", str(plan))
        finally:
            environment.bundle_file.unlink()


@contextmanager
def _unpacked(bundle: Bundle, deployment: Deployment) -> Iterator[Path]:
    with deployment.private_folder() as folder:
        plan = folder / "tfplan"
        plan.write_bytes(bundle.plan)
        yield plan
