"""The area of service over HTTP: what is served where, and who may change it."""

from collections.abc import Mapping
from uuid import uuid4

import pytest

from tests.interface.town import Json, Town

AREAS = "/api/v1/areas"
OFFICE = "/api/v1/office/areas"
SLOTS = "/api/v1/slots"
WUHOU = {
    "district": "510107",
    "name": "武侯区",
    "centre": "104.0434,30.6414",
    "radius_metres": 20_000,
    "pools": ["cleaning", "care"],
}
EVERY_POOL = ["cleaning", "laundry", "hourly", "appliances", "repair", "care"]


def areas(town: Town) -> dict[str, Json]:
    """What everybody reads, by district."""
    town.catch_up()
    return {each["district"]: each for each in town.anybody().read(AREAS)["areas"]}


def refusal(town: Town, district: str) -> str:
    """What somebody is told who looks for a cleaning there; "" where it is served."""
    wish = {"service_code": "BJ-01", "quantity": 120, "first_day": "2026-12-20"}
    answer = town.anybody().get(SLOTS, district=district, **wish)
    return "" if answer.status_code == 200 else str(answer.json()["code"])


@pytest.mark.requirement("R42")
def test_everybody_reads_what_is_served_where_and_in_which_coordinates(town: Town) -> None:
    told = town.anybody().read(AREAS)
    assert told["coordinate_system"] == "gcj02"
    haidian = {"district": "110108", "name": "海淀区", "pools": EVERY_POOL}
    assert haidian in told["areas"]
    codes = [each["district"] for each in told["areas"]]
    assert codes == sorted(codes)


def test_a_trade_is_closed_in_a_district_and_opened_again(town: Town) -> None:
    office = town.dispatcher()
    told = office.do(f"{OFFICE}/110119/closing", {"pool": "cleaning"})
    assert told == {"district": "110119", "name": "延庆区", "pools": EVERY_POOL[1:]}
    assert areas(town)["110119"] == told
    assert refusal(town, "110119") == refusal(town, "110119001") == "area_not_served"
    assert refusal(town, "110118") == ""
    position = town.position()
    assert office.do(f"{OFFICE}/110119/closing", {"pool": "cleaning"}) == told
    assert town.position() == position
    office.do(f"{OFFICE}/110119/opening", {"pool": "cleaning"})
    assert areas(town)["110119"]["pools"] == EVERY_POOL
    assert refusal(town, "110119") == ""


def test_a_new_district_is_taken_into_the_area(town: Town) -> None:
    office = town.dispatcher()
    assert refusal(town, "510107") == "area_not_served"
    told = office.do(OFFICE, WUHOU)
    assert told == {"district": "510107", "name": "武侯区", "pools": ["cleaning", "care"]}
    assert areas(town)["510107"] == told
    assert refusal(town, "510107") == ""
    for known in (WUHOU, {**WUHOU, "district": "110108"}):
        answer = office.post(OFFICE, known)
        assert (answer.status_code, answer.json()["code"]) == (409, "area_known")


def test_the_same_request_twice_draws_once(town: Town) -> None:
    office, key = town.dispatcher(), str(uuid4())
    body = {**WUHOU, "district": "510104", "name": "锦江区"}
    told = [office.post(OFFICE, body, key=key) for _ in range(2)]
    assert [answer.status_code for answer in told] == [201, 201]
    assert told[0].json() == told[1].json()


@pytest.mark.parametrize(
    "changes",
    [
        {"district": "5101"},
        {"name": ""},
        {"centre": "30.6414,104.0434"},
        {"centre": "there"},
        {"radius_metres": 0},
        {"pools": ["gardening"]},
    ],
)
def test_a_district_that_makes_no_sense_is_refused(town: Town, changes: Mapping[str, Json]) -> None:
    position = town.position()
    body = {**WUHOU, "district": "510105", **changes}
    assert town.dispatcher().post(OFFICE, body).status_code == 422
    assert town.position() == position


def test_a_district_that_nobody_drew_cannot_be_opened(town: Town) -> None:
    office, position = town.dispatcher(), town.position()
    for what in ("opening", "closing"):
        answer = office.post(f"{OFFICE}/440106/{what}", {"pool": "cleaning"})
        assert (answer.status_code, answer.json()["code"]) == (409, "area_not_served")
        assert office.post(f"{OFFICE}/110108/{what}", {"pool": "gardening"}).status_code == 422
    assert town.position() == position
