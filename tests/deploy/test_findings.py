import pytest

from selador_deploy.findings import Finding, Verdict, report


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([Verdict.OK, Verdict.OK], 0),
        ([Verdict.OK, Verdict.UNKNOWN], 0),
        ([Verdict.MISSING, Verdict.OK], 1),
        ([], 0),
    ],
    ids=["all-there", "one-unknown", "one-missing", "nothing-looked-at"],
)
def test_only_what_is_missing_is_a_failure(verdicts: list[Verdict], status: int) -> None:
    assert report(Finding("a subject", verdict, "a detail") for verdict in verdicts) == status


def test_each_finding_is_a_line_in_columns(capsys: pytest.CaptureFixture[str]) -> None:
    report([Finding("log role", Verdict.MISSING, "make one"), Finding("artifacts", Verdict.OK, "dist/")])

    assert capsys.readouterr().out.splitlines() == [
        "missing log role         make one",
        "ok      artifacts        dist/",
    ]
