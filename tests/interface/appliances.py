"""Appliance care and repairs as a test drives them over HTTP."""

from datetime import date, timedelta

from domain.time import shanghai_day
from tests.interface.town import DISTRICT, Caller, Json, Town

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"


def open_seats(town: Town, office: Caller, day: date | None = None) -> None:
    """That day, else tomorrow, there are seats for everybody."""
    day = day or shanghai_day(town.tomorrow())
    plan = {"pool": "appliances", "district": DISTRICT, "day": day.isoformat(), "seats": 90}
    office.do("/api/v1/office/seats", {**plan, "starts": "00:00", "ends": "00:00"})


def sold(
    town: Town, customer: Caller, office: Caller, code: str, items: Json, **more: Json
) -> Json:
    """A booked and paid order of a service that is sold by item."""
    open_seats(town, office)
    wish = {name: value for name, value in town.wish(code, **more).items() if name != "quantity"}
    order = customer.do(ORDERS, {**wish, "items": items})
    town.pay_at_wechat(town.prepared(customer, order))
    town.courier.deliver_due()
    town.catch_up()
    return order


def act(office: Caller, order: Json, step: str, **body: Json) -> Json:
    return office.do(f"{OFFICE}/{order['order_id']}/{step}", body)


def refuse(office: Caller, order: Json, step: str, **body: Json) -> tuple[int, str]:
    answer = office.post(f"{OFFICE}/{order['order_id']}/{step}", body)
    return answer.status_code, answer.json()["code"]


def go(town: Town, office: Caller, order: Json, *stages: str) -> None:
    for stage in stages:
        town.clock.advance(timedelta(minutes=5))
        act(office, order, "progress", stage=stage)


def arrive(town: Town, office: Caller, order: Json, code: str) -> None:
    """A new worker is given the order and comes."""
    worker = town.worker(office, code)
    act(office, order, "assignment", crew=[worker])
    act(office, order, "acceptance")
    go(town, office, order, "departed", "arrived")


def shown(town: Town, customer: Caller, order: Json) -> Json:
    town.settle()
    return customer.read(f"{ORDERS}/{order['order_id']}")


def parts(view: Json) -> list[tuple[str, str]]:
    return [(part["label"], part["stage_label"]) for part in view["parts"]]


def sentences(view: Json) -> list[str]:
    return [step["sentence"] for step in view["timeline"]]
