"""Preferences of workers (偏好, 拉黑): the customer's own, and those the office notes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from application.access import Permission, Subject
from domain.customers import WorkerWish
from interface.api.access import CustomerId, House, may
from interface.api.fields import Body
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS
from interface.household import Household

router = APIRouter(prefix="/api/v1", tags=["偏好"], responses=PROBLEM_ANSWERS)

Reader = Annotated[Subject, Depends(may(Permission.ORDERS_READ))]
Assigner = Annotated[Subject, Depends(may(Permission.ORDERS_ASSIGN))]
Id = Annotated[UUID, Field(strict=False)]
WishWord = Annotated[WorkerWish, Field(strict=False)]


class OrderWishBody(Body):
    """What is wished of who has or had the order: `preferred`, `excluded` or `none`."""

    order_id: Id
    wish: WishWord


class WorkerWishBody(Body):
    """What is wished of a worker."""

    worker_id: Id
    wish: WishWord


class PreferenceView(BaseModel):
    """A worker by number (工号), and the wish."""

    worker_number: int
    wish: WorkerWish


class PreferencesView(BaseModel):
    """All wishes of a customer."""

    preferences: list[PreferenceView]


@router.get("/preferences")
def my_preferences(house: House, who: CustomerId) -> PreferencesView:
    """Whom I would like to have, and whom never again."""
    return _of(house, who)


@router.post("/preferences", response_model=PreferenceView)
def wish(
    house: House, who: CustomerId, body: OrderWishBody, commands: Commands
) -> dict[str, object]:
    """Wish to have who served me, or never again (偏好, 拉黑)."""
    command = commands.command(f"customer:{who}")
    outcome = house.preferences.wish_of_order(who, body.order_id, body.wish, command)
    return commands.answer(outcome)


@router.get("/office/customers/{customer_id}/preferences")
def preferences_of(house: House, who: Reader, customer_id: UUID) -> PreferencesView:
    """A customer's wishes."""
    del who
    return _of(house, customer_id)


@router.post("/office/customers/{customer_id}/preferences", response_model=PreferenceView)
def note_wish(
    house: House, who: Assigner, customer_id: UUID, body: WorkerWishBody, commands: Commands
) -> dict[str, object]:
    """Note what a customer said of a worker."""
    command = commands.command(f"staff:{who.id}")
    outcome = house.preferences.wish(customer_id, body.worker_id, body.wish, command)
    return commands.answer(outcome)


def _of(house: Household, customer_id: UUID) -> PreferencesView:
    wishes = house.preferences.of(customer_id)
    shown = [PreferenceView(worker_number=n, wish=WorkerWish(wish)) for n, wish in wishes]
    return PreferencesView(preferences=shown)
