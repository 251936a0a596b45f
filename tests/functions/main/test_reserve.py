"""The reserve holds what is still to be done, each at its slowest."""

from selador_main import connection, receipt
from selador_main.reserve import LAST_POST_SECONDS, RESERVED_SECONDS
from selador_main.sockets import CONNECT_SECONDS


def test_a_post_in_flight_the_last_post_a_renewal_and_the_release_fit_into_the_reserve() -> None:
    post = CONNECT_SECONDS + connection.READ_SECONDS
    queue_call = CONNECT_SECONDS + receipt.READ_SECONDS

    assert post + post + queue_call + queue_call < RESERVED_SECONDS
    assert post + queue_call + queue_call < LAST_POST_SECONDS
