"""Consents (授权): which texts I agree to, and in which version."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, StringConstraints

from application.consents import ConsentState
from interface.api.access import CustomerId, House
from interface.api.fields import Body, Word
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/consents", tags=["授权"], responses=PROBLEM_ANSWERS)

Version = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}(\.[0-9]{1,2})?$")]


class ConsentBody(Body):
    """Which version was read."""

    version: Version


class GivenView(BaseModel):
    """What is agreed to now; the version is "" where nothing is."""

    kind: str
    version: str


class ConsentView(BaseModel):
    """A text and the customer's word on it.

    `lines` are the service lines it concerns, none for all. Where `given_version`
    is another than `version`, the text has changed and is to be read anew.
    """

    kind: str
    title: str
    version: str
    lines: list[str]
    given_version: str
    in_force: bool


class ConsentsView(BaseModel):
    """All texts."""

    consents: list[ConsentView]


@router.get("")
def list_consents(house: House, who: CustomerId) -> ConsentsView:
    """All texts, and what of them I agree to (我的授权)."""
    return ConsentsView(consents=[_view(each) for each in house.consents.of(who)])


@router.post("/{kind}", response_model=GivenView)
def give_consent(
    house: House,
    who: CustomerId,
    kind: Annotated[Word, Path()],
    body: ConsentBody,
    commands: Commands,
) -> dict[str, object]:
    """Agree to the version in force (同意)."""
    command = commands.command(f"customer:{who}")
    return commands.answer(house.consents.give(who, kind, body.version, command))


@router.post("/{kind}/withdrawal", response_model=GivenView)
def withdraw_consent(
    house: House, who: CustomerId, kind: Annotated[Word, Path()], commands: Commands
) -> dict[str, object]:
    """Take my consent back (撤回授权)."""
    command = commands.command(f"customer:{who}")
    return commands.answer(house.consents.withdraw(who, kind, command))


def _view(state: ConsentState) -> ConsentView:
    text = state.text
    return ConsentView(
        kind=text.kind,
        title=text.title,
        version=text.version,
        lines=list(text.lines),
        given_version=state.given_version,
        in_force=state.in_force,
    )
