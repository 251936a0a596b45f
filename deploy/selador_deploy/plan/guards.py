"""Refuse what nobody can have meant: when a plan is made, and once more when it is carried out.

Each guard reads the plan and the state that it is about. No copy of them counts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from selador_deploy.deployed import is_protected, regions
from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError
from selador_deploy.orphans import Orphan
from selador_deploy.plan.readers import Reader
from selador_deploy.plan.summary import Summary

STATUS_STATEFUL_LOSS = 3


def check_region(environment: Environment, state: Mapping[str, Any]) -> None:
    """Raise DeployError, exit status 3, if the state's resources lie in another Region than the environment's.

    Terraform would look for them in the new Region, find none, and plan to create them all with nothing to destroy.
    """
    others = regions(state) - {environment.region}
    if others:
        raise DeployError(
            f"what exists of {environment.name} is in {', '.join(sorted(others))}, but "
            f"{environment.relative(environment.variables_file)} sets region = {environment.region}: all of it would "
            "be left behind there, out of the state",
            "set the old Region again; for another one, make an environment of another name",
            status=STATUS_STATEFUL_LOSS,
        )


def check_losses(summary: Summary, environment: Environment, allowed: Iterable[str]) -> None:
    """Raise DeployError, exit status 3, if something with a content would be lost, or is gone, that nobody named."""
    allowed = sorted(set(allowed))
    losses = [change.address for change in summary.losses(allowed)]
    if losses:
        raise DeployError(
            f"no plan was saved: {', '.join(losses)} would be lost with what it holds, or forgotten, or is gone",
            f"if that is meant, run make plan ENV={environment.name} ALLOW_DESTROY='{' '.join([*allowed, *losses])}'",
            status=STATUS_STATEFUL_LOSS,
        )


def check_replaceable(summary: Summary, environment: Environment) -> None:
    """Raise DeployError if something tainted can't be replaced: the apply would fail at its name."""
    failing = [change.address for change in summary.changes if change.fails]
    if failing:
        data_dir = environment.relative(environment.data_dir)
        commands = (f"terraform -chdir=terraform untaint '{address}'" for address in failing)
        raise DeployError(
            f"no plan was saved: {', '.join(failing)} can't be replaced, since AWS refuses a second one beside it",
            f'it is whole, so keep it: export TF_DATA_DIR="$PWD/{data_dir}"; {"; ".join(commands)}',
        )


def check_no_orphans(orphans: Sequence[Orphan], environment: Environment) -> None:
    """Raise DeployError if something that a plan would create exists already: the apply would fail at its name."""
    if orphans:
        named = ", ".join(f"{orphan.address} ({orphan.id})" for orphan in orphans)
        raise DeployError(
            f"no plan was saved: the state of {environment.name} does not know what exists already: {named}",
            f"if an apply was killed, run make plan ENV={environment.name} ADOPT=1; if it was made by hand, "
            "docs/migrating.md says how to adopt it; or else change project",
        )


def check_sole_reader(readers: Sequence[Reader], environment: Environment) -> None:
    """Raise DeployError if a queue that a plan would read has a reader already: a second one takes a part of it."""
    if not readers:
        return
    named = "; ".join(f"the mapping {one.mapping_id} feeds {one.function_arn} from {one.queue_arn}" for one in readers)
    ours = all(one.adoptable and one.function_name == environment.main_function_name for one in readers)
    raise DeployError(
        f"no plan was saved: {named}; beside a second mapping, each would get a part of the requests",
        f"make import ENV={environment.name} API=<id or name> adopts it, as docs/migrating.md says"
        if ours and len(readers) == 1
        else "delete what nobody needs, or set names.queue to a queue that nothing else reads",
    )


def check_adopted(summary: Summary) -> None:
    """Raise DeployError if a plan would destroy at once what it adopts."""
    adopted = {orphan.address for orphan in summary.adopts}
    lost = [f"{one.address}, because {one.why}" for one in summary.changes if one.loses and one.address in adopted]
    if lost:
        raise DeployError(
            f"what the plan adopts, it would destroy and make again: {'; '.join(lost)}",
            "choose another name for that in the environment's values, so that the old one stays as it is",
        )


def check_unprotected(environment: Environment, state: Mapping[str, Any]) -> None:
    """Raise DeployError if the environment is protected, by its values now or as it was last applied."""
    file = environment.relative(environment.variables_file)
    if environment.protected:
        raise DeployError(
            f"{environment.name} is protected ({file})",
            f"to destroy it all the same, apply protected = false in {file} first",
        )
    if is_protected(state):
        raise DeployError(
            f"{environment.name} is protected: {file} no longer says so, but that was never applied",
            f"to destroy it all the same, plan and apply {file} as it is first",
        )


def misfits(
    plan: Mapping[str, Any], summary: Summary, environment: Environment, dist: Path, allowed: Iterable[str]
) -> Iterator[str]:
    """Yield each way in which a saved plan isn't one that `make plan` saved for the environment and for `dist`."""
    planned = {name: variable.get("value") for name, variable in plan.get("variables", {}).items()}
    if planned.get("environment") != environment.name:
        yield f"it plans the environment {planned.get('environment')}, not {environment.name}"
    now = environment.planned_values(dist)
    others = sorted(name for name, value in now.items() if planned.get(name, value) != value)
    if others:
        yield f"it was planned with other values of {', '.join(others)} than the environment has"
    if summary.destroyed_without_reason:
        yield f"it destroys for no reason in the configuration: {', '.join(summary.destroyed_without_reason)}"
    losses = [change.address for change in summary.losses(allowed)]
    if losses:
        yield f"it loses what nobody allowed when it was made: {', '.join(losses)}"
