"""Run Terraform for one environment of terraform/environments: `make init|plan|apply|destroy|outputs ENV=…` call this.

Terraform's output goes through untouched and its exit status is passed on. Each environment has its own data folder and
saved plan under build/, so that two can be worked on at once. Where AWS is, or what stands for it, and with which
credentials, comes from the environment variables alone (AWS_PROFILE, AWS_ENDPOINT_URL, …).
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from terraform_environment import (
    TEST_WORKSPACE,
    Environment,
    TerraformError,
    check_filled_in,
    check_initialized,
    configuration,
    find_environment,
    variable_arguments,
)
from terraform_process import Terraform, TerraformFailedError

_INIT = ("init", "-input=false", "-lockfile=readonly")


def init(terraform: Terraform, environment: Environment) -> None:
    """Connect to the environment's state and select its workspace."""
    check_filled_in(environment)
    terraform.choose_provider_source()
    backend = (f"-backend-config={environment.backend_file}", "-test-directory=environments")  # which has no tests
    # In the workspace `default`, which is always there: the one selected last may have gone with its bucket.
    terraform.run(*_INIT, *backend, data_dir=environment.data_dir, workspace="default")
    terraform.run("workspace", "select", "-or-create", environment.name, data_dir=environment.data_dir)


def plan(terraform: Terraform, environment: Environment, dist: Path) -> None:
    """Save a plan, which `apply` then carries out."""
    check_initialized(environment)
    check_filled_in(environment)
    saved = environment.plan_file
    saved.unlink(missing_ok=True)  # an older plan must not outlive this one's failure, nor its mode be kept
    variables = variable_arguments(environment, dist)
    terraform.run("plan", "-input=false", f"-out={saved}", *variables, data_dir=environment.data_dir)
    where = saved.relative_to(environment.root)
    print(f"terraform: the plan is in {where}; make apply ENV={environment.name} carries it out")


def apply(terraform: Terraform, environment: Environment) -> None:
    """Carry out the saved plan, once."""
    check_initialized(environment)
    if not environment.plan_file.is_file():
        raise TerraformError(f"there is no saved plan for {environment.name}; run make plan ENV={environment.name}")
    terraform.run("apply", "-input=false", str(environment.plan_file), data_dir=environment.data_dir)
    environment.plan_file.unlink()


def destroy(terraform: Terraform, environment: Environment, dist: Path, confirmed: str | None) -> None:
    """Destroy everything in the environment, if its name is given or typed."""
    check_initialized(environment)
    name = environment.name
    if confirmed is None and sys.stdin.isatty():
        confirmed = input(f"This destroys everything in {name}. Type the environment's name to go on: ")
    if confirmed != name:
        raise TerraformError(f"nothing was destroyed: the environment's name wasn't typed, nor --confirm {name} given")
    variables = variable_arguments(environment, dist)
    terraform.run("destroy", "-input=false", "-auto-approve", *variables, data_dir=environment.data_dir)


def outputs(terraform: Terraform, environment: Environment, *, as_json: bool) -> None:
    """Print the root module's outputs."""
    check_initialized(environment)
    terraform.run("output", *(["-json"] if as_json else []), data_dir=environment.data_dir)


def check_format(terraform: Terraform) -> None:
    """Show what `terraform fmt` would change, and fail if that is anything."""
    terraform.run("fmt", "-check", "-diff", "-recursive", data_dir=_offline_data_dir(terraform, "root"))


def validate(terraform: Terraform) -> None:
    """Validate the root module with its modules, and the bootstrap."""
    terraform.choose_provider_source()
    root_module = configuration(terraform.root)
    for name, folder in (("root", root_module), ("bootstrap", root_module / "bootstrap")):
        data_dir = _offline_data_dir(terraform, name)
        terraform.run(*_INIT, "-backend=false", data_dir=data_dir, folder=folder)
        terraform.run("validate", data_dir=data_dir, folder=folder)


def test(terraform: Terraform) -> None:
    """Run terraform/tests, which ask AWS nothing."""
    terraform.choose_provider_source()
    data_dir = _offline_data_dir(terraform, "root")
    # Every time: each `run` of a test that names a module is one more module to install.
    terraform.run(*_INIT, "-backend=false", data_dir=data_dir)
    terraform.run("test", data_dir=data_dir, workspace=TEST_WORKSPACE)


def _offline_data_dir(terraform: Terraform, name: str) -> Path:
    return terraform.root / "build" / "terraform" / f"offline-{name}"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; usage errors exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="terraform.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    env = argparse.ArgumentParser(add_help=False)
    env.add_argument("--env", required=True, metavar="ENV", help="a file of terraform/environments, without .tfvars")
    dist = argparse.ArgumentParser(add_help=False)
    dist.add_argument("--dist", type=Path, metavar="DIR", help="the folder with manifest.json and zips (default: dist)")

    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("init", parents=[env], help="connect to the environment's state, select its workspace")
    commands.add_parser("plan", parents=[env, dist], help="save a plan as build/ENV.tfplan")
    commands.add_parser("apply", parents=[env], help="carry out the saved plan")
    destroying = commands.add_parser("destroy", parents=[env, dist], help="destroy everything in the environment")
    destroying.add_argument("--confirm", metavar="ENV", help="the environment's name, instead of typing it")
    printing = commands.add_parser("outputs", parents=[env], help="print the outputs")
    printing.add_argument("--json", action="store_true", help="as JSON")
    commands.add_parser("fmt-check", help="show what terraform fmt would change; fail if that is anything")
    commands.add_parser("validate", help="validate the root module with its modules, and the bootstrap")
    commands.add_parser("test", help="run terraform/tests, which ask AWS nothing")
    return parser.parse_args(arguments)


def execute(options: argparse.Namespace, terraform: Terraform) -> None:
    """Run the command of the command line. Raises TerraformError if it can't be run, or fails."""
    match options.command:
        case "fmt-check":
            check_format(terraform)
        case "validate":
            validate(terraform)
        case "test":
            test(terraform)
        case _:
            execute_for(find_environment(options.env, terraform.root), options, terraform)


def execute_for(environment: Environment, options: argparse.Namespace, terraform: Terraform) -> None:
    """Run one of the commands that are for an environment."""
    match options.command:
        case "init":
            init(terraform, environment)
        case "plan":
            plan(terraform, environment, options.dist or terraform.root / "dist")
        case "apply":
            apply(terraform, environment)
        case "destroy":
            destroy(terraform, environment, options.dist or terraform.root / "dist", options.confirm)
        case "outputs":
            outputs(terraform, environment, as_json=options.json)


def main(arguments: Sequence[str], root: Path, environ: Mapping[str, str]) -> int:
    """Run one command for the repository at `root`; return the exit status."""
    options = parse(arguments)
    color = sys.stdout.isatty() and "NO_COLOR" not in environ
    try:
        execute(options, Terraform(root, environ, color))
    except TerraformFailedError as error:  # Terraform has said why
        return error.status
    except TerraformError as error:
        print(f"terraform: {error}", file=sys.stderr)
        return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent.parent, os.environ))
