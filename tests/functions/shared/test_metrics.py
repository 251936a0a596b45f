"""Metrics are lines in the Embedded Metric Format."""

import json

import pytest

from selador_shared import metrics


def test_a_count_is_one_line_that_cloudwatch_extracts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The members are those of the format (CW-11): targets at the root, the timestamp in milliseconds."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "selador-dev-main")

    metrics.count("Buried", now_ms=1_700_000_000_000)

    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "_aws": {
                "Timestamp": 1_700_000_000_000,
                "CloudWatchMetrics": [
                    {
                        "Namespace": "Selador",
                        "Dimensions": [["FunctionName"]],
                        "Metrics": [{"Name": "Buried", "Unit": "Count"}],
                    }
                ],
            },
            "FunctionName": "selador-dev-main",
            "Buried": 1,
        }
    ]
