from selador_local.cloudwatch.datum import Datum, MetricIdentity
from selador_local.cloudwatch.metric_store import MetricStore

ERRORS = MetricIdentity("AWS/Lambda", "Errors", (("FunctionName", "f"),))


def datum(time: float, *values: float, metric: MetricIdentity = ERRORS, unit: str = "Count") -> Datum:
    return Datum(*metric, time, unit, values, (1.0,) * len(values))


def test_data_of_a_minute_become_one_that_counts_equal_values() -> None:
    store = MetricStore()
    store.put([datum(60, 1), datum(119.9, 1, 3)])

    store.put([datum(120, 7)])

    assert store.read(ERRORS, 0, 120) == [Datum(*ERRORS, 60, "Count", (1, 3), (2, 1))]
    assert store.read(ERRORS, 120, 180) == [datum(120, 7)]


def test_a_datum_that_comes_late_finds_its_minute() -> None:
    store = MetricStore()
    store.put([datum(600, 1)])

    store.put([datum(65, 2)])

    assert store.read(ERRORS, 60, 120) == [datum(60, 2)]


def test_units_and_dimensions_are_kept_apart() -> None:
    store = MetricStore()
    other = ERRORS._replace(dimensions=(("FunctionName", "g"),))

    store.put([datum(0, 1), datum(0, 2, unit="None"), datum(0, 3, metric=other)])

    assert store.read(ERRORS, 0, 60) == [datum(0, 1), datum(0, 2, unit="None")]
    assert store.read(other, 0, 60) == [datum(0, 3, metric=other)]
    assert store.read(ERRORS._replace(dimensions=()), 0, 60) == []


def test_the_oldest_minutes_are_forgotten_beyond_the_bound() -> None:
    store = MetricStore(max_values=3)

    store.put(datum(minute * 60, 1) for minute in range(5))

    assert [found.time for found in store.read(ERRORS, 0, 600)] == [120, 180, 240]


def test_a_metric_without_data_is_listed_no_more() -> None:
    store = MetricStore(max_values=1)
    other = ERRORS._replace(name="Duration")

    store.put([datum(0, 1), datum(60, 1, metric=other)])

    assert list(store.metrics()) == [other]


def test_metrics_are_listed_by_their_newest_data() -> None:
    store = MetricStore()
    store.put([datum(0, 1), datum(600, 1, metric=ERRORS._replace(name="Duration"))])

    assert [metric.name for metric in store.metrics()] == ["Duration", "Errors"]
    assert [metric.name for metric in store.metrics(since=300)] == ["Duration"]
