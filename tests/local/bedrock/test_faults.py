import asyncio
from collections.abc import AsyncIterator

import pytest
from botocore.eventstream import EventStreamBuffer

from selador_local.bedrock.eventstream import encode_event
from selador_local.bedrock.faults import Fault, FaultKind, Faults, disturb
from selador_local.bedrock.wire import KNOWLEDGE_BASE

EVENT = encode_event("output", {"text": "a"})


async def two_events() -> AsyncIterator[bytes]:
    yield EVENT
    yield EVENT


def disturbed(fault: Fault) -> list[bytes]:
    async def collect() -> list[bytes]:
        return [chunk async for chunk in disturb(two_events(), fault, KNOWLEDGE_BASE)]

    return asyncio.run(collect())


def test_a_stream_cut_inside_an_event_ends_with_a_part_of_one() -> None:
    *before, last = disturbed(Fault(FaultKind.CUT_INSIDE_EVENT, after_events=1))

    buffer = EventStreamBuffer()
    buffer.add_data(last)
    assert before == [EVENT]
    assert len(last) > 12  # a prelude that can be read, so that the event is known to be unfinished
    assert list(buffer) == []


def test_a_fault_after_more_events_than_there_are_comes_at_the_end() -> None:
    chunks = disturbed(Fault(FaultKind.STREAM_EXCEPTION, after_events=9))

    assert chunks[:2] == [EVENT, EVENT]
    assert len(chunks) == 3


def test_faults_are_taken_in_the_order_in_which_they_were_added() -> None:
    faults = Faults()
    faults.add(Fault(FaultKind.CUT), times=2)
    faults.add(Fault(FaultKind.STALL))

    assert [faults.take("any question") for _ in range(4)] == [
        Fault(FaultKind.CUT),
        Fault(FaultKind.CUT),
        Fault(FaultKind.STALL),
        None,
    ]


def test_a_fault_waits_for_the_question_that_it_is_meant_for() -> None:
    faults = Faults()
    faults.add(Fault(FaultKind.CUT, question="pets"))

    assert faults.take("How high is the deposit?") is None
    assert faults.take("Which flats allow pets?") == Fault(FaultKind.CUT, question="pets")
    assert faults.take("Which flats allow pets?") is None


@pytest.mark.parametrize("other", ["(r-10)", "(r-1-b)", "(for-1)", "(r_r-1)"])
def test_a_fault_for_one_request_leaves_those_alone_whose_id_contains_its(other: str) -> None:
    fault = Fault(FaultKind.CUT, question="r-1")

    assert not fault.is_meant_for(f"Which flats allow pets? {other}")
    assert fault.is_meant_for("Which flats allow pets? (r-1)")
