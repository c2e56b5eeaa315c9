"""A log full of paid lives, appended in bulk: as events stand in it, without the use cases."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

import orjson
from eventsourcing.persistence import StoredEvent

from application.customers import sealed_contact
from application.lines import Contact
from application.vault import KeyClass
from bench.notices.sales import DISTRICT
from bench.order import completed_order
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_number import order_number, out_trade_no
from domain.payment_attempts import JSAPI, PaymentAttempt, SuccessReport
from domain.payments import Payment, payment_id
from domain.time import shanghai_day
from infrastructure.event_log.mapper import OrjsonTranscoder, PlainJsonMapper
from interface.household import Household

_NAMESPACE: Final = UUID("0b1d1f0e-6f3c-5d0a-9a35-7f1f6f2f9a11")
_AT_ONCE: Final = 2_000  # events an append
# Orders of one day, so that their numbers keep four digits; today's are booked for real.
_A_DAY: Final = 9_000
_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
_GIVEN: Final = "秀英桂兰玉梅建国志强春丽海燕文静晓明雪峰"
_STREETS: Final = [
    "望京街",
    "酒仙桥路",
    "青年路",
    "双井",
    "团结湖",
    "三里屯",
    "大望路",
    "常营",
    "定福庄",
    "太阳宫",
]


@dataclass(frozen=True)
class Buyer:
    """A customer, in clear and as events keep it."""

    customer_id: UUID
    name: str
    phone: str
    address: str
    contact: Mapping[str, str]
    openid: str


@dataclass(frozen=True)
class _Fact:
    """One event of the life that all are copies of."""

    of_payment: bool
    version: int
    name: str
    state: Mapping[str, Any]


class LifeStory:
    """Copies of one life, made by the domain: 10 events of the order, 3 of its payment."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        order = completed_order(at)
        payment = _paid(order, at)
        booked, *rest = _facts(order, of_payment=False)
        self._facts = [booked, *_facts(payment, of_payment=True), *rest]

    @property
    def events(self) -> int:
        return len(self._facts)

    def copy(
        self, number: int, buyer: Buyer, most: int, *, orders_only: bool = False
    ) -> Iterator[StoredEvent]:
        """The first `most` events of the `number`-th order; every order has its own ids."""
        facts = [each for each in self._facts if not (orders_only and each.of_payment)]
        own = self._own(number, buyer)
        streams = own["order_id"], own["payment_id"]
        for fact in facts[:most]:
            state = {name: own.get(name, value) for name, value in fact.state.items()}
            stream = streams[fact.of_payment]
            yield StoredEvent(stream, fact.version, fact.name, orjson.dumps(state))

    def _own(self, number: int, buyer: Buyer) -> dict[str, Any]:
        day = shanghai_day(self._at) - timedelta(days=1 + number // _A_DAY)
        its_number = order_number("BJ", day, number % _A_DAY + 1)
        trade_number = out_trade_no(its_number, 1, 1)
        order_id = uuid5(_NAMESPACE, str(number))
        return {
            "order_id": order_id,
            "order_number": its_number,
            "customer_id": buyer.customer_id,
            "contact": buyer.contact,
            "payer_openid": buyer.openid,
            "payment_id": payment_id(trade_number),
            "out_trade_no": trade_number,
            "payable_id": order_id,
            "transaction_id": f"42{number:026d}",
        }


def buyers(house: Household, count: int) -> list[Buyer]:
    """Different people, sealed in the vault one by one as bookings do it."""
    return [_buyer(house, number) for number in range(count)]


def fill(house: Household, events: Iterator[StoredEvent]) -> int:
    """Append all in their order; returns how many there were."""
    count = 0
    while batch := list(islice(events, _AT_ONCE)):
        house.event_log.insert_events(batch)
        count += len(batch)
    return count


def _buyer(house: Household, number: int) -> Buyer:
    customer_id, seal = uuid4(), house.vault.seal
    contact = Contact(
        name=_name(number),
        phone=f"139{number * 7919 % 10**8:08d}",
        address=_address(number),
        district=DISTRICT,
    )
    return Buyer(
        customer_id,
        contact.name,
        contact.phone,
        contact.address,
        sealed_contact(house.vault, customer_id, contact),
        seal(customer_id, KeyClass.IDENTITY, f"oBench{number:022d}"),
    )


def _address(number: int) -> str:
    street = _STREETS[number % 10]
    return f"朝阳区{street} {number % 97 + 1} 号院 {number % 31 + 1} 单元 {number}"


def _name(number: int) -> str:
    first, second = number // 20 % 20, number // 400 % 20
    return _SURNAMES[number % 20] + _GIVEN[first] + _GIVEN[second]


def _paid(order: CleaningOrder, at: datetime) -> Payment:
    charge = order.charges[1]
    asked = PaymentAttempt(
        out_trade_no=out_trade_no(order.order_number, 1, 1),
        payable_kind="cleaning_order",
        payable_id=order.id,
        charge_number=1,
        attempt=1,
        customer_id=order.customer_id,
        amount_fen=charge.amount_fen,
        description="日常保洁",
        trade_type=JSAPI,
        payer_openid=order.contact["name"],
        expires_at=at + timedelta(minutes=10),
    )
    payment = Payment.start(asked, by="customer:1", at=at)
    payment.prepare("wx22", at=at)
    report = SuccessReport(
        transaction_id="42",
        amount_fen=charge.amount_fen,
        payer_total_fen=charge.amount_fen,
        succeeded_at=at,
        trade_type=JSAPI,
        learned_from="notice",
    )
    payment.record_success(report, at=at)
    return payment


def _facts(aggregate: CleaningOrder | Payment, *, of_payment: bool) -> Sequence[_Fact]:
    mapper = PlainJsonMapper(transcoder=OrjsonTranscoder())
    stored = [mapper.to_stored_event(event) for event in aggregate.collect_events()]
    return [
        _Fact(of_payment, each.originator_version, each.topic, orjson.loads(each.state))
        for each in stored
    ]
