"""What the booking form asks for cleaning machines (家电清洗) and for a repair (家电维修) alone."""

from typing import Annotated

from pydantic import Field

from domain.orders.appliance_care.machines import MOST_MACHINES
from interface.api.fields import Body, ItemCode, Name, Photos, Remark, Word


class MachineForm(Body):
    """One of the booked machines: its item, and its brand and age where they are known."""

    item: ItemCode
    brand: Name | None = None
    age_years: Annotated[int, Field(ge=0, le=60)] | None = None


class AppliancesForm(Body):
    """Cleaning machines: what is known of each; how many there are is told by the items."""

    machines: list[MachineForm] = Field(default_factory=list, max_length=MOST_MACHINES)


class RepairForm(Body):
    """A repair: which appliance, what is wrong in free words (R08), and pictures of it."""

    fault: Annotated[Remark, Field(min_length=1)]
    appliance: Word
    photos: Photos = Field(default_factory=list)
