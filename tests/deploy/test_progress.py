from pathlib import Path

import pytest

from selador_deploy.progress import hand_on, say


def test_progress_is_no_part_of_what_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    say("planning dev")

    assert capsys.readouterr() == ("", "deploy: planning dev\n")


def test_what_is_handed_on_is_added_to_what_the_file_has(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.write_text("older=1\n")

    hand_on(str(results), release="abc", plan="def")

    assert results.read_text() == "older=1\nrelease=abc\nplan=def\n"


def test_nothing_is_handed_on_if_no_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    hand_on(None, release="abc")

    assert list(tmp_path.iterdir()) == []
