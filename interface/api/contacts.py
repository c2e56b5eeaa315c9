"""A contact as a body tells it: in a booking, and in the address book."""

from typing import Annotated, Literal

from pydantic import Field

from application.lines import Contact
from interface.api.fields import Address, Body, District, Name, Phone, Text


class ContactBody(Body):
    """Where to come and whom to call; `coordinates` "lng,lat", "" where unknown (R42)."""

    name: Name
    phone: Phone
    address: Address
    district: District
    coordinates: Annotated[Text, Field(max_length=40)] = ""
    coordinate_system: Literal["gcj02"] = "gcj02"

    def contact(self) -> Contact:
        """The same for the use case."""
        return Contact(**self.model_dump(exclude={"coordinate_system"}))
