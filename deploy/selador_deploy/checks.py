"""Check the configuration without AWS: its format, its validity, Terraform's own tests."""

import re
import shutil
from pathlib import Path

from selador_deploy.errors import DeployError
from selador_deploy.terraform import Terraform, configuration
from selador_deploy.values import read_declarations, read_values

_TEST_WORKSPACE = "test"  # what terraform/tests/*.tftest.hcl call the environment
_EXAMPLE = re.compile(r"^```hcl\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def check_format(terraform: Terraform) -> None:
    """Show what `terraform fmt` would change. Raises TerraformFailedError if it would change anything."""
    terraform.run("fmt", "-check", "-diff", "-recursive", data_dir=_data_dir(terraform, "root"))


def validate(terraform: Terraform) -> None:
    """Validate the root module, the bootstrap, each module by the example in its README, and the values of examples."""
    terraform.choose_provider_source()
    root_module = configuration(terraform.root)
    for name, folder in (("root", root_module), ("bootstrap", root_module / "bootstrap")):
        data_dir = _data_dir(terraform, name)
        terraform.run(*terraform.init_arguments, "-backend=false", data_dir=data_dir, folder=folder)
        terraform.run("validate", data_dir=data_dir, folder=folder)
    for module in sorted((root_module / "modules").iterdir()):
        # In a copy: an init writes a dependency lock beside the module, which has none of its own.
        folder = _copy_with_example(module, root_module, terraform.root / "build" / "terraform" / "examples")
        data_dir = _data_dir(terraform, f"module-{module.name}")
        terraform.run(*terraform.init_arguments, "-backend=false", data_dir=data_dir, folder=folder)
        terraform.run("validate", data_dir=data_dir, folder=folder)
    declarations = read_declarations((root_module / "variables.tf").read_text(encoding="utf-8"))
    for file in sorted((root_module / "examples").glob("*/*.tfvars")):
        read_values(terraform, file, declarations)


def test(terraform: Terraform) -> None:
    """Run terraform/tests, which ask AWS nothing."""
    terraform.choose_provider_source()
    data_dir = _data_dir(terraform, "root")
    # Every time: each `run` of a test that names a module is one more module to install.
    terraform.run(*terraform.init_arguments, "-backend=false", data_dir=data_dir)
    terraform.run("test", data_dir=data_dir, workspace=_TEST_WORKSPACE)


def example_of(readme: Path) -> str:
    """Return the example in a module's README. Raises DeployError if there is none."""
    found = _EXAMPLE.search(readme.read_text(encoding="utf-8"))
    if found is None:
        raise DeployError(f"{readme} has no example, a block of hcl", "add one that calls the module")
    return found[1]


def _copy_with_example(module: Path, root_module: Path, examples: Path) -> Path:
    folder = examples / module.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(module, folder / "modules" / module.name)
    (folder / "main.tf").write_text(example_of(module / "README.md"))
    shutil.copy(module / "versions.tf", folder)
    shutil.copy(root_module / ".terraform.lock.hcl", folder)
    return folder


def _data_dir(terraform: Terraform, name: str) -> Path:
    return terraform.root / "build" / "terraform" / f"offline-{name}"
