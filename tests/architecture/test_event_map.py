"""The event map is the one page of what happens when X happens, and nothing hides from it."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

import pytest

import application
import domain
from application.event_map import (
    AGGREGATES,
    ALL_PROJECTIONS,
    DEADLINES,
    ERRANDS,
    POLICIES,
    PROJECTIONS,
)
from application.payment_errands import close_errand, prepay_errand, query_errand
from application.policy import Policy, Start
from application.projections import cash_journal, customer_orders, office_orders
from application.projections.projection import Handler, Projection
from domain.ledger.posting import POSTING_RULES
from domain.names import STORED_AGGREGATES, STORED_EVENTS
from domain.orders.order_facts import OrderFacts
from infrastructure.feed.routing import routes
from interface.cli import event_map

ROOT = event_map.PAGE.parents[1]
APPLICATION = [
    importlib.import_module(module.name)
    for module in walk_packages(application.__path__, "application.")
]
DOTTED = re.compile(r"[a-z]+\.[a-z_]+")
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
HANDLERS = [handler for line in PROJECTIONS.values() for handler in line]
REACTIONS = [policy for line in POLICIES.values() for policy in line]


def named(module: ModuleType, kind: type) -> Iterator[object]:
    return (each for _, each in inspect.getmembers(module) if isinstance(each, kind))


def test_the_page_is_fresh() -> None:
    assert event_map.PAGE.read_text(encoding="utf-8") == event_map.page(), "run: jiawu event-map"


def test_every_aggregate_is_in_the_map() -> None:
    for module in walk_packages(domain.__path__, "domain."):
        importlib.import_module(module.name)
    assert set(AGGREGATES) == set(STORED_AGGREGATES.values())


def test_a_process_that_imports_the_map_alone_knows_every_event() -> None:
    asked = "import application.event_map, domain.names; print(*sorted(domain.names.STORED_EVENTS))"
    told = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == sorted(STORED_EVENTS)


@pytest.mark.parametrize("key", [*PROJECTIONS, *POLICIES], ids=lambda key: key.__qualname__)
def test_every_key_is_met_by_some_event_of_the_log(key: type) -> None:
    assert any(issubclass(event, key) for event in STORED_EVENTS.values())


def test_every_handler_of_a_projection_is_in_the_map() -> None:
    handlers = [each for module in APPLICATION for each in named(module, Handler)]
    assert handlers
    assert set(handlers) == set(HANDLERS)


def test_every_projection_runs_and_has_handlers_and_tables_of_its_own() -> None:
    made = {each for module in APPLICATION for each in named(module, Projection)}
    assert set(ALL_PROJECTIONS) == made
    assert {handler.projection for handler in HANDLERS} == set(ALL_PROJECTIONS)
    for projection in ALL_PROJECTIONS:
        assert projection.metadata.schema == projection.name
        assert projection.metadata.tables


def test_every_policy_is_in_the_map() -> None:
    assert {each for module in APPLICATION for each in named(module, Policy)} == set(REACTIONS)


def test_every_policy_meets_the_whole_log_however_late_it_is_installed() -> None:
    assert {policy.starts for policy in REACTIONS} == {Start.BEGINNING}


def test_no_two_followers_share_a_name_and_so_a_position() -> None:
    names = [projection.name for projection in ALL_PROJECTIONS]
    names += [policy.name for policy in set(REACTIONS)]
    assert len(set(names)) == len(names)


def test_every_errand_that_is_written_can_be_carried_out() -> None:
    errands = (prepay_errand("BJ-1"), query_errand("BJ-1", NOON), close_errand("BJ-1"))
    assert {f"{errand.channel}.{errand.template}" for errand in errands} == set(ERRANDS)


def test_every_deadline_that_is_set_can_be_met() -> None:
    sources = [Path(str(module.__file__)).read_text(encoding="utf-8") for module in APPLICATION]
    assert {name for source in sources for name in deadlines_set_in(source)} == set(DEADLINES)


def deadlines_set_in(source: str) -> set[str]:
    """The names that a module which makes deadlines has for them: texts like `order.unpaid`."""
    tree = ast.parse(source)
    if not any(ast.unparse(call.func) == "Deadline" for call in calls_in(tree)):
        return set()
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and DOTTED.fullmatch(text)}


def calls_in(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_an_order_is_booked_before_it_is_followed() -> None:
    booked = routes(PROJECTIONS)["cleaning_order.booked"]
    for module in (office_orders, customer_orders):
        assert booked.index(module.book) < booked.index(module.follow)


def test_every_fact_of_an_order_is_followed() -> None:
    for name, handlers in routes(PROJECTIONS).items():
        followed = {office_orders.follow, customer_orders.follow} <= set(handlers)
        assert followed == issubclass(STORED_EVENTS[name], OrderFacts.Event), name


def test_exactly_the_events_with_a_posting_rule_are_posted() -> None:
    for name, handlers in routes(PROJECTIONS).items():
        ruled = any(cls in POSTING_RULES for cls in STORED_EVENTS[name].__mro__)
        assert (cash_journal.post_entry in handlers) == ruled, name
