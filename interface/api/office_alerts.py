"""The office's alerts (告警): money that needs a person, and who looked at it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from application.access import Permission, Subject
from application.projections import office_alerts
from domain.alerts import ALERT_LABELS, Concern
from domain.errors import NotFoundError
from interface.api.access import House, may
from interface.api.fields import Body, Cursor, Limit, Position, Remark
from interface.api.idempotency import Commands
from interface.api.office_orders import actor_of
from interface.api.problems import PROBLEM_ANSWERS
from interface.household import Household

router = APIRouter(prefix="/api/v1/office/alerts", tags=["后台·告警"], responses=PROBLEM_ANSWERS)

Reader = Annotated[Subject, Depends(may(Permission.ALERTS_READ))]
Acknowledger = Annotated[Subject, Depends(may(Permission.ALERTS_ACKNOWLEDGE))]


class AlertView(BaseModel):
    """An alert; `acknowledged_by` is empty while it waits for a person."""

    alert_id: UUID
    code: str
    label: str
    subject: str
    facts: dict[str, str | int]
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    note: str


class AlertPageView(BaseModel):
    """A page of alerts, newest first, and how many wait for a person in all."""

    alerts: list[AlertView]
    next_cursor: str
    open_count: int


class AcknowledgementBody(Body):
    """What was done about it; kept in clear, so no personal data belongs there."""

    note: Remark = ""


class AcknowledgedView(BaseModel):
    """Who looked at it first."""

    alert_id: UUID
    acknowledged_by: str


@router.get("")
def list_alerts(  # noqa: PLR0913, PLR0917 - a list's filters
    house: House,
    who: Reader,
    open_only: Annotated[bool, Query(alias="open")] = True,  # noqa: FBT002 - a query parameter
    limit: Annotated[Limit, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = "",
    at_least: Annotated[Position, Query()] = 0,
) -> AlertPageView:
    """Alerts (告警) that wait for a person; with `open=false` all of them, page by page."""
    del who
    house.progress.wait_for(office_alerts.projection.name, at_least)
    with house.engine.connect() as connection:
        page = office_alerts.list_page(connection, open_only=open_only, limit=limit, after=cursor)
        open_count = office_alerts.count_open(connection)
    alerts = [_view(row) for row in page.rows]
    return AlertPageView(alerts=alerts, next_cursor=page.next_cursor, open_count=open_count)


@router.post("/{alert_id}/acknowledgement", response_model=AcknowledgedView)
def acknowledge(
    house: House,
    who: Acknowledger,
    alert_id: UUID,
    body: AcknowledgementBody,
    commands: Commands,
) -> dict[str, object]:
    """Somebody looked at it and answers for it (已处理); a second one changes nothing.

    The note is kept in clear: no personal data belongs there.
    """
    command = commands.command(actor_of(who))
    concern = _concern(house, alert_id)
    return commands.answer(house.alerts.acknowledge(concern, body.note, command))


def _concern(house: Household, alert_id: UUID) -> Concern:
    with house.engine.connect() as connection:
        row = office_alerts.find(connection, alert_id)
    if row is None:
        raise NotFoundError
    return Concern(code=row["code"], subject=row["subject"], facts=row["facts"])


def _view(row: dict[str, Any]) -> AlertView:
    return AlertView(**row, label=ALERT_LABELS[row["code"]])
