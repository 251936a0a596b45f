"""The ports of a stack, chosen by what is free."""

import socket

import pytest

from selador_local.stack.commands import StackError
from selador_local.stack.ports import Ports, choose, is_free

from ...conftest import held_port


def test_the_wanted_port_and_the_three_after_it_are_taken_if_they_are_free() -> None:
    chosen = choose(8787, lambda _: True)

    assert (chosen.api_gateway, chosen.control_plane, chosen.bedrock, chosen.issuer) == (8787, 8788, 8789, 8790)


@pytest.mark.parametrize(
    ("taken", "first"),
    [({8787}, 8788), ({8789}, 8790), ({8787, 8790}, 8791), ({8788, 8793}, 8789)],
    ids=["the wanted one", "one of its row", "two of its row", "a gap of four"],
)
def test_otherwise_the_next_four_in_a_row_are(taken: set[int], first: int) -> None:
    assert choose(8787, lambda port: port not in taken) == Ports(first)


def test_with_no_free_row_the_error_says_from_where_it_looked() -> None:
    with pytest.raises(StackError, match=r"no four ports in a row are free from 65000 up to 65535; .* PORT="):
        choose(65_000, lambda _: False)


def test_a_port_is_free_unless_somebody_listens_on_it() -> None:
    with held_port() as port:
        assert is_free(port)

        with socket.create_server(("127.0.0.1", port)):
            assert not is_free(port)
