"""`make dlq`: what it prints, and that it changes nothing."""

import json

import pytest

from ..conftest import FakeAws, FakeService
from .conftest import MAIN, FakeConnections, FakeLogs, FakeSqs, Operate, envelope, refusal


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_letters_are_grouped_by_cause_and_no_question_is_shown(
    operate: Operate, sqs: FakeSqs, logs: FakeLogs, connections: FakeConnections, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        sqs.put(envelope(f"r-{number}", principalId="alice"), f"m-{number}")
    sqs.put("no json", "m-bad")
    connections.gone = {"connection-of-r-1"}
    for number in range(2):
        logs.write(
            MAIN,
            message="attempt ended",
            messageId=f"m-{number}",
            outcome="AttemptFailed",
            code="throttled",
            reason="the model: ThrottlingException",
        )

    assert operate("dlq") == 0

    lines = printed(capsys).splitlines()
    assert lines[0] == "4 dead letters in dev"
    causes = [line.split() for line in lines[3:6]]
    assert causes[0][:5] == ["1", "2", "1", "1", "0"]
    assert lines[3].endswith("throttled: the model: ThrottlingException")
    assert lines[4].endswith("main's log doesn't say: it no longer reaches back, or another program sent it here")
    assert lines[5].endswith("no request of ours: its body is no JSON")
    listed = {
        line.split()[-1]: line.split() for line in lines if line.split()[-1:] and line.split()[-1].startswith("m-")
    }
    assert listed.keys() == {"m-0", "m-1", "m-2", "m-bad"}
    assert listed["m-0"][:2] == ["r-0", "alice"]
    assert "connected" in listed["m-0"]
    assert "gone" in listed["m-1"]
    assert "2 still waited for: remove the cause, then make redrive ENV=dev" in lines
    assert "1 without a client: nobody would hear an answer" in lines
    assert "1 that is no request: another program wrote to the queue" in lines
    assert "secret" not in "\n".join(lines)
    assert sqs.dead() == ["m-0", "m-1", "m-2", "m-bad"]
    assert sqs.hidden == set()


def test_questions_are_shown_only_if_told(operate: Operate, sqs: FakeSqs, capsys: pytest.CaptureFixture[str]) -> None:
    sqs.put(envelope("r-1"), "m-1")
    sqs.put(envelope("r-2", request={"type": "workflow", "workflow": "w", "inputs": {"x": "déjà"}}), "m-2")

    assert operate("dlq", "--show-text") == 0

    text = printed(capsys)
    assert "      a secret question\n" in text
    assert '"inputs": {"x": "déjà"}' in text


def test_an_empty_queue_is_no_error(operate: Operate, capsys: pytest.CaptureFixture[str]) -> None:
    assert operate("dlq") == 0
    assert printed(capsys) == "the dead-letter queue of dev is empty\n"


def test_json_has_every_letter_and_no_question(
    operate: Operate, sqs: FakeSqs, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs.put(envelope("r-1"), "m-1")

    assert operate("dlq", "--json") == 0

    document = json.loads(printed(capsys))
    assert (document["environment"], document["whole"]) == ("dev", True)
    (letter,) = document["letters"]
    assert (letter["messageId"], letter["requestId"], letter["client"]) == ("m-1", "r-1", "connected")
    assert "question" not in letter


def test_what_may_not_be_asked_is_unknown_and_the_rest_is_shown(
    operate: Operate, sqs: FakeSqs, logs: FakeLogs, connections: FakeConnections, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs.put(envelope("r-1"), "m-1")
    logs.error = refusal("AccessDeniedException", 400)
    connections.error = refusal("ForbiddenException", 403)

    assert operate("dlq") == 0

    said = capsys.readouterr()
    assert "the causes are unknown: logs:StartQuery on /aws/lambda/main is denied" in said.err
    assert "whether clients are connected is unknown: execute-api:ManageConnections" in said.err
    assert "unknown, since main's log can't be asked" in said.out
    assert "r-1" in said.out


def test_a_queue_that_may_not_be_read_is_refused_by_the_action(
    operate: Operate, aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.others["sqs"] = FakeService()

    assert operate("dlq") == 1
    assert "sqs:GetQueueAttributes on https://sqs/requests-dead-letter is denied" in capsys.readouterr().err


def test_a_long_list_is_cut_and_says_so(operate: Operate, sqs: FakeSqs, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(60):
        sqs.put(envelope(f"r-{number}"), f"m-{number}")

    assert operate("dlq") == 0
    assert "  … and 10 newer ones; JSON=1 lists all\n" in printed(capsys)


def test_how_far_it_has_come_is_told(
    operate: Operate, sqs: FakeSqs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selador_deploy.operations.dlq._TOLD_EVERY", 2)
    monkeypatch.setattr("selador_deploy.operations.dlq.MOST_LETTERS", 4)
    for number in range(9):
        sqs.put(envelope(f"r-{number}"), f"m-{number}")

    assert operate("dlq") == 0

    said = capsys.readouterr()
    assert "deploy: read 2 of about 9 dead letters\n" in said.err
    assert ", the first 4 of more" in said.out
