"""The customer's address book (地址簿): own addresses, to book with again."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, status
from pydantic import BaseModel

from application.lines import Contact
from application.vault import masked_phone
from domain.areas import COORDINATE_SYSTEM
from interface.api.access import CustomerId, House
from interface.api.contacts import ContactBody
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/addresses", tags=["地址簿"], responses=PROBLEM_ANSWERS)


class AddressIdView(BaseModel):
    """Which entry it is about."""

    contact_id: UUID


class AddressView(AddressIdView):
    """An entry; in the list the phone is masked, alone it is whole, to be changed."""

    name: str
    phone: str
    address: str
    district: str
    coordinates: str
    coordinate_system: str = COORDINATE_SYSTEM


class AddressesView(BaseModel):
    """All entries, oldest first; there are never more than fifty."""

    addresses: list[AddressView]


@router.get("")
def list_addresses(house: House, who: CustomerId) -> AddressesView:
    """My addresses (地址簿)."""
    entries = house.address_book.entries(who)
    shown = [_view(key, each, phone=masked_phone(each.phone)) for key, each in entries.items()]
    return AddressesView(addresses=shown)


@router.get("/{contact_id}")
def show_address(house: House, who: CustomerId, contact_id: UUID) -> AddressView:
    """One of my addresses, whole."""
    return _view(contact_id, house.address_book.entry(who, contact_id))


@router.post("", status_code=status.HTTP_201_CREATED, response_model=AddressIdView)
def add_address(
    house: House, who: CustomerId, body: ContactBody, commands: Commands
) -> dict[str, object]:
    """Put in a new address (新增地址)."""
    command = commands.command(f"customer:{who}")
    return commands.answer(house.address_book.add(who, body.contact(), command))


@router.post("/{contact_id}", response_model=AddressIdView)
def change_address(
    house: House, who: CustomerId, contact_id: UUID, body: ContactBody, commands: Commands
) -> dict[str, object]:
    """Replace an address (修改地址); orders keep the one they were booked with."""
    command = commands.command(f"customer:{who}")
    return commands.answer(house.address_book.change(who, contact_id, body.contact(), command))


@router.post("/{contact_id}/removal", response_model=AddressIdView)
def remove_address(
    house: House, who: CustomerId, contact_id: UUID, commands: Commands
) -> dict[str, object]:
    """Take an address out (删除地址); orders keep theirs."""
    command = commands.command(f"customer:{who}")
    return commands.answer(house.address_book.remove(who, contact_id, command))


def _view(contact_id: UUID, contact: Contact, **shown: Any) -> AddressView:  # noqa: ANN401 - fields
    return AddressView(contact_id=contact_id, **vars(contact) | shown)
