import hashlib
import os
from pathlib import Path

from selador_deploy.deployment import Deployment
from selador_deploy.environment import Environment
from selador_deploy.plan.gather import gather_facts
from selador_deploy.terraform import Terraform

from ..conftest import ACCOUNT, BUCKET, FakeAws, Run


def gathered(root: Path, aws: FakeAws) -> dict[str, object]:
    environ = {**os.environ, "STAND_IN_STATUS": "0", "TF_CLI_CONFIG_FILE": str(root / "cli.tfrc")}
    terraform = Terraform(root, environ, color=False)
    return gather_facts(Deployment(Environment("dev", root), terraform, aws), root / "dist").to_json()


def test_each_fact_comes_from_where_it_is_true(root: Path, run: Run, aws: FakeAws) -> None:
    run("init", "--env", "dev")

    assert gathered(root, aws) == {
        "environment": "dev",
        "workspace": "dev",
        "account_id": ACCOUNT,
        "backend": f"s3://{BUCKET}/selador.tfstate (eu-central-1)",
        "state_lineage": "a-lineage",
        "state_serial": 7,
        "commit": "",
        "uncommitted": "",
        "variables_sha256": hashlib.sha256((root / "terraform/environments/dev.tfvars").read_bytes()).hexdigest(),
        "artifacts": {
            "main": hashlib.sha256(b"main").hexdigest(),
            "websocket_handler": hashlib.sha256(b"handler").hexdigest(),
        },
        "terraform_version": "1.11.4",
        "provider_version": "5.100.0",
    }


def test_before_the_first_apply_there_is_no_state(root: Path, run: Run, aws: FakeAws) -> None:
    run("init", "--env", "dev")
    (root / "state.json").write_text("")

    facts = gathered(root, aws)

    assert (facts["state_lineage"], facts["state_serial"]) == ("", 0)
