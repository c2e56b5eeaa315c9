"""Failures of the line to the simulated account, ordered in advance."""

import pytest
import requests

from tests.infrastructure.simulators.official_account_world import (
    CREDENTIALS,
    STABLE,
    TOKEN,
    Simulator,
)


def fail_next(simulator: Simulator, **fault: object) -> None:
    assert simulator.tell("/_sim/fail_next", fault).status_code == 204


def test_a_failure_happens_once_and_to_the_named_path_only(simulator: Simulator) -> None:
    fail_next(simulator, path_contains="stable", status=502)

    assert "access_token" in simulator.token()
    failed = requests.post(simulator.url + STABLE, json=CREDENTIALS, timeout=5)
    assert (failed.status_code, failed.text) == (502, "upstream error")
    assert "access_token" in simulator.stable()


def test_an_ordered_errcode_is_answered_as_wechat_words_it(simulator: Simulator) -> None:
    fail_next(simulator, errcode=-1)

    answer = simulator.stable()

    assert answer["errcode"] == -1
    assert "rid: " in answer["errmsg"]


def test_a_lost_answer_leaves_its_effect(simulator: Simulator) -> None:
    code = simulator.code()
    fail_next(simulator, path_contains="/sns/oauth2", lose_response=True)

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        simulator.redeem(code)

    assert simulator.redeem(code)["errcode"] == 40163


def test_a_late_answer_is_the_right_one(simulator: Simulator) -> None:
    fail_next(simulator, latency_seconds=0.3)

    with pytest.raises(requests.ReadTimeout):
        requests.get(simulator.url + TOKEN, CREDENTIALS, timeout=0.1)
    fail_next(simulator, latency_seconds=0.05)
    assert "access_token" in simulator.token()


def test_the_control_api_itself_never_fails(simulator: Simulator) -> None:
    fail_next(simulator, status=500)

    assert requests.get(f"{simulator.url}/_sim/switches", timeout=5).ok
