"""Posting rules (记账规则): what each event means in double entry.

One pure table from event class to rule; a subclass's event follows the rule of
its base. The rules and their numbers are those of the ledger sheet, section 3:
P1 a payment, P3 money that the order does not take, P9 a completed order, P10 a
completed visit of a plan.
A rule's meaning never changes: a new one gets a new version, chosen by data in
the event, so that a rebuild from zero gives the same books.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypedDict
from uuid import UUID

from domain.ledger.chart import (
    ABNORMAL_RECEIPTS,
    ADVANCES,
    SERVICE_INCOME,
    VAT_PAYABLE,
    WECHAT_UNRECONCILED,
    Account,
)
from domain.ledger.entries import Entry, Line
from domain.ledger.tax import tax, tax_class, tax_to_post
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.order_facts import OrderFacts
from domain.payment_attempts import CURRENCY
from domain.payments import MoneyArrived, Payment
from domain.time import shanghai_day


class PostingFacts(TypedDict):
    """The order that an event is about; the caller looks it up."""

    order_id: UUID
    order_number: str


Rule = Callable[[Any, PostingFacts], Entry | None]


def post(event: object, facts: PostingFacts) -> Entry | None:
    """The entry of an event; None if the books do not change.

    Pure: the same event and facts give the same entry for ever. The caller
    names the entry after event, rule and rule version, so that a second
    delivery posts nothing.

    Raises:
        UnbalancedEntryError: The event's amounts make no entry.
        TaxClassNotFoundError: The event names an unknown tax class.
    """
    rules = (POSTING_RULES[cls] for cls in type(event).__mro__ if cls in POSTING_RULES)
    rule = next(rules, None)
    return rule(event, facts) if rule else None


def _paid(event: Payment.Succeeded, facts: PostingFacts) -> Entry:
    summary = f"收到订单{facts['order_number']}预付款"
    return _received("P1", ADVANCES, summary, event, facts)


def _paid_late(event: Payment.SucceededLate, facts: PostingFacts) -> Entry:
    summary = f"订单{facts['order_number']}关闭后收款，待退"
    return _received("P3", ABNORMAL_RECEIPTS, summary, event, facts)


def _paid_again(event: Payment.SucceededAgain, facts: PostingFacts) -> Entry:
    summary = f"订单{facts['order_number']}重复收款，待退"
    return _received("P3", ABNORMAL_RECEIPTS, summary, event, facts)


def _paid_wrongly(event: Payment.AmountMismatched, facts: PostingFacts) -> Entry | None:
    """A sum of another currency is posted when the fund bill says what it was in fen."""
    if event.currency != CURRENCY or event.amount_fen == 0:
        return None
    summary = f"订单{facts['order_number']}收款金额不符，待处理"
    return _received("P3", ABNORMAL_RECEIPTS, summary, event, facts)


def _received(
    rule: str, credited: Account, summary: str, event: MoneyArrived, facts: PostingFacts
) -> Entry:
    amount, order_id, transaction_id = event.amount_fen, facts["order_id"], event.transaction_id
    lines = (
        Line(WECHAT_UNRECONCILED.code, amount, 0, order_id, transaction_id),
        Line(credited.code, 0, amount, order_id, transaction_id),
    )
    return Entry(rule, 1, shanghai_day(event.succeeded_at), summary, lines)


def _completed(event: OrderFacts.Completed, facts: PostingFacts) -> Entry | None:
    """All that is kept is earned at once, so no tax was posted before."""
    return _earned("P9", f"订单{facts['order_number']}完成，确认收入", event, 0, facts)


def _hourly_completed(event: HourlyWorkOrder.Completed, facts: PostingFacts) -> Entry | None:
    """What the visits of a plan have not earned; nothing, where all were done."""
    summary = f"订单{facts['order_number']}完成，确认收入"
    return _earned("P9", summary, event, event.recognised_before_fen, facts)


def _visit_completed(event: HourlyWorkOrder.VisitCompleted, facts: PostingFacts) -> Entry | None:
    """A visit of a plan earns its share of what was paid in advance."""
    summary = f"订单{facts['order_number']}第{event.visit}次服务完成，确认收入"
    return _earned("P10", summary, event, event.recognised_before_fen, facts)


def _earned(
    rule: str,
    summary: str,
    event: OrderFacts.Completed | HourlyWorkOrder.VisitCompleted,
    before_fen: int,
    facts: PostingFacts,
) -> Entry | None:
    """The tax is that of the sum of all that was earned, less what was posted of it before."""
    gross, order_id = event.recognised_fen, facts["order_id"]
    if gross == 0:
        return None
    day = shanghai_day(event.happened_at)
    rate = tax_class(event.tax_class).basis_points(day)
    vat = tax_to_post(before_fen + gross, tax(before_fen, rate), rate)
    lines = [Line(ADVANCES.code, gross, 0, order_id)]
    if gross > vat:  # not of a fen that is all tax
        code, income = event.service_code, SERVICE_INCOME.code
        lines.append(Line(income, 0, gross - vat, order_id, service_code=code))
    if vat:
        lines.append(Line(VAT_PAYABLE.code, 0, vat, order_id))
    return Entry(rule, 1, day, summary, tuple(lines))


POSTING_RULES: Final[Mapping[type, Rule]] = MappingProxyType(
    {
        Payment.Succeeded: _paid,
        Payment.SucceededLate: _paid_late,
        Payment.SucceededAgain: _paid_again,
        Payment.AmountMismatched: _paid_wrongly,
        OrderFacts.Completed: _completed,
        HourlyWorkOrder.Completed: _hourly_completed,
        HourlyWorkOrder.VisitCompleted: _visit_completed,
    }
)
