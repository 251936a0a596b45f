import gzip
import json
import zlib

import pytest

from selador_packaging.botocore_data import trim_data
from selador_packaging.errors import PackagingError
from selador_packaging.zip_writer import STORED, Member

MODEL = {
    "metadata": {"endpointPrefix": "execute-api"},
    "operations": {"Post": {"documentation": "<p>long</p>", "input": {"shape": "In"}}},
    "shapes": {"In": {"members": {"documentation": {"shape": "Text", "documentation": "x"}}, "list": [1, "a"]}},
}
ENDPOINTS = {
    "version": 3,
    "partitions": [{"partition": "aws", "defaults": {}, "services": {"execute-api": {}, "s3": {}, "ec2": {}}}],
}


def member(path: str, content: bytes) -> Member:
    return Member(path, content, STORED, len(content), zlib.crc32(content))


@pytest.fixture
def members() -> list[Member]:
    data = "botocore/data"
    return [
        member("botocore/client.py", b""),
        member(f"{data}/_retry.json", b"{}"),
        member(f"{data}/endpoints.json", json.dumps(ENDPOINTS).encode()),
        member(f"{data}/connections/2018/service-2.json.gz", gzip.compress(json.dumps(MODEL).encode())),
        member(f"{data}/connections/2018/paginators-1.json", b"{}"),
        member(f"{data}/connections/2018/examples-1.json", b"{}"),
        member(f"{data}/ec2/2016/service-2.json.gz", gzip.compress(json.dumps(MODEL).encode())),
    ]


def test_only_data_of_the_named_services_stays(members: list[Member]) -> None:
    trimmed = {it.path: it for it in trim_data(members, frozenset({"connections"}))}

    assert set(trimmed) == {
        "botocore/client.py",
        "botocore/data/_retry.json",
        "botocore/data/connections/2018/paginators-1.json",
        "botocore/data/connections/2018/service-2.json",
        "botocore/data/endpoints.json",
    }


def test_endpoints_are_those_of_the_named_services(members: list[Member]) -> None:
    trimmed = {it.path: it for it in trim_data(members, frozenset({"connections"}))}

    endpoints = json.loads(trimmed["botocore/data/endpoints.json"].content())
    assert endpoints["version"] == 3
    assert endpoints["partitions"] == [{"partition": "aws", "defaults": {}, "services": {"execute-api": {}}}]


def test_a_model_loses_its_documentation_and_no_member_of_that_name(members: list[Member]) -> None:
    trimmed = {it.path: it for it in trim_data(members, frozenset({"connections"}))}

    model = json.loads(trimmed["botocore/data/connections/2018/service-2.json"].content())
    assert model == {
        "metadata": {"endpointPrefix": "execute-api"},
        "operations": {"Post": {"input": {"shape": "In"}}},
        "shapes": {"In": {"members": {"documentation": {"shape": "Text"}}, "list": [1, "a"]}},
    }


def test_services_that_botocore_does_not_know_are_all_named(members: list[Member]) -> None:
    with pytest.raises(PackagingError) as refused:
        trim_data(members, frozenset({"connections", "sqz", "s33"}))

    assert refused.value.faults == (
        "the functions name the AWS service s33, which botocore doesn't know",
        "the functions name the AWS service sqz, which botocore doesn't know",
    )
