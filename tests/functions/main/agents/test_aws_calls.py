"""A stream of events is whole, or told to be cut."""

from collections.abc import Iterator

import pytest

from selador_main.agents.agent import AgentFailedError
from selador_main.agents.aws_calls import whole_messages


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 16, 100])
def test_messages_are_told_whole_or_cut_however_they_are_chunked(size: int) -> None:
    messages = b"".join(length.to_bytes(4) + bytes(length - 4) for length in (16, 31, 20))

    def chunks(data: bytes) -> Iterator[bytes]:
        return (data[at : at + size] for at in range(0, len(data), size))

    assert b"".join(whole_messages(chunks(messages))) == messages
    for cut in (1, 3, 15, 40, len(messages) - 1):
        with pytest.raises(AgentFailedError, match="inside an event"):
            list(whole_messages(chunks(messages[:cut])))
