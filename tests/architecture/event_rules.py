"""Aggregates and their events: what may stand in them, and how facts are named."""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final

from tests.architecture.rule import rule
from tests.architecture.source import (
    PRODUCT,
    Function,
    Source,
    Violation,
    last_name,
    planted,
    within,
)

_ROOT = "EventSourced"
_NOT_STORED = frozenset({"Event", "Opened"})

# A fact ends in a past participle, or in an adverb behind one; the rest is frozen here.
_REGULAR = re.compile(r"\w+ed")
_ADVERBS = ("Late", "Again")
PARTICIPLES: Final = frozenset({"Paid", "Left", "Given", "Withdrawn"})
NAMED_OTHERWISE: Final = {"RefundDue": "a debt that arose; the trade's word"}


def _aggregates(sources: Sequence[Source]) -> Iterator[tuple[Source, ast.ClassDef]]:
    """Classes of the domain that derive from EventSourced by name, at any distance."""
    classes = [
        (source, node)
        for source in within(sources, "domain")
        for node in source.nodes(ast.ClassDef)
    ]
    known, found = {_ROOT}, set[str]()
    while found != known:
        found = set(known)
        known |= {node.name for _, node in classes if known & _plain_bases(node)}
    yield from ((source, node) for source, node in classes if node.name in known)


def _plain_bases(node: ast.ClassDef) -> set[str]:
    return {base.id for base in node.bases if isinstance(base, ast.Name)}


@rule(
    planted(
        "domain/x.py",
        """
        from domain.aggregate import EventSourced

        class ServiceOrder(EventSourced):
            stage: str  # planted
            WINDOW_PURPOSES = ("service",)

            class Paid(EventSourced.Event):
                amount_fen: int

        class CleaningOrder(ServiceOrder):
            rooms: list[str] = []  # planted

        class Booking:
            total_fen: int
        """,
    ),
)
def aggregates_carry_no_class_annotations(sources: Sequence[Source]) -> Iterator[Violation]:
    """The library would turn an annotated aggregate into a dataclass."""
    for source, aggregate in _aggregates(sources):
        for statement in aggregate.body:
            if isinstance(statement, ast.AnnAssign):
                yield source.at(statement, f"{aggregate.name}: {ast.unparse(statement)}")


@rule(
    planted(
        "domain/x.py",
        """
        import eventsourcing.domain as library
        from eventsourcing.domain import event, triggers as causes

        class Order(EventSourced):
            @event  # planted
            def pay(self): ...

            @event("Cancelled")  # planted
            def cancel(self): ...

            @library.event  # planted
            def close(self): ...

            @causes  # planted
            def book(self): ...

            @property
            def stage(self): ...
        """,
    ),
)
def commands_state_explicit_events(sources: Sequence[Source]) -> Iterator[Violation]:
    """No @event: a decorated command would define its event from its own parameters."""
    magic = {f"eventsourcing.domain.{name}" for name in ("event", "triggers", "aggregate")}
    for source in within(sources, *PRODUCT):
        for function in (*source.functions(), *source.nodes(ast.ClassDef)):
            for decorator in function.decorator_list:
                asked = decorator.func if isinstance(decorator, ast.Call) else decorator
                if source.origin(asked) in magic:
                    yield source.at(decorator, f"@{ast.unparse(decorator)}")


@rule(
    planted(
        "domain/aggregate.py",
        """
        class EventSourced:
            def evolve(self, event):
                raise NotImplementedError(event)
        """,
    ),
    planted(
        "domain/x.py",
        """
        class Order(EventSourced):
            def evolve(self, event):
                if event.amount_fen < 0:
                    raise ValueError  # planted
                match event:
                    case Order.Paid():
                        self.paid_at = self.clock.now()  # planted
                        self.check_stage()  # planted
                        self._check_money()  # planted
                        self.trigger_event(Order.Noted)  # planted
                    case _:
                        self._evolve_end(event)

            def _evolve_end(self, event):
                match event:  # planted
                    case Order.Cancelled():
                        self.stage = event.stage

        class Visit(EventSourced):
            def evolve(self, event):
                match event:  # planted
                    case Visit.Paid():
                        self.stage = event.stage
                    case _:
                        pass
        """,
    ),
)
def evolve_only_copies_facts(sources: Sequence[Source]) -> Iterator[Violation]:
    """No check, no clock, no new event; what it does not know goes to the base, which raises."""
    for source in within(sources, "domain"):
        for function in source.functions():
            if "evolve" in function.name:
                yield from _beyond_copying(source, function)


def _beyond_copying(source: Source, function: Function) -> Iterator[Violation]:
    for node in ast.walk(function):
        match node:
            case ast.Raise(exc=raised) if raised and last_name(raised) != "NotImplementedError":
                yield source.at(node, ast.unparse(node))
            case ast.Call() if _is_no_copying(last_name(node)):
                yield source.at(node, ast.unparse(node))
            case ast.Match(cases=[*_, last]) if not _passes_on(last):
                yield source.at(node, "unknown events are not passed on")


def _is_no_copying(name: str) -> bool:
    return name.lstrip("_").startswith("check") or name in {"now", "today", "trigger_event"}


def _passes_on(last: ast.match_case) -> bool:
    match last:
        case ast.match_case(
            pattern=ast.MatchAs(pattern=None), guard=None, body=[ast.Expr(value=ast.Call() as call)]
        ):
            return "evolve" in last_name(call)
        case _:
            return False


@rule(
    planted(
        "domain/x.py",
        """
        class Order(EventSourced):
            class Event(EventSourced.Event): ...
            class Booked(Event, EventSourced.Opened): ...
            class Paid(Event): ...
            class SucceededLate(Event): ...
            class ChargeWithdrawn(Event): ...
            class RefundDue(Event): ...
            class Pay(Event): ...  # planted
            class PaymentLate(Event): ...  # planted
            class OrderCancellation(Event): ...  # planted

        class Wish:
            class Details: ...
        """,
    ),
)
def facts_are_named_in_the_past(sources: Sequence[Source]) -> Iterator[Violation]:
    """An event is named for what happened: Paid, AreaReviewed, SucceededLate."""
    for source, aggregate in _aggregates(sources):
        for event in aggregate.body:
            if isinstance(event, ast.ClassDef) and not _is_past(event.name):
                yield source.at(event, f"{aggregate.name}.{event.name}")


def _is_past(name: str) -> bool:
    if name in _NOT_STORED or name in NAMED_OTHERWISE:
        return True
    words = re.findall(r"[A-Z][a-z]*", name)
    if len(words) > 1 and words[-1] in _ADVERBS:
        words.pop()
    return words[-1] in PARTICIPLES or _REGULAR.fullmatch(words[-1]) is not None


_ORDERING = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@rule(
    planted(
        "domain/x.py",
        """
        def f(order, Stage, stage, orders, at):
            a = order.stage < Stage.PAID  # planted
            b = Stage.PAID >= stage  # planted
            c = orders.c.stage > "paid"  # planted
            d = "a" <= order.previous_stage <= "z"  # planted
            e = order.stage == Stage.PAID
            g = order.stage in {Stage.PAID}
            h = sorted(Stage)  # planted
            i = max(order.stage, stage)  # planted
            return at < order.staged_at
        """,
    ),
)
def stages_are_names_without_an_order(sources: Sequence[Source]) -> Iterator[Violation]:
    """A stage is compared by name, so another may come between without moving any."""
    for source in within(sources, *PRODUCT):
        for node in source.nodes(ast.Compare):
            sides = [node.left, *node.comparators]
            if any(isinstance(op, _ORDERING) for op in node.ops) and any(map(_is_stage, sides)):
                yield source.at(node, ast.unparse(node))
        for call in source.nodes(ast.Call):
            if source.origin(call.func) in {"sorted", "min", "max"} and any(
                map(_is_stage, call.args)
            ):
                yield source.at(call, ast.unparse(call))


def _is_stage(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute) and last_name(node.value) == "Stage":
        return True
    name = last_name(node)
    return name in {"Stage", "stage"} or name.endswith("_stage")
