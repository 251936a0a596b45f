"""Each case is computed by hand, in the comment beside it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from selador_deploy.cost.system import Measured, System
from selador_deploy.cost.usage import of_a_post_per_token, of_rest_streaming, of_this_project
from selador_deploy.cost.workload import DAYS, Workload

PROJECT = Path(__file__).parents[3]


def test_text_that_gathers_while_a_post_is_under_way_is_one_message(
    workload: Workload, system: System, measured: Measured
) -> None:
    used = of_this_project(workload, system, measured)

    # 7 s of writing / 0.02 s = 350 posts of text; started, completed, 3 citations; the question and accepted
    assert used["websocket-messages"] == 357 * 1_000_000


def test_a_slow_model_gets_a_post_for_each_token(workload: Workload, system: System, measured: Measured) -> None:
    slow = replace(workload, tokens_out=100)

    used = of_this_project(slow, system, measured)

    assert used["websocket-messages"] == 107 * 1_000_000  # 100 tokens come in 7 s: none waits for a post
    assert used["websocket-messages"] == of_a_post_per_token(slow, system, measured)["websocket-messages"]


def test_an_answer_that_comes_at_once_still_takes_a_frame_for_each_32_kb(
    workload: Workload, system: System, measured: Measured
) -> None:
    sudden = replace(workload, tokens_out=10_000, answer_seconds=3)

    used = of_this_project(sudden, system, measured)

    assert used["websocket-messages"] == 9 * 1_000_000  # 50,000 bytes in 2 frames of text, and 5 others, and 2


def test_a_client_that_waits_long_for_the_first_word_gets_heartbeats(
    workload: Workload, system: System, measured: Measured
) -> None:
    late = replace(workload, first_words_seconds=40, answer_seconds=47)

    used = of_this_project(late, system, measured)

    assert used["websocket-messages"] == (357 + 2) * 1_000_000  # after 15 s and 30 s


def test_a_post_per_token_makes_main_wait_for_its_posts(workload: Workload, system: System, measured: Measured) -> None:
    ours, theirs = (design(workload, system, measured) for design in (of_this_project, of_a_post_per_token))

    assert theirs["websocket-messages"] == 407 * 1_000_000
    # 400 posts take 8 s, 1 s more than the model writes; main has half a GB
    assert theirs["lambda-arm64"] - ours["lambda-arm64"] == pytest.approx(0.5 * 1_000_000)


def test_posts_that_are_faster_than_the_model_delay_nothing(
    workload: Workload, system: System, measured: Measured
) -> None:
    slow = replace(workload, tokens_out=100)

    ours, theirs = (design(slow, system, measured) for design in (of_this_project, of_a_post_per_token))

    assert ours["lambda-arm64"] == theirs["lambda-arm64"]


def test_what_is_kept_and_told_whatever_comes(workload: Workload, system: System, measured: Measured) -> None:
    used = of_this_project(replace(workload, requests=1), system, measured)

    assert used["s3-gigabyte-months"] == pytest.approx(0.4)  # 20 releases of 20 MB
    assert used["sns-publishes"] == 100
    assert used["composite-alarms"] == 4
    assert used["dashboards"] == 1


def test_the_posts_of_an_answer_are_about_those_that_were_measured(system: System, measured: Measured) -> None:
    report = (PROJECT / "benchmarks" / "streaming.md").read_text()
    measured_posts = {
        how: int(posts.replace(",", ""))
        for how, posts in re.findall(r"^\| 100 \| ([\w ]+) \|.* \| ([\d,]+) \|$", report, re.MULTILINE)
    }
    answer = Workload(requests=1, tokens_out=1_000, answer_seconds=10, first_words_seconds=0)

    ours, theirs = (design(answer, system, measured) for design in (of_this_project, of_a_post_per_token))

    assert ours["websocket-messages"] == pytest.approx(measured_posts["Selador"], rel=0.1)
    assert theirs["websocket-messages"] == pytest.approx(measured_posts["post per token"], rel=0.1)


def test_lambda_is_paid_for_the_connections_ends_the_question_and_the_answer(
    workload: Workload, system: System, measured: Measured
) -> None:
    used = of_this_project(workload, system, measured)

    assert used["lambda-requests"] == 4 * 1_000_000
    # Half a GB has 512/1769 of a CPU. The question: 1.5 ms * 3.455 + 10 ms = 15.2, billed 16. Two ends: 1.04, billed 2.
    assert used["lambda-arm64"] == pytest.approx(0.5 * (10 + 0.016 + 2 * 0.002) * 1_000_000)


def test_a_token_is_one_more_invocation(workload: Workload, system: System, measured: Measured) -> None:
    with_tokens = replace(workload, authorization="jwt", architecture="x86_64")

    used = of_this_project(with_tokens, system, measured)

    assert used["lambda-requests"] == 5 * 1_000_000
    assert used["lambda-x86_64"] == pytest.approx(0.5 * (10 + 0.016 + 2 * 0.002 + 0.006) * 1_000_000)
    assert used["alarm-metrics"] == 85
    assert "lambda-arm64" not in used


def test_mains_memory_may_be_another(workload: Workload, system: System, measured: Measured) -> None:
    used = of_this_project(replace(workload, memory_mb=1_024), system, measured)

    assert used["lambda-arm64"] == pytest.approx((10 + 0.5 * (0.016 + 2 * 0.002)) * 1_000_000)


def test_a_queue_that_nobody_uses_is_polled_all_the_same(
    workload: Workload, system: System, measured: Measured
) -> None:
    used = of_this_project(replace(workload, requests=1), system, measured)

    # 5 pollers, 3 polls a minute, 43,776 minutes; sent, received, leased, deleted
    assert used["sqs-requests"] == pytest.approx(656_640 + 4)
    assert used["sqs-fair-requests"] == 4


def test_the_lease_is_renewed_while_main_works(workload: Workload, system: System, measured: Measured) -> None:
    used = of_this_project(replace(workload, answer_seconds=65), system, measured)

    assert used["sqs-fair-requests"] == 7 * 1_000_000


@pytest.mark.parametrize(("requests", "share"), [(1, 0.00137), (730, 0.632), (1_000_000, 1)])
def test_a_custom_metric_is_paid_in_the_hours_in_which_it_is_put(
    workload: Workload, system: System, measured: Measured, requests: float, share: float
) -> None:
    used = of_this_project(replace(workload, requests=requests), system, measured)

    assert used["custom-metrics"] == pytest.approx(13 * share, rel=0.01)


def test_logs_are_those_that_were_measured_and_kept_as_long_as_terraform_says(
    workload: Workload, system: System, measured: Measured
) -> None:
    used = of_this_project(workload, system, measured)

    assert used["log-gigabytes"] == pytest.approx(6)
    assert used["log-gigabyte-months"] == pytest.approx(6 * 30 / DAYS)


def test_what_a_client_receives_leaves_aws(workload: Workload, system: System, measured: Measured) -> None:
    used = of_this_project(workload, system, measured)

    assert used["gigabytes-out"] == pytest.approx(355 * 100e-3 + 400 * 5e-3)  # frames and text, a million times


def test_a_key_of_ones_own_is_paid_with_what_sqs_asks_of_it(
    workload: Workload, system: System, measured: Measured
) -> None:
    used = of_this_project(replace(workload, own_key=True), system, measured)

    assert used["kms-keys"] == 1
    assert used["kms-requests"] == pytest.approx(8_755.2 * 3)  # every 300 s: two of the sender, one of the receiver
    assert "kms-keys" not in of_this_project(workload, system, measured)


def test_rest_streaming_is_one_request_and_one_invocation(
    workload: Workload, system: System, measured: Measured
) -> None:
    used = of_rest_streaming(workload, system, measured)

    assert used == {
        "rest-requests": 1_000_000,
        "lambda-requests": 1_000_000,
        "lambda-arm64": 5_000_000,
        "log-gigabytes": pytest.approx(2),  # main's alone
        "log-gigabyte-months": pytest.approx(2 * 30 / DAYS),
        "gigabytes-out": pytest.approx(2),
    }


def test_rest_streaming_asks_an_authorizer_for_each_request(
    workload: Workload, system: System, measured: Measured
) -> None:
    used = of_rest_streaming(replace(workload, authorization="jwt"), system, measured)

    assert used["lambda-requests"] == 2_000_000
    assert used["lambda-arm64"] == pytest.approx(5_000_000 + 0.5 * 0.006 * 1_000_000)
