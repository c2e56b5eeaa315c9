"""How often the simulated account may be asked, and what it counts."""

from datetime import UTC, datetime

import pytest
import requests

from infrastructure.clock import SettableClock
from infrastructure.simulators.official_account.quotas import Quotas
from infrastructure.simulators.official_account.refusals import RefusalError
from tests.infrastructure.simulators.official_account_world import STABLE, START, TOKEN, Simulator


@pytest.mark.parametrize(
    ("path", "times", "errcode"),
    [(TOKEN, 2_000, 45009), (STABLE, 10_000, 45011), ("/sns/oauth2/access_token", 50_000, 45011)],
)
def test_the_published_quota_is_kept(path: str, times: int, errcode: int) -> None:
    quotas = Quotas(SettableClock(START))
    for _ in range(times):
        quotas.spend(path)

    with pytest.raises(RefusalError) as refused:
        quotas.spend(path)
    assert refused.value.errcode == errcode


def test_the_quota_of_a_day_is_kept_until_midnight_in_beijing(simulator: Simulator) -> None:
    simulator.tell("/_sim/quotas", {"path": TOKEN, "per_day": 1})

    assert "access_token" in simulator.token()
    assert simulator.token()["errcode"] == 45009
    simulator.clock.set(datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC))
    assert simulator.token()["errcode"] == 45009
    simulator.clock.set(datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    assert "access_token" in simulator.token()


def test_the_quota_of_a_minute_is_kept(simulator: Simulator) -> None:
    simulator.tell("/_sim/quotas", {"path": STABLE, "per_minute": 1})

    assert "access_token" in simulator.stable()
    assert simulator.stable()["errcode"] == 45011
    simulator.later(minutes=1)
    assert "access_token" in simulator.stable()


def test_all_calls_are_counted_refused_ones_too(simulator: Simulator) -> None:
    simulator.stable()
    simulator.stable(secret="wrong")
    simulator.get("/sns/auth", access_token="x", openid="x")
    simulator.later(minutes=1)
    simulator.stable(force_refresh=True)

    told = requests.get(f"{simulator.url}/_sim/counters", timeout=5).json()

    assert told["calls"][STABLE] == {"total": 3, "today": 3, "this_minute": 1}
    assert told["calls"]["/sns/auth"]["total"] == 1
    assert told["generations"] == {"token": 0, "stable_token": 2, "jsapi_ticket": 0}
