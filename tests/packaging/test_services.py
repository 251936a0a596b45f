import ast

import pytest

from selador_packaging.errors import PackagingError
from selador_packaging.services import find_names, find_possible_services, find_services


@pytest.mark.parametrize(
    ("source", "services"),
    [
        ("boto3.client('sqs', config=c)", {"sqs"}),
        ("x = f(boto3.client(service_name='s3'))", {"s3"}),
        ("def f():\n  return session.create_client('sts')", {"sts"}),
        ("boto3.Session().client('sqs'); boto3.client('logs')", {"sqs", "logs"}),
        ("from boto3 import client\nclient('sqs')", {"sqs"}),
        ("from boto3 import client as make\nmake('sqs')", {"sqs"}),
        ("request.client(); client('x'); boto3.session; request.resource('x'); web.client; api.get_session()", set()),
    ],
)
def test_services_are_those_that_clients_are_made_for(source: str, services: set[str]) -> None:
    assert find_services(ast.parse(source), "handler.py") == services


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("\nboto3.client(name)", "handler.py, line 2: the service of a client must be written as a string"),
        ("boto3.client(f'{name}')", "handler.py, line 1: the service of a client must be written as a string"),
        ("boto3.client(**options)", "handler.py, line 1: the service of a client must be written as a string"),
        ("boto3.resource('s3')", "handler.py, line 1: boto3.resource needs data that artifacts don't hold"),
        ("import boto3 as b\nb.resource('s3')", "handler.py, line 2: boto3.resource needs"),
        ("from boto3 import resource\nresource('s3')", "handler.py, line 2: boto3.resource needs"),
        ("boto3.Session().resource('s3')", "handler.py, line 1: boto3.resource needs"),
        ("session = boto3.session.Session()\nsession.resource('s3')", "handler.py, line 2: boto3.resource needs"),
        ("make = boto3.client\nmake('sqs')", "handler.py, line 1: what makes clients is handed on, not called"),
        ("partial(boto3.client, 'sqs')", "handler.py, line 1: what makes clients is handed on"),
        ("from boto3 import client\nmap(client, ['sqs'])", "handler.py, line 2: what makes clients is handed on"),
        ("getattr(boto3, 'client')('sqs')", "handler.py, line 1: what makes clients is handed on"),
    ],
)
def test_what_can_not_be_packed_for_is_refused(source: str, fault: str) -> None:
    with pytest.raises(PackagingError) as refused:
        find_services(ast.parse(source), "handler.py")

    assert str(refused.value).startswith(fault)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(PackagingError) as refused:
        find_services(ast.parse("boto3.client(a)\nboto3.resource(b)"), "handler.py")

    assert len(refused.value.faults) == 2


@pytest.mark.parametrize(
    "source",
    ["sqs.list_queues()", "call = sqs.list_queues", "sqs.get_paginator('list_queues')", "getattr(sqs, 'list_queues')"],
)
def test_an_operation_is_named_by_an_attribute_or_in_a_string(source: str) -> None:
    assert "list_queues" in find_names(ast.parse(source))


def test_no_operation_is_named_by_a_variable_or_in_a_sentence() -> None:
    assert find_names(ast.parse("list_queues = 'list_queues of all'")) == frozenset()


def test_in_others_code_a_call_may_mean_anything() -> None:
    source = "session.create_client('xray'); web.client('GET'); boto3.client(name); boto3.resource('s3'); a.client()"

    assert find_possible_services(ast.parse(source)) == {"xray", "GET"}
