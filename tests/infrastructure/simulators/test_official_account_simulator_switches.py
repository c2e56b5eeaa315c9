"""States of the simulated account that are switched on and off."""

import pytest
import requests

from tests.infrastructure.simulators.official_account_world import Simulator


@pytest.mark.parametrize(("switch", "errcode"), [("secret_frozen", 40243), ("ip_refused", 40164)])
def test_a_switch_stops_both_token_endpoints(
    simulator: Simulator, switch: str, errcode: int
) -> None:
    simulator.tell("/_sim/switches", {switch: True})
    assert simulator.token()["errcode"] == simulator.stable()["errcode"] == errcode

    simulator.tell("/_sim/switches", {switch: False})
    assert "access_token" in simulator.stable()


def test_a_switch_refuses_even_a_good_token(simulator: Simulator) -> None:
    token = simulator.stable()["access_token"]

    simulator.tell("/_sim/switches", {"token_refused": True})

    assert simulator.ticket(token)["errcode"] == 40001
    assert simulator.stable()["access_token"] == token


def test_a_switch_that_is_not_named_stays(simulator: Simulator) -> None:
    simulator.tell("/_sim/switches", {"ip_refused": True})
    simulator.tell("/_sim/switches", {"secret_frozen": True})

    told = requests.get(f"{simulator.url}/_sim/switches", timeout=5).json()

    assert told == {
        "ip_refused": True,
        "secret_frozen": True,
        "token_refused": False,
        "double_callback": False,
    }
    assert simulator.tell("/_sim/switches", {"unknown": True}).status_code == 422
