from collections.abc import Mapping

import pytest

from selador_deploy.cost.prices import PriceTable, read_prices
from selador_deploy.cost.system import Measured, System
from selador_deploy.cost.workload import Workload

LOG_BYTES: Mapping[str, int] = {"access": 1_000, "main": 2_000, "websocket_handler": 3_000}


@pytest.fixture
def table() -> PriceTable:
    return read_prices()


@pytest.fixture
def system() -> System:
    """The numbers that the cases are computed with by hand, whatever the project's own become."""
    return System(
        alarm_metrics=80,
        authorizer_alarm_metrics=5,
        composite_alarms=4,
        dashboards=1,
        metrics_of_an_answer=13,
        log_retention_days=30,
        handler_memory_mb=512,
        main_memory_mb=512,
        artifact_megabytes=20,
        lease_renewal_seconds=20,
        heartbeat_seconds=15,
        greatest_frame_bytes=32_768,
        post_seconds=0.02,
        frame_bytes=100,
        handler_invoke_cpu_ms=1.5,
        handler_other_cpu_ms=0.3,
    )


@pytest.fixture
def measured() -> Measured:
    return Measured(LOG_BYTES)


@pytest.fixture
def workload() -> Workload:
    """A million requests of 3,000 tokens in and 400 out, in 10 s, of which 3 s until the first word."""
    return Workload(
        requests=1_000_000,
        tokens_in=3_000,
        tokens_out=400,
        answer_seconds=10,
        first_words_seconds=3,
        connection_minutes=5,
    )
