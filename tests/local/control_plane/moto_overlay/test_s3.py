"""S3 as Terraform's state needs it, against the running server."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def s3(server: Any) -> Any:
    return server.client("s3")


@pytest.fixture
def bucket(s3: Any, name: str) -> str:
    s3.create_bucket(Bucket=name)
    return name


def test_a_tls_only_bucket_can_be_used(s3: Any, bucket: str) -> None:
    """moto ignores the condition and would refuse everything."""
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    s3.put_object(Bucket=bucket, Key="state", Body=b"{}")

    assert s3.head_object(Bucket=bucket, Key="state")["ContentLength"] == 2
    assert s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "state"}]})["Deleted"]


def test_a_buckets_own_policy_can_refuse(s3: Any, bucket: str) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    s3.put_object(Bucket=bucket, Key="state", Body=b"{}")

    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket=bucket, Key="state")


def test_a_lock_file_is_written_once(s3: Any, bucket: str) -> None:
    """Terraform locks its state by writing a file that must not exist (TF-23)."""
    s3.put_object(Bucket=bucket, Key="state.tflock", Body=b"mine", IfNoneMatch="*")

    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="state.tflock", Body=b"yours", IfNoneMatch="*")

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
