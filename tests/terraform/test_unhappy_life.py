"""The unhappy half of an environment's life, by the commands, against a local control plane.

Planned in one job and applied in another, from a second checkout; an API that is opened; another Region; protection
written in another way; a plan that is swapped; a queue deleted by hand; an apply that is killed. The tests go on from
each other.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from selador_deploy.environment import Environment
from selador_deploy.plan.bundle import read_bundle, write_bundle
from selador_deploy.terraform import Terraform

from ..patience import COMMAND_SECONDS
from .conftest import ARTIFACT_BUCKET, Local, local

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

QUEUE = "module.queue.aws_sqs_queue.this"


@pytest.fixture(scope="module")
def first_job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """The checkout that plans, in an account that has nothing but what the bootstrap makes."""
    with local(tmp_path_factory.mktemp("first") / "job") as copy:
        copy.bootstrap()
        add(copy, f'artifact_bucket = "{ARTIFACT_BUCKET}"', 'authorization = "iam"')
        yield copy


@pytest.fixture(scope="module")
def environment(first_job: Local, tmp_path_factory: pytest.TempPathFactory) -> Local:
    """The checkout that applies. It has the same commit, and neither artifacts nor anything that was fetched."""
    copy = first_job.checkout(tmp_path_factory.mktemp("second") / "job")
    shutil.copy(first_job.variables_file, copy.variables_file)
    return copy


def add(copy: Local, *lines: str) -> None:
    with copy.variables_file.open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


@contextlib.contextmanager
def variables(copy: Local, change: tuple[str, str]) -> Iterator[None]:
    """Have other values for a while."""
    text = copy.variables_file.read_text()
    assert change[0] in text
    copy.variables_file.write_text(text.replace(*change))
    try:
        yield
    finally:
        copy.variables_file.write_text(text)


def test_what_one_job_plans_another_applies_though_the_first_ones_folder_and_the_files_mode_are_gone(
    first_job: Local, environment: Local
) -> None:
    first_job.run("init")
    release = first_job.run("publish").split()[-1]
    _, last = first_job.told("plan", "--release", release)
    (sha256,) = re.findall(r"PLAN=([0-9a-f]{64})", last)
    environment.run("init")
    carried = environment.root / "build/local.plan"
    shutil.copy(first_job.root / "build/local.plan", carried)
    carried.chmod(0o644)
    shutil.rmtree(first_job.root)

    _, refused = environment.told("apply", status=1)
    _, foreign = environment.told("apply", "--plan", "0" * 64, status=1)
    environment.run("apply", "--plan", sha256)

    assert "mode 644, not 600" in refused
    assert f"is {sha256}, not 0000" in foreign
    assert environment.client("sqs").get_queue_url(QueueName="selador-local-requests")
    deployed = environment.client("lambda").get_function_configuration(FunctionName="selador-local-main")
    manifest = json.loads(next((environment.root / "build/releases").glob("*/manifest.json")).read_text())
    assert deployed["CodeSha256"] == manifest["artifacts"]["main"]["sha256Base64"]
    assert not carried.exists()


@pytest.fixture
def release(environment: Local) -> str:
    """What is deployed."""
    (fetched,) = (environment.root / "build/releases").iterdir()
    return fetched.name


def test_a_plan_that_opens_the_api_begins_with_that(environment: Local, release: str) -> None:
    with variables(environment, ('authorization = "iam"', 'authorization = "none"')):
        said = environment.run("plan", "--release", release)
        shown = environment.run("show")
        summary = json.loads(environment.run("plan", "--release", release, "--json"))

    for lines in (said.splitlines(), shown.splitlines()):
        assert lines[0].startswith('local: WARNING authorization is "none": ANYONE who learns the URL may connect')
        assert any(line.startswith("OPENS THE API to anybody") and "AWS_IAM → NONE" in line for line in lines[:3])
    assert summary["warnings"][0].startswith('authorization is "none"')
    assert len(summary["opens"]) == 1


def test_a_change_of_tags_takes_no_permission_away(environment: Local, release: str) -> None:
    with variables(environment, ('environment         = "local"', 'environment = "local"\ntags = { team = "a" }')):
        summary = json.loads(environment.run("plan", "--release", release, "--json"))

    assert [change["address"] for change in summary["changes"] if change["iam"]["removed"]] == []
    assert summary["widens"] == []


def test_a_plan_that_fails_ends_with_its_error_told_once_with_file_and_line(environment: Local, release: str) -> None:
    add(environment, 'log_level = "LOUD"')
    number = len(environment.variables_file.read_text().splitlines())

    try:
        done = subprocess.run(
            environment.command("plan", "--release", release),
            env=environment.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
    finally:
        text = environment.variables_file.read_text()
        environment.variables_file.write_text(text.replace('log_level = "LOUD"\n', ""))

    assert done.returncode == 1
    assert done.stdout == ""
    place = f"terraform/environments/local.tfvars:{number}"
    assert done.stderr.splitlines()[-1].startswith(f'deploy: {place}: Invalid value for variable: log_level is "LOUD"')
    assert done.stderr.count("LOUD") == 1


def test_another_region_is_refused_before_it_is_planned(environment: Local, release: str) -> None:
    with variables(environment, ('= "us-east-1"', '= "eu-central-1"')):
        _, said = environment.told("plan", "--release", release, status=3)

    assert "what exists of local is in us-east-1" in said


@pytest.mark.parametrize("line", ["protected = true // never", "protected = true /* never */", "  protected = (true)"])
def test_protection_protects_however_it_is_written(environment: Local, line: str) -> None:
    text = environment.variables_file.read_text()
    add(environment, line)

    _, said = environment.told("destroy", "--confirm", "local", status=1)
    environment.variables_file.write_text(text)

    assert "local is protected" in said
    assert environment.client("sqs").get_queue_url(QueueName="selador-local-requests")


def test_a_plan_swapped_for_a_teardown_with_its_hash_recomputed_is_refused(environment: Local, release: str) -> None:
    environment.run("plan", "--release", release)
    swap_for_a_teardown(environment)

    _, said = environment.told("apply", status=1)

    assert "it destroys for no reason in the configuration: " in said
    assert environment.client("sqs").get_queue_url(QueueName="selador-local-requests")


def swap_for_a_teardown(environment: Local) -> None:
    """Put the plan to destroy everything in the saved plan's place, with all facts and its own hash."""
    found = Environment("local", Terraform(environment.root, environment.environ, color=False))
    bundle = read_bundle(found.bundle_file, "local")
    teardown = environment.root / "build/teardown"
    variables = found.variable_arguments(environment.root / bundle.dist)
    found.terraform.capture("plan", "-destroy", f"-out={teardown}", *variables, data_dir=found.data_dir)
    write_bundle(found.bundle_file, replace(bundle, plan=teardown.read_bytes()))


def test_a_queue_deleted_by_hand_is_named_first_and_made_again_only_if_that_is_said(
    environment: Local, release: str
) -> None:
    sqs = environment.client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="selador-local-requests")["QueueUrl"])

    said, refused = environment.told("plan", "--release", release, status=3)
    environment.run("plan", "--release", release, "--allow-destroy", QUEUE)
    environment.run("apply")

    assert f"gone since the last apply:\n  STATEFUL {QUEUE}\n" in said
    assert said.index("gone since") < said.index("to destroy")
    assert f"ALLOW_DESTROY='{QUEUE}'" in refused
    assert sqs.get_queue_url(QueueName="selador-local-requests")


def test_destroy_says_what_goes_before_it_goes(environment: Local, release: str) -> None:
    said, _ = environment.told("destroy", "--confirm", "local", "--release", release)

    assert f"  STATEFUL {QUEUE}\n" in said
    assert said.index("to destroy") < said.index("Apply complete")
    assert environment.client("sqs").list_queues().get("QueueUrls", []) == []


def test_after_an_apply_was_killed_its_orphans_are_named_adopted_and_the_rest_is_made(
    environment: Local, release: str
) -> None:
    environment.run("plan", "--release", release)
    kill_in_mid_apply(environment)
    _, locked = environment.told("plan", "--release", release, status=1)
    environment.run("unlock", "--lock", re.findall(r"LOCK=(\S+)", locked)[0])

    named, refused = environment.told("plan", "--release", release, status=1)
    adopting = json.loads(environment.run("plan", "--release", release, "--adopt", "--json"))
    environment.run("apply")

    assert "exists already, in no state:\n" in named
    assert "ADOPT=1" in refused
    assert adopting["adopts"]
    assert adopting["orphans"] == {}
    assert adopting["totals"]["destroy"] == adopting["totals"]["replace"] == 0
    assert json.loads(environment.run("plan", "--release", release, "--json"))["changes"] == []


def kill_in_mid_apply(environment: Local) -> None:
    """Kill Terraform and all with it when the main function is there, and the queue's 25 s have not passed."""
    apply = subprocess.Popen(
        environment.command("apply"),
        env=environment.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    lambda_, ends = environment.client("lambda"), time.monotonic() + COMMAND_SECONDS
    try:
        while not lambda_.list_functions()["Functions"]:
            assert apply.poll() is None, "the apply ended by itself"
            assert time.monotonic() < ends, f"the apply has made no function in {COMMAND_SECONDS} s"
            time.sleep(0.2)
    finally:
        os.killpg(apply.pid, signal.SIGKILL)
        apply.wait()


def test_an_environment_whose_state_is_lost_is_adopted_as_it_is(environment: Local, release: str) -> None:
    """Each kind of thing that has a name is found, the key, and an API's routes once the API is."""
    add(environment, "customer_managed_key_enabled = true")
    environment.run("plan", "--release", release)
    environment.run("apply")
    environment.terraform("state", "rm", *environment.managed())

    summary = json.loads(environment.run("plan", "--release", release, "--adopt", "--json"))
    environment.run("apply")

    def types(action: str) -> set[str]:
        changes = (change for change in summary["changes"] if change["action"] == action)
        return {change["address"].split("[")[0].split(".")[-2] for change in changes}

    assert types("create") == {
        "aws_apigatewayv2_deployment",
        "aws_apigatewayv2_integration",
        "aws_cloudwatch_composite_alarm",
        "aws_cloudwatch_dashboard",
        "aws_cloudwatch_metric_alarm",
        "aws_iam_role_policies_exclusive",
        "terraform_data",
    }
    assert types("replace") == types("destroy") == set()
    assert json.loads(environment.run("plan", "--release", release, "--json"))["changes"] == []
