"""A system that was made by hand becomes an environment: import, plan, apply, and an answer at the same URL.

The tests go on from each other, in their order.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection

from selador_local.bedrock.library import read_library
from selador_local.bedrock.server import BedrockStandIn
from selador_local.control_plane_client.iam import ControlPlaneAuthorizer
from selador_local.data_plane.data_plane import DataPlane
from selador_local.data_plane.emulation import Emulation
from selador_local.stack import ports
from selador_local.stack.control_plane_process import ControlPlaneProcess
from selador_local.stack.stack import DOCUMENTS

from ..conftest import first_port
from ..patience import COMMAND_SECONDS, in_loop
from ..terraform.conftest import ROOT, Local
from . import hand_made
from .conftest import Client, connected_to, question
from .hand_made import HandMade

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

REPORT = ROOT / "build/adoption.txt"
"""What the commands say, for whoever wants to read it."""


@dataclass(frozen=True)
class Site:
    """An account with the hand-made system that serves clients, and a checkout of ours beside it."""

    url: str
    system: HandMade
    checkout: Local


@asynccontextmanager
async def planes(folder: Path) -> AsyncIterator[tuple[ControlPlaneProcess, DataPlane]]:
    """An account in which nothing is deployed yet; what is made in it by whoever acts within a second."""
    chosen = ports.choose(first_port(), ports.is_free)
    arguments = ["--port", str(chosen.control_plane), "--data-plane-port", str(chosen.api_gateway)]
    async with ControlPlaneProcess.started(arguments, folder / "control-plane.log") as process:
        bedrock = BedrockStandIn(read_library(DOCUMENTS), authorize=ControlPlaneAuthorizer(process.client))
        await bedrock.start(chosen.bedrock)
        data_plane = DataPlane(process.client, folder, chosen.api_gateway, bedrock.endpoint, Emulation())
        await data_plane.start()
        follows = asyncio.create_task(data_plane.follow())
        try:
            yield process, data_plane
        finally:
            follows.cancel()
            with suppress(asyncio.CancelledError):
                await follows
            await data_plane.stop()
            await bedrock.stop()


@pytest.fixture(scope="module")
def site(loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("adoption")
    builder = [sys.executable, str(ROOT / "packaging/build_artifacts.py"), "--architecture", "host"]
    subprocess.run(
        [*builder, "--output", str(folder / "dist")], check=True, capture_output=True, timeout=COMMAND_SECONDS
    )
    (folder / "logs").mkdir()
    parts = AsyncExitStack()
    try:
        up = parts.enter_async_context(planes(folder))
        process, data_plane = in_loop(loop, up, "the planes are up")
        account = process.client
        keys = account.endpoint, account.access_key_id, account.secret_access_key
        checkout = Local.reaching(*keys, folder / "checkout", ROOT / "terraform")
        (checkout.root / "dist").symlink_to(folder / "dist")
        checkout.bootstrap()
        system = hand_made.make(checkout.client)
        in_loop(loop, data_plane.load(), "the data plane has read what was made")
        checkout.set(
            f'main_function = {{ name = "{hand_made.MAIN}" }}',
            f'websocket_handler = {{ name = "{hand_made.HANDLER}" }}',
            f'names = {{ queue = "{hand_made.QUEUE}", stage = "{hand_made.STAGE}" }}',
        )
        checkout.run("init")
        yield Site(f"ws://127.0.0.1:{data_plane.port}/{system.api_id}/{hand_made.STAGE}", system, checkout)
    finally:
        in_loop(loop, parts.aclose(), "the planes are down")


def test_before_it_is_adopted_the_old_code_answers(site: Site) -> None:
    with connected_to(site.url) as connection:
        connection.send(json.dumps({"action": "invoke", "prompt": "Which flats near the harbour allow pets?"}))

        assert json.loads(connection.recv(30)) == {"answer": "from the old code"}


def test_a_function_without_variables_in_the_state_stops_no_command(site: Site) -> None:
    address = "module.websocket_handler.aws_lambda_function.this"
    variables = ("-var-file=environments/local.tfvars", "-var=dist_dir=../dist")
    site.checkout.terraform("import", "-input=false", *variables, address, hand_made.HANDLER)

    site.checkout.run("outputs")
    site.checkout.run("drift")
    _, refused = site.checkout.told("plan", status=1)

    site.checkout.terraform("state", "rm", address)
    assert "docs/migrating.md says how to adopt it" in refused


def test_the_search_for_orphans_adopts_no_queue_whose_mapping_it_would_double(site: Site) -> None:
    _, refused = site.checkout.told("plan", "--adopt", status=1)

    assert f"the mapping {site.system.mapping_id} feeds " in refused
    assert f":function:{hand_made.MAIN} from " in refused
    assert "make import ENV=local API=<id or name> adopts it" in refused


def test_import_names_what_it_found_what_it_did_not_find_and_what_stays(site: Site) -> None:
    said, last = site.checkout.told("import", "--api", hand_made.API_NAME)

    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(said)
    adopts, rest = said.split("not found, so it is made:\n")
    missing, rest = rest.split("stays beside it, until you delete it:\n")
    stays, before = rest.split("BEFORE THE APPLY:\n")
    api = "module.websocket_api.aws_apigatewayv2"
    for line in (
        f"aws_lambda_event_source_mapping.main: {site.system.mapping_id}",
        f"module.main.aws_lambda_function.this: {hand_made.MAIN}",
        f"module.main.aws_cloudwatch_log_group.this: /aws/lambda/{hand_made.MAIN}",
        f"module.websocket_handler.aws_lambda_function.this: {hand_made.HANDLER}",
        f"{api}_api.this: {site.system.api_id}",
        f"{api}_stage.this: {site.system.api_id}/{hand_made.STAGE}",
        f'{api}_route.this["invoke"]: {site.system.api_id}/',
        f'{api}_route_response.this["invoke"]: {site.system.api_id}/',
    ):
        assert f"  {line}" in adopts
    assert set(missing.split()) == {
        "module.queue.aws_sqs_queue.dead_letter",
        f'{api}_route.this["ping"]',
        "module.websocket_api.aws_cloudwatch_log_group.access[0]",
        "module.websocket_api.aws_cloudwatch_log_group.execution[0]",
    }
    assert all(f"the role {role}" in stays for role in site.system.roles)
    assert "the route history: " in stays
    assert stays.count("the integration ") == len(hand_made.ROUTES)
    assert f"--no-enabled --uuid {site.system.mapping_id}" in before
    assert "0 to destroy, 0 to replace, " in before
    assert "wrote terraform/environments/local.imports.tf" in last


def test_the_plan_that_follows_destroys_and_replaces_nothing(site: Site) -> None:
    mapping = {"UUID": site.system.mapping_id, "Enabled": False}  # as it was told
    site.checkout.client("lambda").update_event_source_mapping(**mapping)

    told = site.checkout.run("plan")

    with REPORT.open("a") as file:
        file.write(told)
    assert "0 to destroy, 0 to replace, " in told
    assert f"\n  aws_lambda_event_source_mapping.main: {site.system.mapping_id}\n" in told
    assert "exists already, in no state" not in told


def test_after_the_apply_a_client_gets_its_answer_at_the_same_url_and_over_its_connection(site: Site) -> None:
    with connected_to(site.url) as from_before:
        site.checkout.run("apply")
        asked_over_it = ask(from_before)
    with connected_to(site.url, "selador.v1") as connection:
        asked_anew = ask(connection)

    assert json.loads(site.checkout.run("outputs", "--json"))["websocket_url"]["value"] == site.url
    assert (asked_over_it[-1], asked_anew[-1]) == ("completed", "completed")


def ask(connection: ClientConnection) -> list[str]:
    """Ask; return the types of all frames."""
    client = Client(connection)
    client.send({"action": "invoke", "text": question("adopted")})
    return [frame["type"] for frame in client.receive_until("completed", "error")]


def test_a_second_plan_is_empty_though_the_import_blocks_are_still_there(site: Site) -> None:
    assert site.checkout.plan()["changes"] == []
    site.checkout.run("drift")


def test_the_queue_has_one_mapping_and_what_was_not_adopted_is_still_there(site: Site) -> None:
    client = site.checkout.client
    (mapping,) = client("lambda").list_event_source_mappings()["EventSourceMappings"]

    assert (mapping["UUID"], mapping["State"]) == (site.system.mapping_id, "Enabled")
    assert mapping["FunctionArn"].endswith(f":{hand_made.MAIN}:live")
    roles = {role["Arn"] for role in client("iam").list_roles()["Roles"]}
    assert roles >= set(site.system.roles)
    deployments = client("apigatewayv2").get_deployments(ApiId=site.system.api_id)["Items"]
    assert site.system.deployment_id in {one["DeploymentId"] for one in deployments}
