"""A datum knows its metric."""

from selador_local.cloudwatch.datum import Datum, MetricIdentity


def test_the_metric_of_a_datum_is_its_namespace_name_and_dimensions() -> None:
    datum = Datum("Selador", "Accepted", (("FunctionName", "handler"),), 60.0, "Count", (1.0,), (1.0,))

    assert datum.metric == MetricIdentity("Selador", "Accepted", (("FunctionName", "handler"),))
