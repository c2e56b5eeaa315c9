"""Alerts are raised once however often their cause comes, and acknowledged by one person."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest

from application.commands import Command, Outcome
from domain.alerts import Alert, AlertCode, Concern, alert_id
from domain.errors import InvalidInputError
from interface.household import Household
from tests.application.projections.tables import log_of
from tests.domain.histories import NOW

FOREIGN = AlertCode.FOREIGN_NOTICE
CONCERN = Concern(code=FOREIGN, subject="4200", facts={"amount_fen": 15_000})
FINANCE, COLLEAGUE = f"staff:{uuid4()}", f"staff:{uuid4()}"


def told(house: Household) -> list[Any]:
    """The log's events about alerts."""
    return [each.event for each in log_of(house.engine) if isinstance(each.event, Alert.Event)]


def names(house: Household) -> list[str]:
    return [type(event).__name__ for event in told(house)]


def asked(actor: str = FINANCE) -> Command:
    return Command(id=uuid4(), actor=actor, body_mac="mac", at=NOW)


def acknowledge(house: Household, note: str = "已核实", actor: str = FINANCE) -> Outcome:
    return house.alerts.acknowledge(CONCERN, note, asked(actor))


def test_the_cause_of_an_alert_may_come_again_and_it_is_one_alert(house: Household) -> None:
    for amount_fen in (15_000, 1):
        house.alerts.raise_alert(FOREIGN, "4200", mchid="1999999999", amount_fen=amount_fen)
    (event,) = told(house)
    assert event.originator_id == alert_id(FOREIGN, "4200")
    assert event.facts == {"mchid": "1999999999", "amount_fen": 15_000}
    assert log_of(house.engine)[-1].actor == "system:alerts"


def test_causes_at_the_same_time_are_one_alert(house: Household) -> None:
    together = Barrier(8)

    def notice(_: int) -> None:
        together.wait()
        house.alerts.raise_alert(FOREIGN, "4200")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(notice, range(8)))
    assert names(house) == ["Raised"]


def test_another_code_or_subject_is_another_alert(house: Household) -> None:
    house.alerts.raise_alert(FOREIGN, "4200")
    house.alerts.raise_alert(FOREIGN, "4201")
    house.alerts.raise_alert(AlertCode.UNKNOWN_NUMBER, "4200")
    assert len({event.originator_id for event in told(house)}) == 3


def test_no_alert_is_lost_for_the_spelling_of_its_subject(house: Household) -> None:
    house.alerts.raise_alert(
        AlertCode.UNKNOWN_NUMBER, "BJ\x00\n\ud800" + "9" * 200, attach="a\x00b"
    )
    (event,) = told(house)
    assert event.subject == "BJ" + "9" * 126
    assert event.facts == {"attach": "ab"}


@pytest.mark.parametrize("code", ["", "bad_weather"])
def test_a_code_that_nobody_knows_is_refused(house: Household, code: str) -> None:
    with pytest.raises(InvalidInputError):
        house.alerts.raise_alert(code, "4200")
    assert told(house) == []


def test_an_alert_is_acknowledged_by_the_first_who_looked(house: Household) -> None:
    house.alerts.raise_alert(FOREIGN, "4200")
    first = acknowledge(house)
    second = acknowledge(house, "我也看了", COLLEAGUE)
    assert names(house) == ["Raised", "Acknowledged"]
    assert (told(house)[-1].by, told(house)[-1].note) == (FINANCE, "已核实")
    answer = {"alert_id": str(CONCERN.alert_id), "acknowledged_by": FINANCE}
    assert first.answer == second.answer == answer


def test_what_stands_in_the_list_by_a_fact_alone_is_raised_when_it_is_acknowledged(
    house: Household,
) -> None:
    outcome = acknowledge(house)
    assert names(house) == ["Raised", "Acknowledged"]
    raised, _ = told(house)
    assert (raised.code, raised.subject, raised.facts) == ("foreign_notice", "4200", CONCERN.facts)
    assert outcome.position == 2


def test_a_cause_that_comes_after_the_acknowledgement_changes_nothing(house: Household) -> None:
    acknowledge(house)
    house.alerts.raise_alert(FOREIGN, "4200", amount_fen=1)
    assert names(house) == ["Raised", "Acknowledged"]


def test_two_who_acknowledge_at_the_same_time_are_told_of_one(house: Household) -> None:
    together = Barrier(2)

    def look(actor: str) -> Outcome:
        together.wait()
        return acknowledge(house, actor=actor)

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(look, [FINANCE, COLLEAGUE]))
    assert names(house) == ["Raised", "Acknowledged"]
    assert {each.answer["acknowledged_by"] for each in outcomes} == {told(house)[-1].by}


def test_a_repeated_acknowledgement_gets_its_first_answer(house: Household) -> None:
    command = asked()
    first, again = (house.alerts.acknowledge(CONCERN, "已核实", command) for _ in range(2))
    assert (again.position, again.answer, again.repeated) == (first.position, first.answer, True)
    assert names(house) == ["Raised", "Acknowledged"]


def test_a_note_that_is_too_long_changes_nothing(house: Household) -> None:
    with pytest.raises(InvalidInputError):
        acknowledge(house, "长" * 501)
    assert told(house) == []
