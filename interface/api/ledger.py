"""Finance's side: the cash-flow journal in double entry, and its trial balance."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from application.access import Permission, Subject
from application.projections import cash_journal
from domain.ledger.chart import account
from interface.api.access import House, may
from interface.api.fields import Cursor, Limit, Position
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/office/ledger", tags=["后台·账务"], responses=PROBLEM_ANSWERS)

Auditor = Annotated[Subject, Depends(may(Permission.LEDGER_READ))]


class EntryLineView(BaseModel):
    """One line of an entry (分录)."""

    account: str
    name: str
    debit_fen: int
    credit_fen: int
    balance_fen: int
    order_id: UUID | None
    transaction_id: str


class EntryView(BaseModel):
    """An entry (凭证) with the event it comes from."""

    position: int
    rule: str
    rule_version: int
    date: date
    summary: str
    order_number: str
    lines: list[EntryLineView]


class EntryPageView(BaseModel):
    """A page of entries, newest first."""

    entries: list[EntryView]
    next_cursor: str


class CashView(BaseModel):
    """One movement of cash (资金流水) with the balance after it."""

    position: int
    date: date
    account: str
    name: str
    summary: str
    order_number: str
    transaction_id: str
    income_fen: int
    outgoing_fen: int
    balance_fen: int


class CashPageView(BaseModel):
    """A page of the cash flow, newest first."""

    movements: list[CashView]
    next_cursor: str


class BalanceView(BaseModel):
    """One account of the trial balance (试算平衡)."""

    account: str
    name: str
    debit_fen: int
    credit_fen: int
    debit_balance_fen: int
    credit_balance_fen: int


class TrialBalanceView(BaseModel):
    """All accounts; both totals are equal."""

    accounts: list[BalanceView]
    total_debit_fen: int
    total_credit_fen: int


@router.get("/entries")
def list_entries(
    house: House,
    who: Auditor,
    limit: Annotated[Limit, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = "",
    at_least: Annotated[Position, Query()] = 0,
) -> EntryPageView:
    """Entries with their lines."""
    del who
    house.progress.wait_for(cash_journal.projection.name, at_least)
    with house.engine.connect() as connection:
        page = cash_journal.list_entries(connection, limit=limit, after=cursor)
    entries = [EntryView(**row | {"lines": _lines(row)}) for row in page.rows]
    return EntryPageView(entries=entries, next_cursor=page.next_cursor)


@router.get("/cash-flow")
def list_cash_flow(
    house: House,
    who: Auditor,
    limit: Annotated[Limit, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = "",
    at_least: Annotated[Position, Query()] = 0,
) -> CashPageView:
    """The cash flow (资金流水)."""
    del who
    house.progress.wait_for(cash_journal.projection.name, at_least)
    with house.engine.connect() as connection:
        page = cash_journal.list_cash_flow(connection, limit=limit, after=cursor)
    movements = [_movement(row) for row in page.rows]
    return CashPageView(movements=movements, next_cursor=page.next_cursor)


@router.get("/trial-balance")
def trial_balance(
    house: House, who: Auditor, at_least: Annotated[Position, Query()] = 0
) -> TrialBalanceView:
    """The trial balance (试算平衡)."""
    del who
    house.progress.wait_for(cash_journal.projection.name, at_least)
    with house.engine.connect() as connection:
        accounts = cash_journal.trial_balance(connection)
        debit, credit = cash_journal.totals(connection)
    return TrialBalanceView(
        accounts=[BalanceView(**each) for each in accounts],
        total_debit_fen=debit,
        total_credit_fen=credit,
    )


def _lines(row: dict[str, Any]) -> list[EntryLineView]:
    return [EntryLineView(**line, name=account(line["account"]).name) for line in row["lines"]]


def _movement(row: dict[str, Any]) -> CashView:
    shown = {name: row[name] for name in CashView.model_fields if name in row}
    return CashView(
        **shown,
        name=account(row["account"]).name,
        income_fen=row["debit_fen"],
        outgoing_fen=row["credit_fen"],
    )
