"""Record what planning, deploying and publishing ask of AWS: `python -m tests.terraform.record`.

An environment lives its life on the laptop's control plane, by roles that may do anything. What they did is written to
terraform/bootstrap/policies/recorded-calls.json, with names and ids replaced by what they stand for.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selador_local.control_plane_client.client import ControlPlane

from .conftest import ROOT, Local, local
from .life import ACTORS, ENVIRONMENT, WITHOUT_BOUNDARY, Organization, as_role, lead, stands
from .names import generalized

OBSERVED = ROOT / "build/observed-calls.json"
"""The calls as they were."""

FILE = ROOT / "terraform/bootstrap/policies/recorded-calls.json"
_ALLOW_ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
_TRUST_ACCOUNT = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "sts:AssumeRole",
    },
}


def record(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Lead an environment's life; return each actor's calls."""
    with local(folder) as account:
        account.bootstrap()
        organization = Organization.of(account)
        arns = {actor: _almighty_role(account, actor) for actor in ACTORS}
        roles = {actor: as_role(account, arn) for actor, arn in arns.items()}
        try:
            _live(account, roles, organization)
        finally:  # even half a life is worth a look
            calls = _observed(account)
            OBSERVED.parent.mkdir(exist_ok=True)
            OBSERVED.write_text(json.dumps(calls, indent=1), encoding="utf-8")
        return {
            actor: generalized([call for call in calls if call["roleArn"] == arn], organization.key_arn)
            for actor, arn in arns.items()
        }


def _live(account: Local, roles: Mapping[str, Local], organization: Organization) -> None:
    roles["deploy"].run("init")
    for stand in (*stands(organization), WITHOUT_BOUNDARY):
        sys.stderr.write(f"recording: {stand.name}\n")
        lead(account, roles, stand)
        roles["plan"].run("init")
    for actor in ("plan", "deploy"):
        roles[actor].run("drift")
    roles["deploy"].run("destroy", "--confirm", ENVIRONMENT)


def _almighty_role(account: Local, actor: str) -> str:
    iam, name = account.client("iam"), f"recorded-{actor}"
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST_ACCOUNT))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=json.dumps(_ALLOW_ALL))
    return arn


def _observed(account: Local) -> list[dict[str, Any]]:
    control_plane = ControlPlane(
        account.endpoint,
        "us-east-1",
        "123456789012",
        account.environ["AWS_ACCESS_KEY_ID"],
        account.environ["AWS_SECRET_ACCESS_KEY"],
    )
    calls: list[dict[str, Any]] = control_plane.ask("observed-calls", {})["calls"]
    return calls


def main() -> None:
    """Record, and write the file."""
    with tempfile.TemporaryDirectory() as folder:
        recorded = record(Path(folder) / "repository")
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"wrote {FILE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
