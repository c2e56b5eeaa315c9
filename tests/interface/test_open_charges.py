"""Charges that nobody pays are given up by the office; of a plan its own rules do that."""

from tests.interface.plans import OFFICE, active, open_hourly_seats
from tests.interface.town import Town

WHY = {"reason_code": "goodwill"}


def test_a_plan_gives_up_its_renewals_itself(town: Town) -> None:
    open_hourly_seats(town, days=60)
    plan = active(town, weekdays=[2], weeks=4)

    answer = plan.office.post(f"{OFFICE}/{plan.id}/charges/1/withdrawal", WHY)

    assert (answer.status_code, answer.json()["code"]) == (409, "plan_of_visits")


def test_an_order_that_is_not_there_has_no_charge(town: Town) -> None:
    nowhere = "00000000-0000-0000-0000-000000000000"

    answer = town.dispatcher().post(f"{OFFICE}/{nowhere}/charges/2/withdrawal", WHY)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
