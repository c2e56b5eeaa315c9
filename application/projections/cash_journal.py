"""The cash-flow journal (资金流水) in double entry: every event that moves money, posted once.

The rules are domain.ledger.posting's; here their entries get rows and running
balances. Each entry names its event by position, and rule and rule version.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    select,
)

from application.projections.paging import Page, newest_first
from application.projections.projection import Projection, Recorded
from application.projections.rows import Rows
from domain.ledger.chart import WECHAT_UNRECONCILED, account
from domain.ledger.entries import Entry, Line
from domain.ledger.posting import PostingFacts, post
from domain.orders.order_facts import OrderFacts

metadata = MetaData(schema="cash_journal")
projection = Projection("cash_journal", metadata)

CASH: Final = (WECHAT_UNRECONCILED.code,)
_UNMOVED: Final = {"debit_fen": 0, "credit_fen": 0}

order_numbers = Table(
    "order_numbers",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("order_number", Text, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("rule", Text, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("date", Date, nullable=False),
    Column("summary", Text, nullable=False),
    Column("order_id", Uuid, nullable=False),
    Column("order_number", Text, nullable=False),
)

lines = Table(
    "lines",
    metadata,
    Column("position", BigInteger, ForeignKey(entries.c.position), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("debit_fen", BigInteger, nullable=False),
    Column("credit_fen", BigInteger, nullable=False),
    # Debits less credits of the account, this line included.
    Column("balance_fen", BigInteger, nullable=False),
    Column("order_id", Uuid),
    Column("transaction_id", Text, nullable=False),
    Column("service_code", Text, nullable=False),
    CheckConstraint("debit_fen >= 0 and credit_fen >= 0", name="no_negative_side"),
    CheckConstraint("(debit_fen = 0) <> (credit_fen = 0)", name="exactly_one_side"),
    Index("lines_of_an_account", "account", "position"),
)

balances = Table(
    "balances",
    metadata,
    Column("account", Text, primary_key=True),
    Column("debit_fen", BigInteger, nullable=False),
    Column("credit_fen", BigInteger, nullable=False),
)


@projection.handles
def note_order(rows: Rows, recorded: Recorded) -> None:
    """The number that entries about the order show."""
    event: OrderFacts.Booked = recorded.event
    rows.insert(order_numbers, order_id=event.originator_id, order_number=event.order_number)


@projection.handles
def post_entry(rows: Rows, recorded: Recorded) -> None:
    """Post what the event means, if it moves money; the numbers of a batch are read at once."""
    rows.at_end(_post_all, recorded)


def list_entries(connection: Connection, *, limit: int, after: str = "") -> Page:
    """Entries with their lines, newest first. Raises CursorError or PageLimitError."""
    shown = newest_first(connection, select(entries), entries.c.position, limit=limit, after=after)
    of = _lines_of(connection, [row["position"] for row in shown.rows])
    rows = [row | {"lines": of[row["position"]]} for row in shown.rows]
    return Page(rows, shown.next_cursor)


def list_cash_flow(connection: Connection, *, limit: int, after: str = "") -> Page:
    """Lines of the cash accounts with their running balance, newest first.

    An entry has at most one such line, so its position is the page's key.
    Raises CursorError or PageLimitError.
    """
    query = (
        select(lines, entries.c.date, entries.c.summary, entries.c.order_number)
        .join(entries, entries.c.position == lines.c.position)
        .where(lines.c.account.in_(CASH))
    )
    return newest_first(connection, query, lines.c.position, limit=limit, after=after)


def trial_balance(connection: Connection) -> list[dict[str, Any]]:
    """Every account that moved: turnover of both sides and which side is left over."""
    rows = connection.execute(select(balances).order_by(balances.c.account)).all()
    return [_balance(*row) for row in rows]


def totals(connection: Connection) -> tuple[int, int]:
    """All debits and all credits; equal, or the books are wrong."""
    query = select(
        func.coalesce(func.sum(lines.c.debit_fen), 0),
        func.coalesce(func.sum(lines.c.credit_fen), 0),
    )
    debit, credit = connection.execute(query).one()
    return int(debit), int(credit)


def _balance(code: str, debit_fen: int, credit_fen: int) -> dict[str, Any]:
    left = debit_fen - credit_fen
    return {
        "account": code,
        "name": account(code).name,
        "debit_fen": debit_fen,
        "credit_fen": credit_fen,
        "debit_balance_fen": max(left, 0),
        "credit_balance_fen": max(-left, 0),
    }


def _post_all(rows: Rows, batch: Sequence[Recorded]) -> None:
    rows.load(order_numbers, [{"order_id": _order_id(recorded)} for recorded in batch])
    for recorded in batch:
        order_id = _order_id(recorded)
        facts = PostingFacts(order_id=order_id, order_number=_number(rows, order_id))
        entry = post(recorded.event, facts)
        if entry is not None:
            _write(rows, recorded.position, entry, facts)


def _order_id(recorded: Recorded) -> UUID:
    order_id: UUID = getattr(recorded.event, "payable_id", recorded.event.originator_id)
    return order_id


def _number(rows: Rows, order_id: UUID) -> str:
    """Raises LookupError where the order was never booked."""
    found = rows.get(order_numbers, order_id=order_id)
    if found is None:
        raise LookupError(order_id)
    return str(found["order_number"])


def _write(rows: Rows, position: int, entry: Entry, facts: PostingFacts) -> None:
    rows.insert(
        entries,
        position=position,
        rule=entry.rule,
        rule_version=entry.rule_version,
        date=entry.date,
        summary=entry.summary,
        **facts,
    )
    for number, line in enumerate(entry.lines, start=1):
        _write_line(rows, position, number, line)


def _write_line(rows: Rows, position: int, number: int, line: Line) -> None:
    rows.insert(
        lines,
        position=position,
        line=number,
        account=line.account,
        debit_fen=line.debit_fen,
        credit_fen=line.credit_fen,
        balance_fen=_move(rows, line),
        order_id=line.order_id,
        transaction_id=line.transaction_id,
        service_code=line.service_code,
    )


def _move(rows: Rows, line: Line) -> int:
    """Add the line to its account; returns debits less credits after it."""
    before = rows.get(balances, account=line.account) or _UNMOVED
    key = {"account": line.account}
    rows.tally(balances, key, debit_fen=line.debit_fen, credit_fen=line.credit_fen)
    left_fen: int = before["debit_fen"] - before["credit_fen"]
    return left_fen + line.debit_fen - line.credit_fen


def _lines_of(connection: Connection, positions: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {position: [] for position in positions}
    query = select(lines).where(lines.c.position.in_(positions))
    for row in connection.execute(query.order_by(lines.c.position, lines.c.line)).mappings():
        found[row["position"]].append(dict(row))
    return found
