"""The office keeps workers: who is suspended or gone is given no work, and gives no seats."""

import pytest

from tests.interface.town import Caller, Json, Town
from tests.interface.visits import Visit, assert_refused

WORKERS = "/api/v1/office/workers"
WHY = {"reason_code": "complaints"}


@pytest.fixture
def office(town: Town) -> Caller:
    return town.dispatcher()


def listed(town: Town, office: Caller, worker: str) -> Json:
    town.catch_up()
    page = office.read(WORKERS, limit=100)
    return next(each for each in page["workers"] if each["worker_id"] == worker)


def test_a_suspended_worker_is_given_no_work_until_reinstated(town: Town, office: Caller) -> None:
    worker, visit = town.worker(office), Visit(town)
    told = office.do(f"{WORKERS}/{worker}/suspension", WHY)
    assert told == {"worker_id": worker, "status": "suspended"}
    answer = office.post(f"{visit.path}/assignment", {"crew": [worker]})
    assert_refused(answer, 409, "worker_not_active", "该服务人员已停派或已离职。")
    assert listed(town, office, worker)["status"] == "suspended"
    assert office.do(f"{WORKERS}/{worker}/reinstatement")["status"] == "active"
    visit.assign(worker)
    assert visit.stage() == "awaiting_acceptance"


def test_skills_and_districts_are_replaced_whole(town: Town, office: Caller) -> None:
    worker = town.worker(office, "BJ-01")
    office.do(f"{WORKERS}/{worker}/skills", {"skills": ["GX-01"], "districts": ["110108"]})
    shown = listed(town, office, worker)
    assert (shown["skills"], shown["districts"]) == (["GX-01"], ["110108"])


def test_who_left_never_comes_back(town: Town, office: Caller) -> None:
    worker = town.worker(office)
    assert office.do(f"{WORKERS}/{worker}/departure", WHY)["status"] == "left"
    refused = [
        office.post(f"{WORKERS}/{worker}/reinstatement"),
        office.post(f"{WORKERS}/{worker}/suspension", WHY),
        office.post(f"{WORKERS}/{worker}/departure", WHY),
    ]
    assert {answer.status_code for answer in refused} == {409}


def test_a_suspension_is_given_once_whoever_taps_twice(town: Town, office: Caller) -> None:
    worker = town.worker(office)
    path = f"{WORKERS}/{worker}/suspension"
    answers = [office.post(path, WHY, key="suspend-once").json() for _ in range(2)]
    assert answers == [{"worker_id": worker, "status": "suspended"}] * 2
