"""The commands for one environment. Each looks at what it rests on before Terraform is run, and refuses in one line."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from selador_deploy.account import ClientMaker, check_caller
from selador_deploy.artifacts import read_artifacts
from selador_deploy.backend import initialized_backend, selected_workspace
from selador_deploy.environment import Environment, check_filled_in
from selador_deploy.errors import DeployError
from selador_deploy.plan import facts as plan_facts
from selador_deploy.plan import summary as plan_summary
from selador_deploy.plan.bundle import Bundle, faults, read_bundle, write_bundle
from selador_deploy.plan.facts import Facts
from selador_deploy.plan.summary import Summary
from selador_deploy.progress import say
from selador_deploy.releases import check_deployable
from selador_deploy.state import check_unlocked
from selador_deploy.terraform import Terraform

STATUS_DRIFTED = 2
STATUS_STATEFUL_LOSS = 3


@dataclass(frozen=True)
class Commands:
    """The commands; `now` is the time, `make_client` makes AWS's clients."""

    terraform: Terraform
    environment: Environment
    make_client: ClientMaker
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def init(self) -> None:
        """Connect to the environment's state and select its workspace."""
        check_filled_in(self.environment)
        check_caller(self.make_client("sts"), self.environment)
        self.terraform.choose_provider_source()
        # The tests' folder is named because Terraform would install the modules of terraform/tests as well.
        backend = (f"-backend-config={self.environment.backend_file}", "-reconfigure", "-test-directory=environments")
        # In the workspace `default`, which is always there: the one selected last may have gone with its bucket.
        self._run(*self.terraform.init_arguments, *backend, workspace="default")
        self._run("workspace", "select", "-or-create", self.environment.name)

    def plan(self, dist: Path, *, allow_destroy: list[str], as_json: bool) -> None:
        """Save a plan with what it was made of, and say what it does."""
        bundle_file = self.environment.bundle_file
        bundle_file.unlink(missing_ok=True)  # an older plan must not outlive this one's failure
        check_filled_in(self.environment)
        facts = self._facts(dist)
        say(f"planning {self.environment.name}")
        with self._private_folder() as folder:
            saved = folder / "tfplan"
            variables = self.environment.variable_arguments(dist)
            self._capture("plan", "-input=false", f"-out={saved}", *variables)
            summary = plan_summary.summarize(json.loads(self._capture("show", "-json", str(saved))))
            self._report(summary, as_json=as_json)
            self._refuse_losses(summary, allow_destroy)
            write_bundle(bundle_file, facts, str(dist), saved.read_bytes(), self.now())
        name = self.environment.name
        say(f"the plan is saved; make show ENV={name} prints all of it, make apply ENV={name} carries it out")

    def show(self) -> None:
        """Print the saved plan as Terraform does, whole."""
        bundle = read_bundle(self.environment.bundle_file, self.environment.name)
        with self._unpacked(bundle) as plan:
            self._run("show", str(plan))

    def apply(self) -> None:
        """Carry out the saved plan, once, if nothing has changed that it rests on."""
        bundle = read_bundle(self.environment.bundle_file, self.environment.name)
        found = list(faults(bundle, self._facts(Path(bundle.dist)), self.now()))
        if found:
            raise DeployError(
                f"nothing was applied: {'; '.join(found)}", f"run make plan ENV={self.environment.name} again"
            )
        with self._unpacked(bundle) as plan:
            try:
                self._run("apply", "-input=false", str(plan))
            finally:
                self.environment.bundle_file.unlink()

    def drift(self, dist: Path) -> int:
        """Say how what exists differs from the state; return the exit status."""
        self._check_account()
        say(f"looking at everything in {self.environment.name}")
        with self._private_folder() as folder:
            saved = folder / "tfplan"
            variables = self.environment.variable_arguments(dist)
            self._capture("plan", "-refresh-only", "-input=false", "-lock=false", f"-out={saved}", *variables)
            drifted = plan_summary.drifted(json.loads(self._capture("show", "-json", str(saved))))
        if not drifted.changes:
            print(f"{self.environment.name} is as Terraform left it")
            return 0
        print(f"{self.environment.name} has moved:")
        for change in drifted.changes:
            gone = change.action == "destroy"
            print(f"  {change.address}: {'it is gone' if gone else ', '.join(change.attributes)}")
        return STATUS_DRIFTED

    def destroy(self, dist: Path, confirmed: str | None) -> None:
        """Destroy everything in the environment, if its name is given or typed."""
        name = self.environment.name
        if self.environment.protected:
            raise DeployError(
                f"{name} is protected",
                "to destroy it all the same, apply protected = false in "
                f"{self.environment.relative(self.environment.variables_file)} first",
            )
        self._check_account()
        if confirmed is None and sys.stdin.isatty():
            confirmed = input(f"This destroys everything in {name}. Type the environment's name to go on: ")
        if confirmed != name:
            raise DeployError(
                f"nothing was destroyed: {confirmed!r} is not the environment's name"
                if confirmed
                else "nothing was destroyed: the environment's name was not typed",
                f"type it when asked, or give CONFIRM={name}",
            )
        self.environment.bundle_file.unlink(missing_ok=True)
        variables = self.environment.variable_arguments(dist)
        self._run("destroy", "-input=false", "-auto-approve", *variables)

    def outputs(self, *, as_json: bool) -> None:
        """Print the root module's outputs."""
        initialized_backend(self.environment)
        self._run("output", *(["-json"] if as_json else []))

    def unlock(self, lock_id: str) -> None:
        """Take the state from a holder that has died."""
        initialized_backend(self.environment)
        self._run("force-unlock", "-force", lock_id)

    def _check_account(self) -> str:
        backend = initialized_backend(self.environment)
        account = check_caller(self.make_client("sts"), self.environment)
        check_unlocked(self.make_client("s3"), backend, self.environment)
        return account

    def _facts(self, dist: Path) -> Facts:
        account = self._check_account()
        root = self.environment.root
        hashes = check_deployable(read_artifacts(root / dist), self.environment, self.make_client)
        versions = json.loads(self._capture("version", "-json"))
        state = json.loads(self._capture("state", "pull") or "{}")  # nothing before the first apply
        return Facts(
            environment=self.environment.name,
            workspace=selected_workspace(self.environment),
            account_id=account,
            backend=str(initialized_backend(self.environment)),
            state_lineage=state.get("lineage", ""),
            state_serial=state.get("serial", 0),
            commit=plan_facts.commit(root),
            uncommitted=plan_facts.uncommitted(root),
            variables_sha256=plan_facts.sha256(self.environment.variables_file),
            artifacts=hashes,
            terraform_version=versions["terraform_version"],
            provider_version=next(iter(versions["provider_selections"].values()), ""),
        )

    def _report(self, summary: Summary, *, as_json: bool) -> None:
        if as_json:
            print(json.dumps({"environment": self.environment.name, **summary.to_json()}, indent=2))
        else:
            print(f"{self.environment.name}: {'\n'.join(plan_summary.render(summary))}")

    def _refuse_losses(self, summary: Summary, allowed: list[str]) -> None:
        losses = [change.address for change in summary.losses(allowed)]
        if losses:
            raise DeployError(
                f"no plan was saved: {', '.join(losses)} would be lost with what it holds",
                f"if that is meant, run make plan ENV={self.environment.name} "
                f"ALLOW_DESTROY='{' '.join([*allowed, *losses])}'",
                status=STATUS_STATEFUL_LOSS,
            )

    @contextmanager
    def _private_folder(self) -> Iterator[Path]:
        build = self.environment.root / "build"
        build.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=build, prefix=f"{self.environment.name}-") as folder:  # mode 0700
            yield Path(folder)

    @contextmanager
    def _unpacked(self, bundle: Bundle) -> Iterator[Path]:
        with self._private_folder() as folder:
            (folder / "tfplan").write_bytes(bundle.plan)
            yield folder / "tfplan"

    def _run(self, *arguments: str, workspace: str | None = None) -> None:
        self.terraform.run(*arguments, data_dir=self.environment.data_dir, workspace=workspace)

    def _capture(self, *arguments: str) -> str:
        return self.terraform.capture(*arguments, data_dir=self.environment.data_dir)
