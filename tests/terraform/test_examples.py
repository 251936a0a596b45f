"""Each example of terraform/examples, as its README says: copied, applied, planned again, destroyed.

`make test-examples` runs it, against one control plane: the environments of all examples stand in one account.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from .conftest import ARTIFACT_BUCKET, ROOT, Local, local

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

ACCOUNT, KNOWLEDGE_BASE = "123456789012", "LOCALDOCS1"
EXAMPLES = sorted((ROOT / "terraform/examples").glob("*/*.tfvars"))


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """An account that has what the bootstrap makes, and nothing else."""
    with local(tmp_path_factory.mktemp("examples") / "checkout") as copy:
        copy.bootstrap()
        yield copy


def copied(account: Local, folder: str) -> list[Local]:
    """Copy an example's files into the environments, with an account and a knowledge base in the place of the zeros."""
    environments = []
    for file in sorted((account.root / "terraform/examples" / folder).glob("*.tfvars")):
        environment = replace(account, name=file.stem)
        text = file.read_text().replace("000000000000", ACCOUNT).replace('"0000000000"', f'"{KNOWLEDGE_BASE}"')
        environment.variables_file.write_text(text)
        backend = file.with_suffix(".s3.tfbackend").read_text().replace("000000000000", ACCOUNT)
        # The control plane has one host name for all buckets.
        environment.variables_file.with_suffix(".s3.tfbackend").write_text(f"{backend}use_path_style = true\n")
        environments.append(environment)
    return environments


def applied(environment: Local, *release: str) -> None:
    """Apply the environment; a second plan says that nothing is left to do."""
    environment.run("plan", *release)
    environment.run("apply")

    assert left(environment, *release) == []


def left(environment: Local, *release: str) -> list[str]:
    """Return what a plan says is left to do: the addresses of its changes, and the outputs that change."""
    summary = json.loads(environment.run("plan", "--json", *release))
    return [*(change["address"] for change in summary["changes"]), *summary["outputs"]]


def names(account: Local) -> list[str]:
    """Return the names of all functions."""
    return sorted(one["FunctionName"] for one in account.client("lambda").list_functions()["Functions"])


def exists(account: Local) -> dict[str, int]:
    """Return how much there is of each kind of thing that an environment has and the bootstrap has not."""
    return {
        "functions": len(names(account)),
        "queues": len(account.client("sqs").list_queues().get("QueueUrls", [])),
        "APIs": len(account.client("apigatewayv2").get_apis()["Items"]),
        "log groups": len(account.client("logs").describe_log_groups()["logGroups"]),
        "alarms": len(account.client("cloudwatch").describe_alarms()["MetricAlarms"]),
        "topics": len(account.client("sns").list_topics()["Topics"]),
        "roles": len(account.client("iam").list_roles()["Roles"]),
    }


def test_the_smallest_is_applied_planned_empty_and_destroyed(account: Local) -> None:
    before = exists(account)
    (demo,) = copied(account, "smallest")

    demo.run("init")
    applied(demo)
    made = exists(account)
    demo.run("destroy", "--confirm", "demo")

    assert made["functions"] == 2
    assert exists(account) == before


def test_tokens_and_a_domain_of_ones_own_are_applied_planned_empty_and_destroyed(account: Local) -> None:
    before = exists(account)
    (answers,) = copied(account, "jwt-own-domain")
    api = account.client("apigatewayv2")

    answers.run("init")
    applied(answers)
    functions = names(account)
    (domain,) = api.get_domain_names()["Items"]
    answers.run("destroy", "--confirm", "answers")

    assert "selador-answers-authorizer" in functions
    assert domain["DomainName"] == "answers.example.com"
    assert exists(account) == before
    assert api.get_domain_names()["Items"] == []


def test_two_environments_stand_in_one_account_and_one_goes_without_the_other(account: Local) -> None:
    before = exists(account)
    live, test = copied(account, "two-environments")

    for environment in (test, live):
        environment.run("init")
        applied(environment)
    test.run("destroy", "--confirm", "test")
    still = left(live)
    _, refused = live.told("destroy", "--confirm", "live", status=1)
    live.set("protected = false")
    live.run("plan")
    live.run("apply")
    live.run("destroy", "--confirm", "live")

    assert still == []
    assert "live is protected" in refused
    assert exists(account) == before


def test_artifacts_from_a_bucket_need_no_zips_here(account: Local) -> None:
    before = exists(account)
    (acceptance,) = copied(account, "artifacts-from-a-bucket")
    release = ("--release", acceptance.run("publish").split()[-1])
    zips = {file: file.read_bytes() for file in (account.root / "dist").glob("*.zip")}
    for file in zips:
        file.unlink()

    acceptance.run("init")
    applied(acceptance, *release)
    serves = json.loads(acceptance.run("outputs", "--json"))["release"]["value"]
    acceptance.run("destroy", "--confirm", "acceptance", *release)
    for file, content in zips.items():
        file.write_bytes(content)

    assert serves.startswith(release[1])
    assert exists(account) == before
    assert account.client("s3").list_objects_v2(Bucket=ARTIFACT_BUCKET)["KeyCount"] > 0


def test_every_example_is_tried_here() -> None:
    text = (ROOT / "tests/terraform/test_examples.py").read_text()

    assert EXAMPLES
    assert [file.parent.name for file in EXAMPLES if f'copied(account, "{file.parent.name}")' not in text] == []
