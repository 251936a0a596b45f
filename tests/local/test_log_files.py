from pathlib import Path

from selador_local.log_files import append, rotate


def test_a_log_that_grew_too_long_begins_anew_and_leaves_one_old_file(tmp_path: Path) -> None:
    log = tmp_path / "main.log"

    for number in range(7):
        append(log, f"line {number}", max_bytes=20)

    assert (tmp_path / "main.log.1").read_text() == "line 3\nline 4\nline 5\n"
    assert log.read_text() == "line 6\n"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_short_log_and_one_that_is_not_there_stay_as_they_are(tmp_path: Path) -> None:
    log = tmp_path / "main.log"
    log.write_text("short\n")

    rotate(log)
    rotate(tmp_path / "none.log")

    assert [path.name for path in tmp_path.iterdir()] == ["main.log"]
