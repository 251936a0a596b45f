import pytest

from selador_deploy.progress import say


def test_progress_is_no_part_of_what_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    say("planning dev")

    assert capsys.readouterr() == ("", "deploy: planning dev\n")
