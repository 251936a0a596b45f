import json
from pathlib import Path

import pytest
from check_security import Finding, Skip, faults, findings_in, main, skips_in, without_skips

TEXT = """resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:whoever reads it is in CloudTrail
  bucket = "a"
}
"""
FINDING = Finding("a.tf", 1, 4, "CKV_AWS_18", "aws_s3_bucket.this", "Ensure access logging")
SKIP = Skip("a.tf", 2, "CKV_AWS_18", "whoever reads it is in CloudTrail")


def test_a_skip_is_read_with_its_place_and_reason_and_taken_out_without_moving_a_line() -> None:
    assert skips_in("a.tf", TEXT) == [SKIP]
    assert "checkov" not in without_skips(TEXT)
    assert without_skips(TEXT).count("\n") == TEXT.count("\n")


def test_a_finding_that_is_skipped_at_its_resource_is_no_fault() -> None:
    assert faults([FINDING], [SKIP]) == []


@pytest.mark.parametrize(
    "skip",
    [Skip("a.tf", 5, "CKV_AWS_18", "x"), Skip("b.tf", 2, "CKV_AWS_18", "x"), Skip("a.tf", 2, "CKV_AWS_19", "x")],
    ids=["outside", "another-file", "another-check"],
)
def test_a_skip_elsewhere_covers_nothing_and_is_told_as_one_that_skips_nothing(skip: Skip) -> None:
    told = faults([FINDING], [skip])

    assert told[0] == "a.tf:1: aws_s3_bucket.this: CKV_AWS_18: Ensure access logging"
    assert "skips nothing any more; take it out" in told[1]


def test_a_skip_without_a_reason_is_a_fault() -> None:
    assert faults([FINDING], [Skip("a.tf", 2, "CKV_AWS_18", "")]) == [
        "a.tf:2: CKV_AWS_18 is skipped without a reason; write one after the colon"
    ]


def test_the_report_is_read_whether_it_is_of_one_framework_or_of_several() -> None:
    failed = {
        "file_path": "/a.tf",
        "file_line_range": [1, 4],
        "check_id": "CKV_AWS_18",
        "resource": "aws_s3_bucket.this",
        "check_name": "Ensure access logging",
    }
    report = {"results": {"failed_checks": [failed]}}

    assert findings_in(report) == findings_in([report]) == [FINDING]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository whose one Terraform file has one skip."""
    (tmp_path / "terraform").mkdir()
    (tmp_path / "terraform/a.tf").write_text(TEXT)
    return tmp_path


def checkov(folder: Path, script: str) -> str:
    executable = folder / "checkov"
    executable.write_text(f"#!/bin/sh\n{script}\n")
    executable.chmod(0o755)
    return str(executable)


@pytest.mark.parametrize(("has_findings", "status"), [(True, 0), (False, 1)])
def test_checkov_sees_no_skips_and_each_has_to_meet_a_finding(
    root: Path, capsys: pytest.CaptureFixture[str], has_findings: bool, status: int
) -> None:
    failed = {
        "file_path": "/a.tf",
        "file_line_range": [1, 4],
        "check_id": "CKV_AWS_18",
        "resource": "aws_s3_bucket.this",
        "check_name": "Ensure access logging",
    }
    report = {"results": {"failed_checks": [failed] if has_findings else []}, "summary": {"passed": 7}}
    fake = checkov(root, f"grep -r checkov:skip \"$2\" && exit 9\necho '{json.dumps(report)}'")

    assert main([fake], root) == status

    assert f"checkov: 7 checks passed, {int(has_findings)} findings" in capsys.readouterr().out


def test_a_checkov_that_ends_without_a_report_is_told_with_its_last_words(root: Path) -> None:
    with pytest.raises(SystemExit, match="it ended with status 3 and no report; read its last words: no licence"):
        main([checkov(root, "echo no licence >&2; exit 3")], root)
