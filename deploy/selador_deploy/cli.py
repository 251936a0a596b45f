"""Run Terraform for one environment of terraform/environments: `make plan|apply|… ENV=…` call this.

What a command rests on (account, lock, artifacts, what the plan was made of) is looked at first, and a fault is said in
one line. Each environment has its own data folder and saved plan under build/, so that two can be worked on at once.
Where AWS is, or what stands for it, and with which credentials, comes from the environment variables alone
(AWS_PROFILE, AWS_ENDPOINT_URL, …); TF names another executable than `terraform`.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from selador_deploy import checks as terraform_checks
from selador_deploy import releases as publish
from selador_deploy.account import ClientMaker, check_caller, client_maker
from selador_deploy.bootstrap import bootstrap
from selador_deploy.commands import Commands
from selador_deploy.doctor import Verdict, examine
from selador_deploy.environment import Environment, find_environment
from selador_deploy.errors import DeployError, TerraformFailedError
from selador_deploy.terraform import Terraform


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; usage errors exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m selador_deploy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    env = argparse.ArgumentParser(add_help=False)
    env.add_argument("--env", required=True, metavar="ENV", help="a file of terraform/environments, without .tfvars")
    dist = argparse.ArgumentParser(add_help=False)
    dist.add_argument("--dist", type=Path, metavar="DIR", help="the folder with manifest.json and zips (default: dist)")
    release = argparse.ArgumentParser(add_help=False)
    release.add_argument(
        "--release", default="", metavar="HASH", help="a published manifest, instead of the one in dist"
    )

    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("doctor", parents=[env], help="look at everything that a first apply needs")
    making = commands.add_parser("bootstrap", parents=[env], help="make the account's buckets and API Gateway log role")
    making.add_argument("--yes", action="store_true", help="don't ask")
    commands.add_parser("init", parents=[env], help="connect to the environment's state, select its workspace")
    commands.add_parser("publish", parents=[env, dist], help="upload the artifacts under their hashes")
    planning = commands.add_parser(
        "plan",
        parents=[env, dist, release],
        help="save a plan as build/ENV.plan; exit 3 if it loses what can't be had back",
    )
    planning.add_argument("--allow-destroy", default="", metavar="ADDRESSES", help="stateful resources that may go")
    planning.add_argument("--json", action="store_true", help="the summary as JSON")
    commands.add_parser("show", parents=[env], help="print the saved plan, whole")
    commands.add_parser("apply", parents=[env], help="carry out the saved plan, if nothing has changed since")
    commands.add_parser("drift", parents=[env, dist, release], help="exit 2 where what exists has moved from the state")
    destroying = commands.add_parser("destroy", parents=[env, dist], help="destroy everything in the environment")
    destroying.add_argument("--confirm", metavar="ENV", help="the environment's name, instead of typing it")
    printing = commands.add_parser("outputs", parents=[env], help="print the outputs")
    printing.add_argument("--json", action="store_true", help="as JSON")
    unlocking = commands.add_parser("unlock", parents=[env], help="take the state from a holder that has died")
    unlocking.add_argument("--lock", required=True, metavar="ID", help="the lock's id, as the refusal printed it")
    commands.add_parser("fmt-check", help="show what terraform fmt would change; fail if that is anything")
    commands.add_parser("validate", help="validate the root module, each module and its example, and the bootstrap")
    commands.add_parser("test", help="run terraform/tests, which ask AWS nothing")
    return parser.parse_args(arguments)


def execute(options: argparse.Namespace, terraform: Terraform, make_client: ClientMaker | None) -> int:
    """Run the command of the command line; return its status. Raises DeployError if it can't be run, or fails."""
    match options.command:
        case "fmt-check":
            terraform_checks.check_format(terraform)
        case "validate":
            terraform_checks.validate(terraform)
        case "test":
            terraform_checks.test(terraform)
        case _:
            environment = find_environment(options.env, terraform.root)
            return _execute_for(environment, options, terraform, make_client or client_maker(environment.region))
    return 0


def _execute_for(
    environment: Environment, options: argparse.Namespace, terraform: Terraform, make_client: ClientMaker
) -> int:
    commands = Commands(terraform, environment, make_client)
    match options.command:
        case "doctor":
            return _doctor(environment, terraform, make_client)
        case "bootstrap":
            bootstrap(terraform, environment, make_client, approved=options.yes)
        case "init":
            commands.init()
        case "publish":
            check_caller(make_client("sts"), environment)
            bucket = publish.artifact_bucket(environment)
            for line in publish.publish(make_client("s3"), bucket, _dist(options, environment, make_client)):
                print(line)
        case "plan":
            commands.plan(
                _dist(options, environment, make_client),
                allow_destroy=options.allow_destroy.replace(",", " ").split(),
                as_json=options.json,
            )
        case "show":
            commands.show()
        case "apply":
            commands.apply()
        case "drift":
            return commands.drift(_dist(options, environment, make_client))
        case "destroy":
            commands.destroy(_dist(options, environment, make_client), options.confirm)
        case "outputs":
            commands.outputs(as_json=options.json)
        case "unlock":
            commands.unlock(options.lock)
    return 0


def _doctor(environment: Environment, terraform: Terraform, make_client: ClientMaker) -> int:
    verdicts = set()
    for finding in examine(environment, make_client, terraform.executable):
        print(finding, flush=True)
        verdicts.add(finding.verdict)
    return 1 if Verdict.MISSING in verdicts else 0


def _dist(options: argparse.Namespace, environment: Environment, make_client: ClientMaker) -> Path:
    """The folder of the manifest that is meant."""
    if getattr(options, "release", ""):
        releases = environment.root / "build" / "releases"
        return publish.fetch_manifest(
            make_client("s3"), publish.artifact_bucket(environment), options.release, releases
        )
    return (options.dist or environment.root / "dist").absolute()


def main(
    arguments: Sequence[str], root: Path, environ: Mapping[str, str], make_client: ClientMaker | None = None
) -> int:
    """Run one command for the repository at `root`; return the exit status."""
    options = parse(arguments)
    color = sys.stdout.isatty() and "NO_COLOR" not in environ
    try:
        return execute(options, Terraform(root, environ, color), make_client)
    except TerraformFailedError as error:  # Terraform has said why
        return error.status
    except DeployError as error:
        print(f"terraform: {error}", file=sys.stderr)
        return error.status
