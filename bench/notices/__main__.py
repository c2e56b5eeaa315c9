"""Measure the answer to a payment notice: `python -m bench.notices`; about six minutes.

Prints a table for each rate, and as the last line one JSON object: name → value,
goal, holds. Exit code 1 where the goal is missed or anything was lost.
"""

import json
import sys
from collections.abc import Sequence
from functools import partial

import sqlalchemy as sa

from bench.installation import until
from bench.notices.client import Arrival, Posting, Target, notices_of, plan, post_all
from bench.notices.installation import Installation, installation
from bench.notices.processor import processor_seconds
from bench.notices.sales import (
    WeChat,
    open_seats,
    orders_paid_once,
    payments_stated_once,
    sell,
)
from bench.notices.verdict import (
    ANSWER,
    KEEP,
    PRODUCT,
    Figures,
    Phase,
    figures,
    print_phase,
    verdicts,
)
from bench.verdict import all_hold
from interface.household import Household
from interface.settings import NOTIFY_PATH

GOAL = (50, 30.0)
STRESS = (200, 10.0)
_COUNT = sa.text("select count(*) from callbacks.notices")


def measure(at: Installation, wechat: WeChat, rate: int, seconds: float) -> Phase:
    """The floors, then the product, with the same arrivals and the same bytes."""
    arrivals = plan(rate, seconds)
    sales = sell(at.house, notices_of(rate, seconds))
    waited = until(partial(_nothing_to_do, at.house))
    transactions = wechat.take_money(sales)
    print(
        f"{len(sales)} attempts are prepared and paid (prepared after {waited:.0f} s)", flush=True
    )
    kept = _kept(at.house)
    postings = wechat.notices(transactions)
    results = _floors(at, arrivals, postings)
    before = processor_seconds(at.processes)
    results[PRODUCT] = figures(post_all(Target(at.web_port, NOTIFY_PATH), arrivals, postings))
    level_after = until(partial(_is_level, at.house))
    after = processor_seconds(at.processes)
    return Phase(
        rate,
        seconds,
        results,
        processor_ms={name: (after[name] - before[name]) * 1000 / len(sales) for name in after},
        wrong_payments=len(sales) - payments_stated_once(at.house, sales),
        wrong_orders=len(sales) - orders_paid_once(at.house, sales),
        unkept=max(0, results[PRODUCT].answered - (_kept(at.house) - kept)),
        level_after=level_after,
    )


def _floors(
    at: Installation, arrivals: Sequence[Arrival], postings: Sequence[Posting]
) -> dict[str, Figures]:
    paths = {ANSWER: "/answer", KEEP: "/keep"}
    return {
        name: figures(post_all(Target(at.floors_port, path), arrivals, postings))
        for name, path in paths.items()
    }


def _nothing_to_do(house: Household) -> bool:
    """Every projection and policy is level, and no call to WeChat is due."""
    return _is_level(house) and house.outbox.waiting().count == 0


def _is_level(house: Household) -> bool:
    return not any(house.feed.lags()[1].values())


def _kept(house: Household) -> int:
    with house.engine.connect() as connection:
        return int(connection.execute(_COUNT).scalar_one())


def main() -> int:
    """Measure both rates and report."""
    with installation() as at:
        wechat = WeChat(at.house.settings)
        wechat.keep_silent()
        open_seats(at.house)
        goal = measure(at, wechat, *GOAL)
        print_phase(goal)
        stress = measure(at, wechat, *STRESS)
        print_phase(stress)
    told = verdicts(goal, stress)
    print(json.dumps(told))
    return 0 if all_hold(told) else 1


if __name__ == "__main__":
    sys.exit(main())
