"""What is kept of the function's time: the sum of the timeouts of what is still to be done when an attempt ends."""

from selador_main.connection import READ_SECONDS as POST_READ_SECONDS
from selador_main.receipt import READ_SECONDS as QUEUE_READ_SECONDS
from selador_main.sockets import CONNECT_SECONDS

_POST = CONNECT_SECONDS + POST_READ_SECONDS
_QUEUE_CALL = CONNECT_SECONDS + QUEUE_READ_SECONDS
_OWN_WORK = 1

LAST_POST_SECONDS = _POST + 2 * _QUEUE_CALL + _OWN_WORK
"""No post is begun when less is left: after it a renewal of the lease may be in flight, and the message has yet to be
released or deleted."""

RESERVED_SECONDS = _POST + LAST_POST_SECONDS
"""When so much is left, the agent is stopped. A post may be in flight; the one that tells the client comes after it."""
