from pathlib import Path

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    SSOTokenLoadError,
)

from selador_deploy.account import check_caller, client_maker, translated
from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError

from .conftest import ACCOUNT, Calls, FakeAws, FakeSts, Run, client_error


@pytest.mark.parametrize("command", [["init"], ["plan"], ["drift"], ["destroy", "--confirm", "dev"]])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "there are no AWS credentials; run aws sso login, or set AWS_PROFILE"),
        (client_error("ExpiredToken"), "the AWS session has expired; sign in again and try again"),
    ],
    ids=["none", "expired"],
)
def test_without_credentials_that_work_one_line_says_so_and_terraform_is_not_run(
    run: Run,
    aws: FakeAws,
    calls: Calls,
    command: list[str],
    error: Exception,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run("init", "--env", "dev")
    before, _ = calls(), capsys.readouterr()
    aws.sts.error = error

    assert run(command[0], "--env", "dev", *command[1:]) == 1

    assert capsys.readouterr().err == f"deploy: {said}\n"
    assert calls() == before


def test_another_account_is_refused_with_both_and_where_it_is_written(
    run: Run, aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    capsys.readouterr()
    aws.sts.account = "444455556666"

    assert run("plan", "--env", "dev") == 1

    assert capsys.readouterr().err == (
        "deploy: the credentials are for account 444455556666, but dev is in 111122223333 "
        "(terraform/environments/dev.tfvars); set AWS_PROFILE to the right one\n"
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SSOTokenLoadError(error_msg="gone"), "the AWS session has expired; run aws sso login and try again"),
        (client_error("InvalidClientTokenId"), "AWS does not accept the credentials: An error occurred"),
        (EndpointConnectionError(endpoint_url="http://x"), "AWS can't be asked who is calling: Could not connect"),
    ],
    ids=["sso", "invalid", "unreachable"],
)
def test_what_keeps_a_caller_from_being_known_is_told_apart(dev: Environment, error: Exception, said: str) -> None:
    sts = FakeSts()
    sts.error = error

    with pytest.raises(DeployError) as raised:
        check_caller(sts, dev)  # type: ignore[arg-type]

    assert str(raised.value).startswith(said)


def test_the_account_of_the_right_caller_is_returned(dev: Environment) -> None:
    assert check_caller(FakeSts(), dev) == ACCOUNT  # type: ignore[arg-type]


def test_a_profile_that_does_not_exist_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")

    with pytest.raises(DeployError, match=r"no-such-profile.*; set AWS_PROFILE to a profile that exists"):
        client_maker(lambda: "eu-central-1")("sts")


def test_clients_are_made_for_the_environments_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)

    assert client_maker(lambda: "eu-central-1")("sqs").meta.region_name == "eu-central-1"


def test_what_aws_says_becomes_the_cause_of_our_own_error() -> None:
    denied: ClientError = client_error("AccessDenied")

    with pytest.raises(DeployError) as raised, translated("s3://b can't be read", "ask for access"):
        raise denied

    assert raised.value.__cause__ is denied
    assert str(raised.value) == f"s3://b can't be read: {denied}; ask for access"
