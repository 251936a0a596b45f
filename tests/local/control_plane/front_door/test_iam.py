"""Who may do what: signatures, roles and policies, against the running server."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    code: str = error.value.response["Error"]["Code"]
    return code


@pytest.fixture
def queue(server: Any, name: str) -> Iterator[str]:
    sqs = server.client("sqs")
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def allow_send(resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": resource}


def queue_arn(name: str) -> str:
    return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"


class TestAuthentication:
    @pytest.mark.parametrize(
        ("service", "operation", "code"),
        [
            ("sqs", "list_queues", "UnrecognizedClientException"),
            ("lambda", "list_functions", "UnrecognizedClientException"),
            ("iam", "list_users", "InvalidClientTokenId"),
            ("s3", "list_buckets", "InvalidAccessKeyId"),
        ],
    )
    def test_unknown_keys_are_refused(self, server: Any, service: str, operation: str, code: str) -> None:
        client = server.client(service, aws_access_key_id="AKIAUNKNOWNUNKNOWN00", aws_secret_access_key="x" * 40)

        with pytest.raises(ClientError, match="is unknown here") as refused:
            getattr(client, operation)()

        assert code_of(refused) == code

    @pytest.mark.parametrize("service", ["sqs", "s3"])
    def test_a_wrong_secret_is_refused(self, server: Any, service: str) -> None:
        client = server.client(service, aws_access_key_id=server.access_key_id, aws_secret_access_key="x" * 40)

        with pytest.raises(ClientError, match="signature"):
            client.list_queues() if service == "sqs" else client.list_buckets()

    def test_a_session_needs_its_token(self, server: Any, role_arn: Callable[..., str]) -> None:
        lent = server.lend(role_arn())
        client = server.client("sts", **{**lent, "aws_session_token": "another"})

        with pytest.raises(ClientError) as refused:
            client.get_caller_identity()

        assert code_of(refused) == "InvalidClientTokenId"

    def test_an_inactive_key_is_refused(self, server: Any, name: str) -> None:
        iam = server.client("iam")
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        sts = server.client("sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
        assert sts.get_caller_identity()["Arn"].endswith(name)

        iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")

        with pytest.raises(ClientError):
            sts.get_caller_identity()

    def test_s3_keys_with_odd_characters_are_signed_as_they_are(self, server: Any, name: str) -> None:
        s3 = server.client("s3")
        s3.create_bucket(Bucket=name)

        s3.put_object(Bucket=name, Key="env:/local/a b+c%2F=é.tfstate", Body=b"state")

        assert s3.get_object(Bucket=name, Key="env:/local/a b+c%2F=é.tfstate")["Body"].read() == b"state"


class TestAuthorization:
    def test_a_role_may_do_what_its_policy_says_and_nothing_else(
        self, server: Any, name: str, queue: str, role_arn: Callable[..., str]
    ) -> None:
        sqs = server.client("sqs", **server.lend(role_arn(allow_send(queue_arn(name)))))

        sqs.send_message(QueueUrl=queue, MessageBody="allowed")

        with pytest.raises(ClientError, match=f"sqs:ReceiveMessage on resource: {queue_arn(name)}") as refused:
            sqs.receive_message(QueueUrl=queue)
        assert code_of(refused) == "AccessDeniedException"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403

    def test_resources_are_checked(self, server: Any, name: str, queue: str, role_arn: Callable[..., str]) -> None:
        sqs = server.client("sqs", **server.lend(role_arn(allow_send(queue_arn("another")))))

        with pytest.raises(ClientError, match="not authorized"):
            sqs.send_message(QueueUrl=queue, MessageBody="refused")

    def test_a_batch_needs_the_permission_of_its_single_call(
        self, server: Any, name: str, queue: str, role_arn: Callable[..., str]
    ) -> None:
        sqs = server.client("sqs", **server.lend(role_arn(allow_send(queue_arn(name)))))

        answer = sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": "1", "MessageBody": "a"}])

        assert len(answer["Successful"]) == 1

    def test_an_explicit_deny_wins(self, server: Any, name: str, queue: str, role_arn: Callable[..., str]) -> None:
        deny = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
        sqs = server.client("sqs", **server.lend(role_arn(allow_send("*"), deny)))

        with pytest.raises(ClientError, match="not authorized"):
            sqs.send_message(QueueUrl=queue, MessageBody="refused")

    def test_a_queues_tls_only_policy_does_not_refuse_this_endpoint(self, server: Any, queue: str) -> None:
        """Such a policy (SQS-32) is about the network, and this endpoint is plain HTTP on one machine."""
        sqs = server.client("sqs")
        tls_only = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
        condition = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{**tls_only, **condition}]})

        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})

        assert sqs.send_message(QueueUrl=queue, MessageBody="still allowed")["MessageId"]

    def test_a_queues_own_policy_can_grant_and_refuse(
        self, server: Any, name: str, queue: str, role_arn: Callable[..., str]
    ) -> None:
        role = role_arn()
        sqs = server.client("sqs", **server.lend(role))
        statement = {"Principal": {"AWS": role}, "Action": "sqs:SendMessage", "Resource": "*"}

        def set_policy(effect: str) -> None:
            policy = {"Version": "2012-10-17", "Statement": [{"Effect": effect, **statement}]}
            server.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})

        set_policy("Allow")
        sqs.send_message(QueueUrl=queue, MessageBody="allowed")

        set_policy("Deny")
        with pytest.raises(ClientError, match="not authorized"):
            sqs.send_message(QueueUrl=queue, MessageBody="refused")

    def test_aws_managed_policies_can_be_attached(self, server: Any, name: str, role_arn: Callable[..., str]) -> None:
        role = role_arn()
        basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
        server.client("iam").attach_role_policy(RoleName=name, PolicyArn=basic)
        logs = server.client("logs", **server.lend(role))

        logs.create_log_group(logGroupName=f"/aws/lambda/{name}")

        with pytest.raises(ClientError, match="not authorized"):
            logs.delete_log_group(logGroupName=f"/aws/lambda/{name}")

    def test_log_streams_are_resources(self, server: Any, name: str, role_arn: Callable[..., str]) -> None:
        server.client("logs").create_log_group(logGroupName=name)
        group_arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}"
        write = {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{group_arn}:*",
        }
        logs = server.client("logs", **server.lend(role_arn(write)))

        logs.create_log_stream(logGroupName=name, logStreamName="s")

        with pytest.raises(ClientError, match="log-group:another:log-stream:s"):
            logs.create_log_stream(logGroupName="another", logStreamName="s")

    def test_query_clients_see_access_denied(self, server: Any, role_arn: Callable[..., str]) -> None:
        iam = server.client("iam", **server.lend(role_arn()))

        with pytest.raises(ClientError) as refused:
            iam.list_users()

        assert code_of(refused) == "AccessDenied"

    def test_everybody_may_ask_who_they_are(self, server: Any, name: str, role_arn: Callable[..., str]) -> None:
        sts = server.client("sts", **server.lend(role_arn()))

        assert sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/lambda"

    def test_a_permissions_boundary_limits_what_a_role_may_do(
        self, server: Any, name: str, queue: str, role_arn: Callable[..., str]
    ) -> None:
        iam, within = server.client("iam"), {"Version": "2012-10-17", "Statement": [allow_send(queue_arn("another"))]}
        boundary = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(within))["Policy"]["Arn"]
        sqs = server.client("sqs", **server.lend(role_arn(allow_send("*"))))
        sqs.send_message(QueueUrl=queue, MessageBody="m")

        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)

        with pytest.raises(ClientError) as refused:
            sqs.send_message(QueueUrl=queue, MessageBody="m")
        assert code_of(refused) == "AccessDeniedException"

    def test_whoever_creates_a_function_must_be_allowed_to_pass_its_role(
        self, server: Any, name: str, role_arn: Callable[..., str]
    ) -> None:
        role = role_arn({"Effect": "Allow", "Action": "lambda:*", "Resource": "*"})
        functions = server.client("lambda", **server.lend(role))

        with pytest.raises(ClientError, match="iam:PassRole on resource: arn:aws:iam::123456789012:role/elsewhere"):
            functions.create_function(
                FunctionName=name,
                Role=f"arn:aws:iam::{ACCOUNT}:role/elsewhere",
                Code={"ZipFile": b""},
                Handler="m.f",
                Runtime="python3.13",
            )

    def test_a_role_is_known_by_its_path_and_a_key_by_its_alias_and_its_tags(
        self, server: Any, name: str, role_arn: Callable[..., str]
    ) -> None:
        kms = server.client("kms")
        tags = [{"TagKey": "Project", "TagValue": "selador"}]
        key = kms.create_key(Tags=tags)["KeyMetadata"]["Arn"]
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
        tagged = {"StringEquals": {"aws:ResourceTag/project": "selador"}}
        described = {"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": key, "Condition": tagged}
        read = {"Effect": "Allow", "Action": "iam:GetRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/below/{name}-2"}
        server.client("iam").create_role(RoleName=f"{name}-2", Path="/below/", AssumeRolePolicyDocument="{}")
        lent = server.lend(role_arn(described, read))

        assert server.client("kms", **lent).describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["Arn"] == key
        assert server.client("iam", **lent).get_role(RoleName=f"{name}-2")
        with pytest.raises(ClientError):
            server.client("kms", **lent).get_key_policy(KeyId=key, PolicyName="default")

    def test_a_mapping_is_known_by_its_function(self, server: Any, name: str, role_arn: Callable[..., str]) -> None:
        by_function = {"StringEquals": {"lambda:FunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"}}
        role = role_arn({"Effect": "Allow", "Action": "lambda:*", "Resource": "*", "Condition": by_function})
        functions = server.client("lambda", **server.lend(role))

        with pytest.raises(ClientError) as refused:
            functions.get_event_source_mapping(UUID="11111111-1111-1111-1111-111111111111")

        assert code_of(refused) == "AccessDeniedException"

    def test_a_role_that_trusts_only_a_service_can_not_be_assumed_by_a_user(
        self, server: Any, role_arn: Callable[..., str]
    ) -> None:
        with pytest.raises(ClientError) as refused:
            server.client("sts").assume_role(RoleArn=role_arn(), RoleSessionName="me")

        assert code_of(refused) == "AccessDenied"

    def test_a_role_that_trusts_the_account_can_be_assumed(self, server: Any, role_arn: Callable[..., str]) -> None:
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}

        session = server.client("sts").assume_role(RoleArn=role_arn(trust=trust), RoleSessionName="me")

        assert session["AssumedRoleUser"]["Arn"].endswith("/me")


def test_a_policy_that_demands_tls_refuses_what_came_without_it(server: Any, queue: str, name: str) -> None:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": queue_arn(name),
        "Condition": condition,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs = server.client("sqs")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    by_tls = sqs.send_message(QueueUrl=queue, MessageBody="x")
    sqs.meta.events.register(
        "before-sign.sqs", lambda request, **_: request.headers.add_header("X-Forwarded-Proto", "http")
    )

    with pytest.raises(ClientError) as refused:
        sqs.send_message(QueueUrl=queue, MessageBody="x")

    assert by_tls["MessageId"]
    assert code_of(refused) == "AccessDeniedException"


def test_what_a_role_was_allowed_to_do_is_kept(
    server: Any, queue: str, name: str, role_arn: Callable[..., str]
) -> None:
    role = role_arn(allow_send(queue_arn(name)))
    sqs = server.client("sqs", **server.lend(role))

    sqs.send_message(QueueUrl=queue, MessageBody="x")
    with pytest.raises(ClientError):
        sqs.receive_message(QueueUrl=queue)

    calls = [call for call in server.ask("observed-calls", {})[1]["calls"] if call["roleArn"] == role]
    assert calls == [{"roleArn": role, "action": "sqs:SendMessage", "resource": queue_arn(name), "context": {}}]
