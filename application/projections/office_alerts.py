"""The office's alerts (告警): all about money that a person has to look at, in one list.

A row comes from Alert.Raised, or from a fact that says by itself that money went
astray: a wrong amount, a late or second payment, a payment that its order did not
take. For the latter no alert is in the log until somebody acknowledges it; then
Alert.Raised and Alert.Acknowledged are appended together, and the row of the first
fact stays as it was but for the acknowledgement.
"""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Index,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from application.projections.paging import Page, newest_first
from application.projections.projection import Projection, Recorded
from application.projections.rows import Rows
from domain.alerts import Alert, AlertCode, Concern, Fact
from domain.orders.order_facts import OrderFacts
from domain.payments import MoneyArrived, Payment

metadata = MetaData(schema="office_alerts")
projection = Projection("office_alerts", metadata)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    Column("acknowledged_at", DateTime(timezone=True)),
    Column("acknowledged_by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index("alerts_by_position", "position"),
    Index("open_alerts", "position", postgresql_where=text("acknowledged_at is null")),
)

_OPEN: Final = alerts.c.acknowledged_at.is_(None)
_CODES: Final[dict[type[MoneyArrived], AlertCode]] = {
    Payment.AmountMismatched: AlertCode.AMOUNT_MISMATCHED,
    Payment.SucceededLate: AlertCode.LATE_PAYMENT,
    Payment.SucceededAgain: AlertCode.SECOND_PAYMENT,
}


@projection.handles
def raise_alert(rows: Rows, recorded: Recorded) -> None:
    """A new alert, unless the fact behind it made its row before."""
    event: Alert.Raised = recorded.event
    concern = Concern(code=event.code, subject=event.subject, facts=event.facts)
    _add(rows, recorded, concern)


@projection.handles
def acknowledge(rows: Rows, recorded: Recorded) -> None:
    """Somebody looked."""
    event: Alert.Acknowledged = recorded.event
    settled = {"acknowledged_at": event.timestamp, "acknowledged_by": event.by}
    rows.change(alerts, {"alert_id": event.originator_id}, **settled, note=event.note)


@projection.handles
def see_stray_money(rows: Rows, recorded: Recorded) -> None:
    """Money that pays nothing; its subject is WeChat's transaction."""
    event: MoneyArrived = recorded.event
    facts: dict[str, Fact] = {
        "out_trade_no": event.out_trade_no,
        "payable_id": str(event.payable_id),
        "charge_number": event.charge_number,
        "amount_fen": event.amount_fen,
        "currency": event.currency,
    }
    if isinstance(event, Payment.AmountMismatched):
        facts["expected_fen"] = event.expected_fen
    code = _CODES[type(event)]
    _add(rows, recorded, Concern(code=code, subject=event.transaction_id, facts=facts))


@projection.handles
def see_untaken_payment(rows: Rows, recorded: Recorded) -> None:
    """Money in time and in full that its order did not take, e.g. as it had ended."""
    event: OrderFacts.RefundDue = recorded.event
    if event.source != AlertCode.UNTAKEN_PAYMENT:
        return
    facts: dict[str, Fact] = {
        "out_trade_no": event.out_trade_no,
        "payable_id": str(event.originator_id),
        "charge_number": event.charge_number,
        "amount_fen": event.amount_fen,
    }
    concern = Concern(code=AlertCode.UNTAKEN_PAYMENT, subject=event.transaction_id, facts=facts)
    _add(rows, recorded, concern)


def list_page(connection: Connection, *, open_only: bool, limit: int, after: str = "") -> Page:
    """Alerts, newest first, or only those nobody acknowledged.

    Raises CursorError or PageLimitError.
    """
    query = select(alerts)
    if open_only:
        query = query.where(_OPEN)
    return newest_first(connection, query, alerts.c.position, limit=limit, after=after)


def find(connection: Connection, alert_id: UUID) -> dict[str, Any] | None:
    """One alert's row."""
    query = select(alerts).where(alerts.c.alert_id == alert_id)
    found = connection.execute(query).mappings().first()
    return dict(found) if found else None


def count_open(connection: Connection) -> int:
    """How many wait for a person; costs as much as there are of them."""
    query = select(func.count()).select_from(alerts).where(_OPEN)
    return int(connection.execute(query).scalar_one())


def _add(rows: Rows, recorded: Recorded, concern: Concern) -> None:
    if rows.get(alerts, alert_id=concern.alert_id) is not None:
        return
    rows.insert(
        alerts,
        alert_id=concern.alert_id,
        position=recorded.position,
        code=concern.code,
        subject=concern.subject,
        facts=concern.facts,
        raised_at=recorded.event.timestamp,
        acknowledged_by="",
        note="",
    )
