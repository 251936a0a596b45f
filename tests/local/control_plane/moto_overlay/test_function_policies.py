"""Permissions of functions and aliases, through boto3."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from selador_local.control_plane.moto_overlay.function_policies import split

ARN = "arn:aws:lambda:us-east-1:123456789012:function:main"


@pytest.fixture
def functions(server: Any) -> Any:
    return server.client("lambda")


@pytest.fixture
def function(functions: Any, name: str, role_arn: Callable[..., str]) -> str:
    """A function with a version and the alias `live`."""
    functions.create_function(
        FunctionName=name, Runtime="python3.13", Role=role_arn(), Handler="h.h", Code={"ZipFile": b"1"}, Publish=True
    )
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return name


def permit(functions: Any, function: str, statement: str, **qualifier: str) -> None:
    functions.add_permission(
        FunctionName=function, StatementId=statement, Action="lambda:InvokeFunction", Principal="*", **qualifier
    )


def statements(functions: Any, function: str, **qualifier: str) -> list[str]:
    policy = json.loads(functions.get_policy(FunctionName=function, **qualifier)["Policy"])
    return [statement["Sid"] for statement in policy["Statement"]]


def test_an_alias_keeps_its_permissions_when_it_moves_to_another_version(functions: Any, function: str) -> None:
    permit(functions, function, "of-the-alias", Qualifier="live")

    functions.update_function_code(FunctionName=function, ZipFile=b"2", Publish=True)
    functions.update_alias(FunctionName=function, Name="live", FunctionVersion="2")

    assert statements(functions, function, Qualifier="live") == ["of-the-alias"]
    assert statements(functions, f"{ARN.removesuffix('main')}{function}:live") == ["of-the-alias"]


def test_function_and_alias_have_policies_of_their_own(functions: Any, function: str) -> None:
    permit(functions, function, "of-the-function")
    permit(functions, function, "of-the-alias", Qualifier="live")

    assert statements(functions, function) == ["of-the-function"]
    assert statements(functions, function, Qualifier="live") == ["of-the-alias"]


def test_a_permission_of_an_alias_is_taken_away(functions: Any, function: str) -> None:
    permit(functions, function, "one", Qualifier="live")
    permit(functions, function, "two", Qualifier="live")

    functions.remove_permission(FunctionName=function, StatementId="one", Qualifier="live")

    assert statements(functions, function, Qualifier="live") == ["two"]


@pytest.mark.parametrize("what", ["alias", "function"])
def test_what_is_made_anew_has_no_permission_of_before(
    functions: Any, function: str, role_arn: Callable[..., str], what: str
) -> None:
    permit(functions, function, "of-before", Qualifier="live")

    if what == "alias":
        functions.delete_alias(FunctionName=function, Name="live")
    else:
        role = functions.get_function_configuration(FunctionName=function)["Role"]
        functions.delete_function(FunctionName=function)
        functions.create_function(
            FunctionName=function, Runtime="python3.13", Role=role, Handler="h.h", Code={"ZipFile": b"1"}, Publish=True
        )
    functions.create_alias(FunctionName=function, Name="live", FunctionVersion="1")

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        functions.get_policy(FunctionName=function, Qualifier="live")


def test_an_alias_that_does_not_exist_gets_no_permission(functions: Any, function: str) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        permit(functions, function, "nobody", Qualifier="unborn")


@pytest.mark.parametrize(
    ("name", "qualifier", "found"),
    [
        ("main", None, ("main", "")),
        ("main", "live", ("main", "live")),
        ("main:live", None, ("main", "live")),
        (ARN, None, ("main", "")),
        (f"{ARN}:live", None, ("main", "live")),
        (ARN, "live", ("main", "live")),
    ],
)
def test_a_function_is_named_in_any_of_its_ways(name: str, qualifier: str | None, found: tuple[str, str]) -> None:
    assert split(name, qualifier) == found
