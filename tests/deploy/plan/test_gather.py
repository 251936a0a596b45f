import hashlib
from pathlib import Path

from selador_deploy.deployment import Deployment
from selador_deploy.environment import Environment
from selador_deploy.plan.gather import gather_facts
from selador_deploy.state import open_state

from ..conftest import ACCOUNT, BUCKET, FakeAws, Run


def gathered(dev: Environment, aws: FakeAws) -> dict[str, object]:
    deployment = Deployment(dev, aws)
    return gather_facts(deployment, dev.root / "dist", open_state(deployment)).to_json()


def test_each_fact_comes_from_where_it_is_true(root: Path, dev: Environment, run: Run, aws: FakeAws) -> None:
    run("init", "--env", "dev")

    assert gathered(dev, aws) == {
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


def test_before_the_first_apply_there_is_no_state(root: Path, dev: Environment, run: Run, aws: FakeAws) -> None:
    run("init", "--env", "dev")
    (root / "state.json").write_text("")

    facts = gathered(dev, aws)

    assert (facts["state_lineage"], facts["state_serial"]) == ("", 0)
