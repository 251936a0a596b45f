"""Every name in every Region, for every length of project and environment: it fits its limit, or is refused by name.

Names come from what was recorded of an environment's life, and from the resources of the bootstrap.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import botocore.session
import pytest

from selador_deploy import hcl

ROOT = Path(__file__).parents[2]
RECORDED = json.loads((ROOT / "terraform/bootstrap/policies/recorded-calls.json").read_text())
LONGEST_PROJECT, LONGEST_ENVIRONMENT = 20, 16
"""What the variables take, in characters."""

LIMITS = {
    r":alias/(.+)": 249,
    r":alarm:(.+)": 255,
    r":dashboard/(.+)": 255,
    r":function:([^:]+)": 64,
    r":log-group:([^:]+)": 512,
    r":role(?:/|\$\{role_path\})(?:.*/)?([^/]+)": 64,
    r":s3:::([^/]+)": 63,
    r":sns:[^:]*:[^:]*:([^:]+)": 256,
    r":sqs:[^:]*:[^:]*:([^:]+)": 80,
    r"/stages/([^/]+)": 128,
}
"""What AWS allows: how a name stands in an ARN, and its limit in characters."""

NAMES_OF_THE_BOOTSTRAP = {"aws_iam_policy": 128, "aws_iam_role": 64}

_MEANT = {
    "${main}": "${project}-${environment}-main",
    "${queue}": "${project}-${environment}-requests",
    "${stage}": "${environment}",
    "${websocket_handler}": "${project}-${environment}-websocket-handler",
    "${account}": "1" * 12,
}


@dataclass(frozen=True)
class Length:
    """How long a name is: so many characters, and so many times project, environment and Region."""

    name: str
    limit: int
    characters: int
    projects: int
    environments: int
    regions: int

    @classmethod
    def of(cls, name: str, limit: int) -> "Length":
        for placeholder, meant in _MEANT.items():
            name = name.replace(placeholder, meant)
        counts = [name.count(f"${{{one}}}") for one in ("project", "environment", "region")]
        rest = re.sub(r"\$\{(project|environment|region)\}", "", name)
        assert "$" not in rest, name
        return cls(name, limit, len(rest), *counts)

    def excess(self, project: int, environment: int, region: int) -> int:
        length = self.characters + self.projects * project + self.environments * environment + self.regions * region
        return length - self.limit


def recorded_names() -> Iterator[Length]:
    alarms = [f"${{project}}-${{environment}}-{runbook.stem}" for runbook in (ROOT / "docs/runbooks").glob("*.md")]
    yield from (Length.of(name, 255) for name in alarms)
    for resource in {call["resource"] for calls in RECORDED.values() for call in calls}:
        for pattern, limit in LIMITS.items():
            found = re.search(pattern, resource)
            if found and found[1] != "*":
                yield Length.of(found[1], limit)


def names_of_the_bootstrap() -> Iterator[Length]:
    policies = [file.stem for file in (ROOT / "terraform/bootstrap/policies").glob("*-*.json")]
    keys = {"aws_iam_policy": policies, "aws_iam_role": ["deploy", "plan"]}
    for file in (ROOT / "terraform/bootstrap").glob("*.tf"):
        for blocks in hcl.read(file.read_text()).get("resource", []):
            for kind, resources in blocks.items():
                for body in resources.values():
                    if kind in NAMES_OF_THE_BOOTSTRAP:
                        written = str(body["name"]).replace("data.aws_region.current.id", "region")
                        written = written.replace("var.project", "project").replace("local._region", "region")
                        for key in keys[kind]:
                            name = written.replace("each.key", "environment}-" + key + "${").replace("${}", "")
                            yield Length.of(name, NAMES_OF_THE_BOOTSTRAP[kind])


NAMES = sorted({*recorded_names(), *names_of_the_bootstrap()}, key=lambda one: one.name)


def regions() -> set[str]:
    """Return every Region that botocore knows, in every partition."""
    session = botocore.session.get_session()
    return {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition_name=partition)
    }


def is_refused(name: Length, project: int, environment: int, region: int) -> bool:
    """Say whether Terraform refuses it: modules/function counts a role's name, the bootstrap its state bucket's."""
    if name.name.endswith("-${region}") and name.limit == 64 and "-websocket-handler-" in name.name:
        return project + 1 + environment + len("-websocket-handler") + region >= 64
    return name.limit == 63 and project + region > 33


def test_every_kind_of_name_is_looked_at() -> None:
    limits = {name.limit for name in NAMES}

    assert limits == {*LIMITS.values(), *NAMES_OF_THE_BOOTSTRAP.values()}
    assert len(regions()) >= 40


def test_a_name_that_is_too_long_anywhere_is_refused() -> None:
    lengths = {len(region) for region in regions()}
    inputs = list(product(range(1, LONGEST_PROJECT + 1), range(1, LONGEST_ENVIRONMENT + 1), lengths))

    too_long = {
        name.name for name in NAMES for given in inputs if name.excess(*given) > 0 and not is_refused(name, *given)
    }

    assert too_long == set()


@pytest.mark.parametrize("limit", [63, 64])
def test_nothing_is_refused_that_fits(limit: int) -> None:
    lengths = {len(region) for region in regions()}
    inputs = product(range(1, LONGEST_PROJECT + 1), range(1, LONGEST_ENVIRONMENT + 1), lengths)
    longest = {63: "terraform-state", 64: "websocket-handler-${region}"}[limit]
    names = [name for name in NAMES if name.limit == limit and longest in name.name]

    assert names
    for given in inputs:
        assert any(is_refused(name, *given) for name in names) == any(name.excess(*given) > 0 for name in names), given
