"""Times as CloudWatch writes them."""

from datetime import UTC, datetime

from selador_local.cloudwatch import timestamps

TIME = datetime(2026, 9, 4, 11, 8, 52, 496000, UTC).timestamp()


def test_a_time_in_json_has_milliseconds_and_an_offset_without_a_colon() -> None:
    assert timestamps.in_json(TIME) == "2026-09-04T11:08:52.496+0000"
    assert timestamps.in_json(TIME - 0.496) == "2026-09-04T11:08:52.000+0000"
    assert timestamps.in_json(TIME + 0.5039) == "2026-09-04T11:08:53.000+0000"


def test_the_time_of_a_data_point_is_day_month_year() -> None:
    assert timestamps.of_data_point(TIME) == "04/09/26 11:08:52"


def test_a_time_in_words_has_its_weekday() -> None:
    assert timestamps.in_words(TIME) == "Friday 04 September, 2026 11:08:52 UTC"
