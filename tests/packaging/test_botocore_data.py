import gzip
import json
import zlib
from typing import Any

import pytest
from botocore.model import ServiceModel

from selador_packaging.botocore_data import find_methods, find_offered, trim_data
from selador_packaging.errors import PackagingError
from selador_packaging.zip_writer import STORED, Member

MODEL: dict[str, Any] = {
    "metadata": {"endpointPrefix": "execute-api"},
    "operations": {
        "PostToConnection": {"documentation": "<p>long</p>", "input": {"shape": "In"}, "errors": [{"shape": "Gone"}]},
        "DeleteConnection": {"input": {"shape": "Unasked"}},
        "DescribeEndpoints": {"endpointoperation": True, "output": {"shape": "Endpoints"}},
    },
    "shapes": {
        "In": {"members": {"documentation": {"shape": "Text", "documentation": "x"}, "shape": {"shape": "Tree"}}},
        "Text": {"type": "string", "list": [1, "a"]},
        "Tree": {"type": "list", "member": {"shape": "Tree"}},
        "Gone": {"exception": True},
        "Unthrown": {"exception": True, "members": {"message": {"shape": "Message"}}},
        "Message": {"type": "string"},
        "Unasked": {"type": "string"},
        "Endpoints": {"type": "list", "member": {"shape": "Text"}},
    },
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


def trimmed(members: list[Member], *methods: str) -> dict[str, Member]:
    return {it.path: it for it in trim_data(members, {"connections": methods})}


def model(trimmed: dict[str, Member]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(trimmed["botocore/data/connections/2018/service-2.json"].content())
    return content


def test_only_data_of_the_named_services_stays(members: list[Member]) -> None:
    assert set(trimmed(members)) == {
        "botocore/client.py",
        "botocore/data/_retry.json",
        "botocore/data/connections/2018/paginators-1.json",
        "botocore/data/connections/2018/service-2.json",
        "botocore/data/endpoints.json",
    }


def test_endpoints_are_those_of_the_named_services(members: list[Member]) -> None:
    endpoints = json.loads(trimmed(members)["botocore/data/endpoints.json"].content())

    assert endpoints["version"] == 3
    assert endpoints["partitions"] == [{"partition": "aws", "defaults": {}, "services": {"execute-api": {}}}]


def test_a_model_keeps_the_operations_that_are_called_and_those_that_discover_endpoints(members: list[Member]) -> None:
    assert set(model(trimmed(members, "post_to_connection"))["operations"]) == {"PostToConnection", "DescribeEndpoints"}


def test_a_model_keeps_the_shapes_that_its_operations_lead_to_and_every_exception(members: list[Member]) -> None:
    kept = set(model(trimmed(members, "post_to_connection"))["shapes"])

    assert kept == set(MODEL["shapes"]) - {"Unasked"}
    assert "In" not in model(trimmed(members))["shapes"]


def test_a_model_that_extras_are_merged_into_stays_whole(members: list[Member]) -> None:
    members.append(member("botocore/data/connections/2018/service-2.sdk-extras.json", b"{}"))

    assert len(model(trimmed(members))["operations"]) == 3


def test_a_model_loses_its_documentation_and_no_member_of_that_name(members: list[Member]) -> None:
    kept = model(trimmed(members, "post_to_connection"))

    assert kept["operations"]["PostToConnection"] == {"input": {"shape": "In"}, "errors": [{"shape": "Gone"}]}
    assert kept["shapes"]["In"]["members"] == {"documentation": {"shape": "Text"}, "shape": {"shape": "Tree"}}


def test_a_clients_parameters_have_a_text_since_botocore_reads_it() -> None:
    """Without, the first call of S3 ended in KeyError: 'documentation'."""
    parameters = {"DisableExpress": {"type": "boolean", "documentation": "<p>long</p>"}}
    content = gzip.compress(json.dumps(MODEL | {"clientContextParams": parameters}).encode())
    kept = trimmed([member("botocore/data/connections/2018/service-2.json.gz", content)])

    context = ServiceModel(model(kept), "connections").client_context_parameters

    assert [(it.name, it.documentation) for it in context] == [("DisableExpress", "")]


def test_methods_are_called_as_botocore_calls_them(members: list[Member]) -> None:
    methods = ("post_to_connection", "delete_connection", "describe_endpoints")

    assert find_methods(members, {"connections"}) == {"connections": {it: [it] for it in methods}}


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_method_that_a_waiter_calls_is_also_asked_for_by_the_waiters_name(members: list[Member], ending: str) -> None:
    waiters = json.dumps({"waiters": {"TheConnectionGone": {"operation": "DeleteConnection"}}}).encode()
    path = f"botocore/data/connections/2018/waiters-2.json{ending}"
    members.append(member(path, gzip.compress(waiters) if ending else waiters))

    found = find_methods(members, {"connections"})["connections"]

    assert found["delete_connection"] == ["delete_connection", "the_connection_gone"]
    assert found["post_to_connection"] == ["post_to_connection"]


def test_services_that_botocore_does_not_know_are_all_named(members: list[Member]) -> None:
    with pytest.raises(PackagingError) as refused:
        find_methods(members, {"connections", "sqz", "s33"})

    assert refused.value.faults == (
        "the functions name the AWS service s33, which botocore doesn't know",
        "the functions name the AWS service sqz, which botocore doesn't know",
    )


def test_the_services_on_offer_are_those_with_a_model(members: list[Member]) -> None:
    assert find_offered(members) == {"connections", "ec2"}
