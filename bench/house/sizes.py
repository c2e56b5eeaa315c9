"""How much is measured: in full, quickly while something is changed, or tiny for a test."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Seconds are those of one cell; a round has one cell of each kind."""

    clients: int
    rounds: int
    bare_seconds: float
    life_seconds: float
    workers_a_client: int
    lag_rate: int
    lag_seconds: float
    history_events: int
    few_orders: int
    many_orders: int
    far_page: int
    looks: int
    search_seconds: float


FULL = Sizes(
    clients=16,
    rounds=3,
    bare_seconds=8,
    life_seconds=20,
    workers_a_client=16,
    lag_rate=200,
    lag_seconds=60,
    history_events=200_000,
    few_orders=1_000,
    many_orders=200_000,
    far_page=1_000,
    looks=200,
    search_seconds=10,
)
QUICK = Sizes(
    clients=16,
    rounds=1,
    bare_seconds=3,
    life_seconds=8,
    workers_a_client=6,
    lag_rate=200,
    lag_seconds=8,
    history_events=10_000,
    few_orders=500,
    many_orders=10_000,
    far_page=100,
    looks=50,
    search_seconds=3,
)
TINY = Sizes(
    clients=2,
    rounds=1,
    bare_seconds=0.3,
    life_seconds=1,
    workers_a_client=2,
    lag_rate=50,
    lag_seconds=0.5,
    history_events=300,
    few_orders=60,
    many_orders=200,
    far_page=3,
    looks=3,
    search_seconds=0.3,
)
