import pytest

from selador_packaging.errors import PackagingError
from selador_packaging.services import find_services


@pytest.mark.parametrize(
    ("source", "services"),
    [
        ("boto3.client('sqs', config=c)", {"sqs"}),
        ("x = f(boto3.client(service_name='s3'))", {"s3"}),
        ("def f():\n  return session.create_client('sts')", {"sts"}),
        ("boto3.Session().client('sqs'); boto3.client('logs')", {"sqs", "logs"}),
        ("request.client(); client('x'); boto3.session", set()),
    ],
)
def test_services_are_those_that_clients_are_made_for(source: str, services: set[str]) -> None:
    assert find_services(source.encode(), "handler.py") == services


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("\nboto3.client(name)", "handler.py, line 2: the service of a client must be written as a string"),
        ("boto3.client(f'{name}')", "handler.py, line 1: the service of a client must be written as a string"),
        ("boto3.resource('s3')", "handler.py, line 1: boto3.resource needs data that artifacts don't hold"),
    ],
)
def test_what_can_not_be_packed_for_is_refused(source: str, fault: str) -> None:
    with pytest.raises(PackagingError) as refused:
        find_services(source.encode(), "handler.py")

    assert str(refused.value).startswith(fault)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(PackagingError) as refused:
        find_services(b"boto3.client(a)\nboto3.resource(b)", "handler.py")

    assert len(refused.value.faults) == 2
