"""Each architecture rule holds, and was seen failing."""

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.architecture.call_rules import NAMES_OF_OURS, names_written_into_sql
from tests.architecture.event_rules import NAMED_OTHERWISE, PARTICIPLES
from tests.architecture.rule import RULES, Rule
from tests.architecture.shape_rules import figures
from tests.architecture.source import Source, Violation, planted
from tests.architecture.test_event_schema import frozen_schema
from tests.architecture.test_repository import ROOT, our_files

HERE = Path(__file__).parent
for _module in sorted(HERE.glob("*_rules.py")):
    importlib.import_module(f"tests.architecture.{_module.stem}")


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return [
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in our_files()
    ]


@pytest.fixture(params=sorted(RULES), name="rule")
def each_rule(request: pytest.FixtureRequest) -> Rule:
    return RULES[str(request.param)]


def test_the_tree_follows_the_rule(rule: Rule, sources: list[Source]) -> None:
    report = rule.report(sources)

    assert report == "", f"{report}\n({figures(sources)})"


def test_the_rule_reports_its_planted_breaches_and_nothing_beside(rule: Rule) -> None:
    assert rule.unproven() == ""


def test_the_rule_says_what_it_demands(rule: Rule) -> None:
    assert rule.check.__doc__


def _finds_nothing(_: Sequence[Source]) -> Iterator[Violation]:
    yield from ()


def _finds_everything(sources: Sequence[Source]) -> Iterator[Violation]:
    for source in sources:
        yield from (Violation(source.path, line, "") for line in (1, 2))


BREACH = planted("domain/x.py", "x = 1  # planted\ny = 2\n")


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (Rule(_finds_everything, ()), "has no planted breach"),
        (Rule(_finds_everything, (planted("domain/x.py", "x = 1\n"),)), "has no planted breach"),
        (Rule(_finds_nothing, (BREACH,)), "reports set()"),
        (Rule(_finds_everything, (BREACH,)), "reports {1, 2}"),
    ],
)
def test_a_rule_that_was_not_seen_failing_is_refused(rule: Rule, why: str) -> None:
    assert why in rule.unproven()


def test_the_whole_product_is_read(sources: list[Source]) -> None:
    paths = {source.path for source in sources}

    assert {"domain/money.py", "application/log.py", "interface/household.py"} <= paths
    assert "infrastructure/migrations/sql/log_append.sql" in paths
    assert "README.md" in paths


def test_every_exception_for_sql_is_still_needed(sources: list[Source]) -> None:
    assert NAMES_OF_OURS.keys() - names_written_into_sql(sources) == set()


def test_every_exception_for_names_is_still_needed() -> None:
    events = {name.partition(".")[2] for name in frozen_schema()}
    snake = {"".join(f"_{c.lower()}" if c.isupper() else c for c in n)[1:] for n in NAMED_OTHERWISE}

    assert snake <= events
    assert all(any(event.endswith(word.lower()) for event in events) for word in PARTICIPLES)
