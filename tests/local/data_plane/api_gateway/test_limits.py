"""The decisions about time, and what of a handshake counts."""

from selador_local.data_plane.api_gateway.limits import StageThrottles, TokenBucket, head_size, seconds_left
from selador_local.data_plane.deployment import Stage, Throttle


def test_the_request_line_and_the_values_of_headers_count() -> None:
    assert head_size("/a/b", [("Host", "x"), ("Cookie", "12345")]) == len("GET /a/b HTTP/1.1") + 1 + 5


def test_idle_ten_minutes_ends_a_connection() -> None:
    assert seconds_left(now=1000.0, connected_at=0.0, last_active_at=500.0) == 100.0
    assert seconds_left(now=1100.0, connected_at=0.0, last_active_at=500.0) == 0.0


def test_two_hours_end_a_connection_however_active() -> None:
    assert seconds_left(now=7100.0, connected_at=0.0, last_active_at=7100.0) == 100.0
    assert seconds_left(now=7300.0, connected_at=0.0, last_active_at=7300.0) < 0


def test_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    now = 0.0
    bucket = TokenBucket(Throttle(rate=2.0, burst=3), lambda: now)

    burst = [bucket.take() for _ in range(4)]
    now = 0.5
    after_half_a_second = [bucket.take() for _ in range(2)]

    assert burst == [True, True, True, False]
    assert after_half_a_second == [True, False]


def test_bucket_never_holds_more_than_its_burst() -> None:
    now = 0.0
    bucket = TokenBucket(Throttle(rate=100.0, burst=1), lambda: now)
    now = 60.0

    assert [bucket.take() for _ in range(2)] == [True, False]


def test_throttle_of_zero_lets_nothing_through() -> None:
    """Terraform's provider sends 0 for settings that are left out (TF-08)."""
    assert not TokenBucket(Throttle(rate=0.0, burst=0), lambda: 0.0).take()


def test_a_route_with_a_throttle_of_its_own_leaves_the_others_alone() -> None:
    stage = Stage("a", "s", "d", "", {}, Throttle(rate=0.0, burst=1), {"invoke": Throttle(rate=0.0, burst=2)})
    throttles = StageThrottles(stage, lambda: 0.0)

    assert [throttles.take("invoke") for _ in range(3)] == [True, True, False]
    assert [throttles.take(key) for key in ("ping", None, "ping")] == [True, False, False]


def test_stage_without_throttle_lets_everything_through() -> None:
    bucket = TokenBucket(None, lambda: 0.0)

    assert all(bucket.take() for _ in range(1000))
