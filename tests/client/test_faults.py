import logging

import pytest

from selador_client.faults import collected_faults


def test_faults_are_collected_instead_of_printed_and_only_meanwhile(capfd: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("selador_client.client")

    with collected_faults() as faults:
        log.warning("no frame: %s", "a word")
    log.warning("later")

    assert faults == ["no frame: a word"]
    assert "a word" not in capfd.readouterr().err
