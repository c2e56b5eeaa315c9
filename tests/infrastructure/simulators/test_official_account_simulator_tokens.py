"""The simulated account's own tokens and its ticket."""

from datetime import UTC, datetime

import pytest
import requests

from tests.infrastructure.simulators.official_account_world import (
    STABLE,
    WRONG_CREDENTIALS,
    Simulator,
    read,
)

# -- the stable token


def test_the_stable_token_is_the_same_to_everybody(simulator: Simulator) -> None:
    first, second = simulator.stable(), simulator.stable()

    assert first == second
    assert first["expires_in"] == 7200
    assert simulator.is_good(first["access_token"])


def test_the_stable_token_tells_what_is_left_of_its_life(simulator: Simulator) -> None:
    first = simulator.stable()
    simulator.later(hours=1)

    assert simulator.stable() == first | {"expires_in": 3600}


def test_the_stable_token_is_renewed_five_minutes_early_and_both_are_good(
    simulator: Simulator,
) -> None:
    first = simulator.stable()["access_token"]
    simulator.later(minutes=115, microseconds=-1)
    assert simulator.stable()["access_token"] == first

    simulator.later(microseconds=1)
    second = simulator.stable()["access_token"]
    assert second != first
    simulator.later(minutes=5, microseconds=-1)
    assert simulator.is_good(first)
    assert simulator.is_good(second)

    simulator.later(microseconds=1)
    assert simulator.ticket(first)["errcode"] == 42001
    assert simulator.is_good(second)


def test_force_gives_another_token_and_ends_the_old_one(simulator: Simulator) -> None:
    first = simulator.stable()["access_token"]
    second = simulator.stable(force_refresh=True)["access_token"]

    assert not simulator.is_good(first)
    assert simulator.is_good(second)
    assert simulator.stable()["access_token"] == second


def test_force_within_thirty_seconds_gives_the_same_token(simulator: Simulator) -> None:
    first = simulator.stable(force_refresh=True)["access_token"]
    simulator.later(seconds=30, microseconds=-1)
    assert simulator.stable(force_refresh=True)["access_token"] == first

    simulator.later(microseconds=1)
    assert simulator.stable(force_refresh=True)["access_token"] != first


def test_force_works_twenty_times_a_day_of_beijing(simulator: Simulator) -> None:
    tokens = set()
    for _ in range(25):
        tokens.add(simulator.stable(force_refresh=True)["access_token"])
        simulator.later(seconds=30)
    assert len(tokens) == 20

    simulator.clock.set(datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    assert simulator.stable(force_refresh=True)["access_token"] not in tokens


# -- the plain token


def test_each_plain_token_replaces_the_last_which_lives_five_minutes(simulator: Simulator) -> None:
    first, second = simulator.token()["access_token"], simulator.token()["access_token"]

    assert first != second
    simulator.later(minutes=5, microseconds=-1)
    assert simulator.is_good(first)
    simulator.later(microseconds=1)
    assert simulator.ticket(first)["errcode"] == 42001
    assert simulator.is_good(second)


def test_the_two_kinds_of_tokens_leave_each_other_alone(simulator: Simulator) -> None:
    plain, stable = simulator.token()["access_token"], simulator.stable()["access_token"]

    simulator.stable(force_refresh=True)
    assert simulator.is_good(plain)
    stable = simulator.stable()["access_token"]
    simulator.token()
    assert simulator.is_good(stable)


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [*WRONG_CREDENTIALS, ({"grant_type": "authorization_code"}, 40002)],
)
def test_wrong_credentials_get_their_errcode(
    simulator: Simulator, changes: dict[str, str], errcode: int
) -> None:
    for answer in (simulator.token(**changes), simulator.stable(**changes)):
        assert answer["errcode"] == errcode
        assert "rid: " in answer["errmsg"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'"text"'])
def test_a_stable_token_is_asked_for_in_json(simulator: Simulator, body: bytes) -> None:
    answer = read(requests.post(simulator.url + STABLE, data=body, timeout=5))

    assert answer["errcode"] == 47001


# -- the ticket


def test_the_ticket_needs_a_good_token_and_the_kind_jsapi(simulator: Simulator) -> None:
    token = simulator.stable()["access_token"]

    assert simulator.ticket("")["errcode"] == 41001
    assert simulator.ticket("short")["errcode"] == 40014
    assert simulator.ticket("x" * 128)["errcode"] == 40001
    assert simulator.ticket(token, "wx_card")["errcode"] == 40097
    ticket = simulator.ticket(token)
    assert (ticket["errcode"], ticket["expires_in"]) == (0, 7200)
    assert simulator.ticket(token) == ticket
