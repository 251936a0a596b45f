"""`make import`: find a system that was made by hand, and write the import blocks that the next `make plan` reads.

It changes nothing in the account, and saves no plan. Names come from the environment's values, the API from API=….
"""

from collections.abc import Iterable, Iterator

from selador_deploy.deployed import api_id
from selador_deploy.deployment import Deployment
from selador_deploy.environment import check_filled_in
from selador_deploy.errors import DeployError
from selador_deploy.moving_in.hand_made import look_ups, read_hand_made
from selador_deploy.moving_in.neighbours import before_the_apply, left_over
from selador_deploy.plan.adopt import blocks
from selador_deploy.plan.guards import check_adopted, check_losses, check_region
from selador_deploy.plan.plan import plan_adopting
from selador_deploy.plan.summary import Summary
from selador_deploy.progress import say
from selador_deploy.releases import manifest_folder
from selador_deploy.state import open_state
from selador_deploy.turns import alone

_MADE_BY_HAND = {
    "aws_apigatewayv2_api",
    "aws_apigatewayv2_route",
    "aws_apigatewayv2_stage",
    "aws_cloudwatch_log_group",
    "aws_lambda_event_source_mapping",
    "aws_lambda_function",
    "aws_sqs_queue",
}
"""What a person makes, too. Whatever else a plan creates was hardly there."""


def import_hand_made(deployment: Deployment, *, api: str, release: str | None, dist: str | None) -> None:
    """Write the import blocks, and say what they adopt, what is missing, and what stays beside it."""
    environment, name = deployment.environment, deployment.environment.name
    check_filled_in(environment)
    with alone(environment, "import"), deployment.private_folder() as private:
        state = open_state(deployment).content
        check_region(environment, state)
        system = read_hand_made(environment, api, deployment.make_client)
        if system.api_id == api_id(state):
            raise DeployError(
                f"the API {system.api_id} is {name}'s own: its state has it, so there is nothing to import",
                f"give the API that was made by hand; make plan ENV={name} ADOPT=1 takes what an apply lost",
            )
        folder = manifest_folder(deployment, release, dist, state)
        say(f"looking for what {name} would make and exists already")
        _, summary, _, unknown = plan_adopting(deployment, folder, private, look_ups(system), adopt=True)
        if not unknown and not summary.adopts:  # nothing is called left over that may be the environment's own
            raise DeployError("there is nothing to adopt that the state doesn't know", "compare the names and API=…")
        stays = list(left_over(system, {one.id for one in summary.adopts}))
        print("\n".join(_told(summary, stays, list(before_the_apply(system)), name)), flush=True)
        if unknown:
            raise DeployError("; ".join(one.detail for one in unknown), "allow this caller to look, and try again")
        check_adopted(summary)
        check_losses(summary, environment, ())
        environment.imports_file.write_text(_file(summary, stays, name), encoding="utf-8")
    say(f"wrote {environment.relative(environment.imports_file)}; make plan ENV={name} adopts what it names")


def _told(summary: Summary, stays: list[str], before: list[str], name: str) -> Iterator[str]:
    yield from _section(f"{name} adopts:", (f"{one.address}: {one.id}" for one in summary.adopts))
    missing = (change.address for change in summary.of("create") if change.type in _MADE_BY_HAND)
    yield from _section("not found, so it is made:", missing)
    yield from _section("stays beside it, until you delete it:", stays)
    yield from _section("BEFORE THE APPLY:", before)
    yield ", ".join(f"{len(summary.of(action))} to {action}" for action in ("destroy", "replace", "change", "create"))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield title
        yield from (f"  {line}" for line in found)


def _file(summary: Summary, stays: list[str], name: str) -> str:
    return "\n".join(
        [
            f"# What make plan ENV={name} adopts of a system that was made by hand. Delete this file after the apply.",
            "# What stays beside it, until you delete it:",
            *(f"# - {line}" for line in stays),
            "",
            blocks(summary.adopts),
        ]
    )
