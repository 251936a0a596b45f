"""The bootstrap, with a Terraform that does to the files and the bucket what the real one does."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError

from selador_deploy.bootstrap import STATE_KEY, bootstrap
from selador_deploy.deployment import Deployment
from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError, TerraformFailedError
from selador_deploy.terraform import Terraform

from .conftest import ACCOUNT, ARTIFACT_BUCKET, BUCKET, FakeAws, FakeService, client_error


@dataclass(frozen=True)
class FakeTerraform(Terraform):
    """Makes the state bucket at its first apply, and moves the state there; or fails at one command."""

    aws: FakeAws
    fails_at: str = ""
    moves_the_state: bool = True
    in_the_state: str = ""
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def choose_provider_source(self) -> None:
        self.calls.append(("choose_provider_source",))

    def run(self, *arguments: str, data_dir: Path, folder: Path | None = None, workspace: str | None = None) -> None:
        assert folder is not None
        assert data_dir == folder / ".terraform"
        assert workspace == "default"
        self.calls.append(arguments)
        if arguments[0] == self.fails_at:
            raise TerraformFailedError(1)
        has_backend = (folder / "backend.tf").exists()
        if arguments[0] == "apply":
            if not has_backend and (data_dir / "terraform.tfstate").exists():
                raise TerraformFailedError(1)  # "Unsetting the previously set backend"
            self.aws.s3.buckets.setdefault(BUCKET, {})
            if not has_backend:
                (folder / "terraform.tfstate").write_text("a state")
        if "-migrate-state" in arguments:
            assert has_backend
            if self.moves_the_state:
                self.aws.s3.buckets[BUCKET][STATE_KEY] = (folder / "terraform.tfstate").read_bytes()

    def capture(self, *arguments: str, data_dir: Path, folder: Path | None = None) -> str:
        if arguments != ("state", "list"):
            return super().capture(*arguments, data_dir=data_dir, folder=folder)
        assert folder is not None
        if not (folder / "backend.tf").exists() and not (folder / "terraform.tfstate").exists():
            raise TerraformFailedError(1)  # "No state file was found!"
        return self.in_the_state

    def commands(self) -> list[str]:
        return [call[0] for call in self.calls]


@pytest.fixture
def root(root: Path) -> Path:
    """The repository with a bootstrap configuration."""
    source = root / "terraform/bootstrap"
    source.mkdir()
    (source / "main.tf").write_text("# the buckets\n")
    (source / "policies").mkdir()
    (source / "policies/publish.json").write_text("{}")
    (source / ".terraform.lock.hcl").write_text("# the provider\n")
    return root


@pytest.fixture
def folder(root: Path) -> Path:
    """Where the bootstrap works."""
    return root / f"build/bootstrap/{ACCOUNT}-eu-central-1"


@pytest.fixture
def empty_account(aws: FakeAws) -> FakeAws:
    aws.s3.buckets.clear()
    return aws


@pytest.fixture(autouse=True)
def no_log_role(aws: FakeAws) -> None:
    """API Gateway has no log role yet."""
    aws.others["apigateway"] = FakeService(get_account={})


@pytest.fixture
def terraform(root: Path, aws: FakeAws, stand_in: None) -> FakeTerraform:
    return FakeTerraform(root, dict(os.environ), color=False, aws=aws)


def make(terraform: FakeTerraform, *, yes: bool = True) -> None:
    bootstrap(Deployment(Environment("dev", terraform), terraform.aws), yes=yes)


@pytest.mark.usefixtures("empty_account")
def test_the_first_run_keeps_its_state_beside_it_and_then_moves_it_into_the_bucket_it_made(
    terraform: FakeTerraform, folder: Path, aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    make(terraform)

    assert aws.s3.buckets[BUCKET] == {STATE_KEY: b"a state"}
    assert (folder / "policies/publish.json").exists()
    assert not list(folder.glob("terraform.tfstate*"))
    assert terraform.commands() == ["choose_provider_source", "init", "apply", "init"]
    assert not any("-backend-config" in argument for argument in terraform.calls[1])
    assert f"-backend-config=key={STATE_KEY}" in terraform.calls[3]
    assert f"the bootstrap's state is now s3://{BUCKET}/{STATE_KEY}" in capsys.readouterr().err


def test_a_later_run_finds_its_state_in_the_bucket_and_moves_nothing(
    terraform: FakeTerraform, aws: FakeAws, folder: Path
) -> None:
    aws.s3.buckets[BUCKET][STATE_KEY] = b"an older state"

    make(terraform)

    assert terraform.commands() == ["choose_provider_source", "init", "apply"]
    assert f"-backend-config=key={STATE_KEY}" in terraform.calls[1]
    assert 'backend "s3"' in (folder / "backend.tf").read_text()


@pytest.mark.usefixtures("empty_account")
def test_a_bucket_that_is_gone_is_made_again_from_the_same_checkout(terraform: FakeTerraform, folder: Path) -> None:
    (folder / ".terraform").mkdir(parents=True)
    (folder / ".terraform/terraform.tfstate").write_text('{"backend": {"type": "s3"}}')

    make(terraform)

    assert terraform.commands() == ["choose_provider_source", "init", "apply", "init"]


@pytest.mark.usefixtures("empty_account")
def test_a_run_that_ended_half_way_is_taken_up_with_the_state_that_it_left(
    terraform: FakeTerraform, folder: Path, aws: FakeAws, root: Path
) -> None:
    with pytest.raises(TerraformFailedError):
        make(FakeTerraform(root, dict(os.environ), color=False, aws=aws, fails_at="apply"))
    (folder / "terraform.tfstate").write_text("half of it")
    (folder / "removed.tf").write_text("# no longer in the configuration\n")

    make(terraform)

    assert aws.s3.buckets[BUCKET] == {STATE_KEY: b"a state"}
    assert not (folder / "removed.tf").exists()


def test_terraform_is_told_the_account_the_project_and_the_region(terraform: FakeTerraform) -> None:
    make(terraform)

    applied = terraform.calls[2]
    assert f"-var=allowed_account_ids={json.dumps([ACCOUNT])}" in applied
    assert "-var=project=selador" in applied
    assert "-var=region=eu-central-1" in applied
    assert "-var=log_role_enabled=true" in applied
    assert not [argument for argument in applied if "permissions_boundary" in argument or "-var-file" in argument]


def test_what_the_organization_asks_of_every_role_and_the_accounts_own_values_are_passed_on(
    terraform: FakeTerraform, root: Path
) -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/limits"
    with (root / "terraform/environments/dev.tfvars").open("a") as file:
        file.write(f'permissions_boundary = "{boundary}"\nrole_path = "/answers/"\n')
    own = root / f"terraform/bootstrap/accounts/{ACCOUNT}-eu-central-1.tfvars"
    own.parent.mkdir()
    own.touch()

    make(terraform)

    assert {f"-var=permissions_boundary={boundary}", "-var=role_path=/answers/", f"-var-file={own}"} <= set(
        terraform.calls[2]
    )


OURS = f"arn:aws:iam::{ACCOUNT}:role/answers/selador-api-gateway-logging-eu-central-1"
OTHERS = f"arn:aws:iam::{ACCOUNT}:role/the-platform-teams"


def test_a_log_role_of_somebody_else_is_left_alone_and_that_is_said(
    terraform: FakeTerraform, aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.others["apigateway"] = FakeService(get_account={"cloudwatchRoleArn": OTHERS})

    make(terraform)

    assert "-var=log_role_enabled=false" in terraform.calls[2]
    assert f"{OTHERS} already: it is left alone" in capsys.readouterr().err


def test_the_first_run_leaves_a_log_role_alone_that_was_there_before(
    terraform: FakeTerraform, empty_account: FakeAws, folder: Path
) -> None:
    empty_account.others["apigateway"] = FakeService(get_account={"cloudwatchRoleArn": OTHERS})

    make(terraform)

    assert terraform.commands() == ["choose_provider_source", "init", "apply", "init"]
    assert "-var=log_role_enabled=false" in terraform.calls[2]


def test_a_run_that_was_ended_when_terraform_asked_is_taken_up(
    terraform: FakeTerraform, empty_account: FakeAws, folder: Path
) -> None:
    """The state's file is there from then on, with nothing in it."""
    empty_account.others["apigateway"] = FakeService(get_account={"cloudwatchRoleArn": OTHERS})
    folder.mkdir(parents=True)
    (folder / "terraform.tfstate").touch()

    make(terraform)

    assert terraform.commands() == ["choose_provider_source", "init", "apply", "init"]


def test_a_log_role_that_somebody_put_in_the_place_of_ours_is_forgotten_and_not_taken_away(
    root: Path, aws: FakeAws, stand_in: None
) -> None:
    aws.others["apigateway"] = FakeService(get_account={"cloudwatchRoleArn": OTHERS})
    aws.s3.buckets[BUCKET][STATE_KEY] = b"an older state"
    state = "aws_api_gateway_account.this[0]\naws_iam_role.api_gateway_logging[0]\n"
    terraform = FakeTerraform(root, dict(os.environ), color=False, aws=aws, in_the_state=state)

    make(terraform)

    assert terraform.calls[2] == ("state", "rm", "aws_api_gateway_account.this")
    assert terraform.commands()[3] == "apply"


def test_the_bootstraps_own_log_role_is_kept_up_to_date(terraform: FakeTerraform, aws: FakeAws) -> None:
    aws.others["apigateway"] = FakeService(get_account={"cloudwatchRoleArn": OURS})

    make(terraform)

    assert "-var=log_role_enabled=true" in terraform.calls[2]


def test_a_log_role_that_cannot_be_looked_at_is_no_missing_one(terraform: FakeTerraform, aws: FakeAws) -> None:
    aws.others["apigateway"] = FakeService()

    with pytest.raises(DeployError, match="API Gateway's log role can't be looked at"):
        make(terraform)

    assert terraform.calls == []


@pytest.mark.parametrize("yes", [True, False])
def test_terraform_asks_unless_it_is_told_not_to(terraform: FakeTerraform, yes: bool) -> None:
    make(terraform, yes=yes)

    assert ("-auto-approve" in terraform.calls[2]) == yes


@pytest.mark.usefixtures("empty_account")
def test_a_state_that_did_not_arrive_is_kept_and_its_place_is_told(root: Path, aws: FakeAws, folder: Path) -> None:
    terraform = FakeTerraform(root, dict(os.environ), color=False, aws=aws, moves_the_state=False)

    with pytest.raises(DeployError) as raised:
        make(terraform)

    assert str(raised.value) == (
        f"the bootstrap's state is not in {BUCKET}; it is still in {folder}; run make bootstrap ENV=dev again"
    )
    assert (folder / "terraform.tfstate").exists()


@pytest.mark.parametrize(
    ("file", "line", "made"),
    [
        ("dev.s3.tfbackend", 'bucket = "another"\nkey = "k"\nregion = "eu-central-1"\n', BUCKET),
        ("dev.tfvars", 'artifact_bucket = "another"\n', ARTIFACT_BUCKET),
    ],
)
def test_files_that_name_other_buckets_are_refused_before_anything_is_made(
    root: Path, terraform: FakeTerraform, file: str, line: str, made: str
) -> None:
    path = root / "terraform/environments" / file
    path.write_text(line if file.endswith("tfbackend") else path.read_text() + line)

    with pytest.raises(DeployError) as raised:
        make(terraform)

    assert str(raised.value) == (
        f"terraform/environments/{file} names the bucket another, but the bootstrap makes {made}; write that there"
    )
    assert terraform.calls == []


@pytest.mark.parametrize(
    "error", [client_error("403"), EndpointConnectionError(endpoint_url="http://x")], ids=["denied", "unreachable"]
)
def test_a_bucket_that_cannot_be_looked_at_is_no_missing_one(
    terraform: FakeTerraform, aws: FakeAws, error: Exception
) -> None:
    aws.s3.error = error

    with pytest.raises(DeployError, match="can't be looked at"):
        make(terraform)

    assert terraform.calls == []
