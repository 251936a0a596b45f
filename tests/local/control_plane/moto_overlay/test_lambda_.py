"""Lambda's control plane through boto3, against the running server."""

import base64
import hashlib
import io
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ....conftest import STUCK_SECONDS


@pytest.fixture
def lambda_(server: Any) -> Any:
    return server.client("lambda")


def zip_of(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", text)
    return buffer.getvalue()


def sha256(code: bytes) -> str:
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=STUCK_SECONDS) as response:
        body: bytes = response.read()
    return body


FIRST, SECOND = zip_of("first"), zip_of("second")


@pytest.fixture
def create(lambda_: Any, name: str, role_arn: Callable[..., str]) -> Callable[..., dict[str, Any]]:
    def make(statements: Sequence[dict[str, Any]] = (), **settings: Any) -> dict[str, Any]:
        made: dict[str, Any] = lambda_.create_function(
            FunctionName=name,
            Role=role_arn(*statements),
            Handler="handler.handle",
            Runtime="python3.13",
            Code={"ZipFile": FIRST},
            Publish=True,
            **settings,
        )
        return made

    return make


@pytest.fixture
def alias_arn(lambda_: Any, name: str, create: Callable[..., Any]) -> str:
    """The alias `live` of a function with a timeout of 60 s, whose role may work on any queue."""
    create(Timeout=60, statements=[{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}])
    arn: str = lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")["AliasArn"]
    return arn


@pytest.fixture
def queue_arn(server: Any, name: str) -> str:
    """A queue with a visibility timeout of 60 s."""
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    arn: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return arn


class TestFunction:
    def test_logging_config_is_kept(self, lambda_: Any, name: str, create: Callable[..., Any]) -> None:
        config = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN", "LogGroup": "/a/b"}

        create(LoggingConfig=config)

        assert lambda_.get_function(FunctionName=name)["Configuration"]["LoggingConfig"] == config

    def test_snap_start_and_a_key_are_kept_and_can_be_changed(
        self, lambda_: Any, name: str, create: Callable[..., Any]
    ) -> None:
        create(SnapStart={"ApplyOn": "PublishedVersions"})
        assert lambda_.get_function_configuration(FunctionName=name)["SnapStart"]["ApplyOn"] == "PublishedVersions"

        key = "arn:aws:kms:us-east-1:123456789012:key/k"
        lambda_.update_function_configuration(FunctionName=name, SnapStart={"ApplyOn": "None"}, KMSKeyArn=key)

        changed = lambda_.get_function_configuration(FunctionName=name)
        assert (changed["SnapStart"]["ApplyOn"], changed["KMSKeyArn"]) == ("None", key)

    def test_logging_config_has_aws_default(self, name: str, create: Callable[..., Any]) -> None:
        assert create()["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}

    def test_updates_of_settings_are_kept(self, lambda_: Any, name: str, create: Callable[..., Any]) -> None:
        create()
        changes = {
            "LoggingConfig": {"LogFormat": "JSON", "LogGroup": f"/aws/lambda/{name}"},
            "TracingConfig": {"Mode": "Active"},
            "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dlq"},
            "EphemeralStorage": {"Size": 1024},
        }

        lambda_.update_function_configuration(FunctionName=name, **changes)

        assert changes.items() <= lambda_.get_function_configuration(FunctionName=name).items()

    @pytest.mark.parametrize("qualifier", [None, "$LATEST", "1", "live"])
    def test_the_code_can_be_fetched_by_every_qualifier(
        self, lambda_: Any, name: str, alias_arn: str, qualifier: str | None
    ) -> None:
        found = lambda_.get_function(FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))

        assert fetch(found["Code"]["Location"]) == FIRST
        assert found["Configuration"]["CodeSha256"] == sha256(FIRST)

    def test_a_location_can_not_be_guessed(self, server: Any) -> None:
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetch(f"{server.endpoint}/_selador/code/guess")

        assert refused.value.code == 404
        refused.value.close()

    def test_an_alias_is_shown_by_its_own_arn(self, lambda_: Any, name: str, alias_arn: str) -> None:
        found = lambda_.get_function(FunctionName=name, Qualifier="live")["Configuration"]

        assert (found["FunctionArn"], found["Version"]) == (alias_arn, "1")

    def test_an_invocation_without_a_data_plane_says_so(
        self, lambda_: Any, name: str, create: Callable[..., Any]
    ) -> None:
        create()

        with pytest.raises(ClientError, match="the data plane, which runs functions, gives no answer"):
            lambda_.invoke(FunctionName=name)

    def test_a_function_that_does_not_exist_is_not_invoked(self, lambda_: Any, name: str) -> None:
        with pytest.raises(lambda_.exceptions.ResourceNotFoundException):
            lambda_.invoke(FunctionName=name)


class TestVersions:
    def test_publishing_the_same_bytes_makes_no_new_version(
        self, lambda_: Any, name: str, create: Callable[..., Any]
    ) -> None:
        """Equal bytes have an equal hash (LAM-48)."""
        create()

        again = lambda_.update_function_code(FunctionName=name, ZipFile=FIRST, Publish=True)

        assert again["Version"] == "1"
        assert lambda_.publish_version(FunctionName=name)["Version"] == "1"

    def test_new_bytes_make_a_version_and_leave_the_old_one_alone(
        self, lambda_: Any, name: str, create: Callable[..., Any]
    ) -> None:
        create()

        published = lambda_.update_function_code(FunctionName=name, ZipFile=SECOND, Publish=True)

        assert (published["Version"], published["CodeSha256"]) == ("2", sha256(SECOND))
        old = lambda_.get_function(FunctionName=name, Qualifier="1")
        assert old["Configuration"]["CodeSha256"] == sha256(FIRST)
        assert fetch(old["Code"]["Location"]) == FIRST

    def test_the_number_of_a_deleted_version_is_not_given_again(
        self, lambda_: Any, name: str, create: Callable[..., Any]
    ) -> None:
        create()
        assert lambda_.update_function_code(FunctionName=name, ZipFile=SECOND, Publish=True)["Version"] == "2"
        lambda_.delete_function(FunctionName=name, Qualifier="1")

        assert lambda_.update_function_code(FunctionName=name, ZipFile=FIRST, Publish=True)["Version"] == "3"

        found = lambda_.get_function(FunctionName=name, Qualifier="3")["Configuration"]
        assert (found["Version"], found["CodeSha256"]) == ("3", sha256(FIRST))

    def test_a_new_setting_makes_a_version(self, lambda_: Any, name: str, create: Callable[..., Any]) -> None:
        create()

        lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": {"AB": "c"}})

        assert lambda_.publish_version(FunctionName=name)["Version"] == "2"


class TestEventSourceMapping:
    def test_a_mapping_keeps_its_alias(self, lambda_: Any, alias_arn: str, queue_arn: str) -> None:
        """It invokes the alias, not the version behind it (ESM-30)."""
        made = lambda_.create_event_source_mapping(
            FunctionName=alias_arn,
            EventSourceArn=queue_arn,
            BatchSize=1,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig={"MaximumConcurrency": 5},
        )

        found = lambda_.get_event_source_mapping(UUID=made["UUID"])
        assert (found["FunctionArn"], found["State"]) == (alias_arn, "Enabled")
        assert found["ScalingConfig"] == {"MaximumConcurrency": 5}

    def test_an_update_keeps_the_alias(self, lambda_: Any, alias_arn: str, queue_arn: str) -> None:
        made = lambda_.create_event_source_mapping(FunctionName=alias_arn, EventSourceArn=queue_arn)

        updated = lambda_.update_event_source_mapping(UUID=made["UUID"], FunctionName=alias_arn, BatchSize=2)

        assert (updated["FunctionArn"], updated["BatchSize"]) == (alias_arn, 2)

    @pytest.mark.parametrize("named_by", ["{name}", "{name}:live"])
    def test_a_function_may_be_named_without_its_arn(
        self, lambda_: Any, name: str, alias_arn: str, queue_arn: str, named_by: str
    ) -> None:
        function = named_by.format(name=name)

        made = lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=queue_arn)

        assert made["FunctionArn"] == f"arn:aws:lambda:us-east-1:123456789012:function:{function}"

    def test_mappings_are_found_by_the_alias_that_they_name(self, lambda_: Any, alias_arn: str, queue_arn: str) -> None:
        uuid = lambda_.create_event_source_mapping(EventSourceArn=queue_arn, FunctionName=alias_arn)["UUID"]
        name = alias_arn.split(":")[6]

        def found(function: str) -> list[str]:
            mappings = lambda_.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
            return [mapping["UUID"] for mapping in mappings]

        assert found(f"{name}:live") == found(alias_arn) == [uuid]
        assert found(name) == []

    def test_a_function_has_one_mapping_per_queue(self, lambda_: Any, alias_arn: str, queue_arn: str) -> None:
        lambda_.create_event_source_mapping(FunctionName=alias_arn, EventSourceArn=queue_arn)

        with pytest.raises(ClientError, match="already has"):
            lambda_.create_event_source_mapping(FunctionName=alias_arn, EventSourceArn=queue_arn)

    def test_a_send_does_not_invoke_the_function(
        self, server: Any, lambda_: Any, name: str, alias_arn: str, queue_arn: str
    ) -> None:
        sqs = server.client("sqs")
        lambda_.create_event_source_mapping(FunctionName=alias_arn, EventSourceArn=queue_arn)
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]

        sqs.send_message(QueueUrl=url, MessageBody="for the data plane")

        [message] = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
        assert message["Attributes"]["ApproximateReceiveCount"] == "1"


def test_the_accounts_concurrency_is_what_functions_leave_of_it(
    lambda_: Any, name: str, create: Callable[..., Any]
) -> None:
    create()
    before = lambda_.get_account_settings()

    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=7)

    after = lambda_.get_account_settings()
    assert after["AccountLimit"]["ConcurrentExecutions"] == 1_000
    unreserved = [found["AccountLimit"]["UnreservedConcurrentExecutions"] for found in (before, after)]
    assert unreserved[0] - unreserved[1] == 7
    assert after["AccountUsage"]["FunctionCount"] == before["AccountUsage"]["FunctionCount"] > 0


def test_the_accounts_concurrency_is_that_of_the_stack(small_account: Any) -> None:
    limits = small_account.client("lambda").get_account_settings()["AccountLimit"]

    assert (limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]) == (10, 10)


def test_a_reservation_of_nothing_is_told_by_the_alias_too(lambda_: Any, name: str, alias_arn: str) -> None:
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)

    for asked in (name, alias_arn):
        found = lambda_.get_function(FunctionName=asked)
        assert found["Concurrency"] == {"ReservedConcurrentExecutions": 0}
