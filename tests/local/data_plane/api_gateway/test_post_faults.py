from selador_local.data_plane.api_gateway.post_faults import PostFault, PostFaults

GONE, THROTTLED = PostFault(410, "GoneException"), PostFault(429, "LimitExceededException")


def test_a_requests_posts_fail_as_often_and_in_the_order_in_which_it_was_asked_for() -> None:
    faults = PostFaults()
    faults.add("r-1", THROTTLED, times=2)
    faults.add("r-1", GONE)
    faults.add("r-1", THROTTLED)

    assert [faults.take("r-1") for _ in range(5)] == [THROTTLED, THROTTLED, GONE, THROTTLED, None]


def test_posts_of_other_requests_and_of_none_are_taken() -> None:
    faults = PostFaults()
    faults.add("r-1", GONE)

    assert [faults.take("r-10"), faults.take(None), faults.take("r-1")] == [None, None, GONE]


def test_once_all_are_spent_none_waits() -> None:
    faults = PostFaults()
    before = bool(faults)
    faults.add("r-1", GONE, times=2)

    waits = [before, *(bool(faults.take("r-1")) and bool(faults) for _ in range(2))]

    assert waits == [False, True, False]
