"""The booking form (预约表单): what customers and the office fill in for any service.

Everything that all services ask stands here; what one line asks beside it is a
section of its own, in the module `forms_…` of the line.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field

from application.lines import Asked, OrderRequest
from domain.errors import InvalidInputError
from domain.orders.booking import MOST_ALTERNATIVES
from interface.api.contacts import ContactBody
from interface.api.fields import (
    Body,
    District,
    Instant,
    ItemCode,
    Remark,
    ServiceCode,
    Word,
)
from interface.api.forms_appliance_care import AppliancesForm, RepairForm
from interface.api.forms_care import CareForm
from interface.api.forms_cleaning import CleaningForm
from interface.api.forms_dry_cleaning import DryCleaningForm
from interface.api.forms_hourly import PlanForm
from interface.api.sources import CustomerSource

# What the documentation page offers to try.
_EXAMPLE: Final[dict[str, Any]] = {
    "service_code": "BJ-01",
    "quantity": 120,
    "starts_at": "2026-12-01T09:00:00+08:00",
    "contact": {
        "name": "陈女士",
        "phone": "13800000000",
        "address": "望京街 1 号院 2 单元 301",
        "district": "110105",
    },
    "remark": "家里有猫",
}

# Which section belongs to a line, by the first two letters of the service code.
SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BJ": "cleaning",
        "GX": "dry_cleaning",
        "XS": "plan",
        "JD": "appliances",
        "WX": "repair",
        **dict.fromkeys(("YS", "BM", "LR", "HG"), "care"),
    }
)


class WantedBody(Body):
    """What is wanted and when: everything that the price depends on.

    `quantity` in base units where the service is sold by quantity, `items` by item
    code where it is sold by item.
    """

    service_code: ServiceCode
    quantity: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    items: dict[ItemCode, Annotated[int, Field(ge=1, le=100_000)]] = Field(
        default_factory=dict, max_length=50
    )
    options: dict[Word, Word] = Field(default_factory=dict, max_length=10)
    starts_at: Instant
    cleaning: CleaningForm | None = None
    dry_cleaning: DryCleaningForm | None = None
    plan: PlanForm | None = None
    appliances: AppliancesForm | None = None
    repair: RepairForm | None = None
    care: CareForm | None = None

    def asked(self, district: str) -> Asked:
        """The same for the use case. Raises InvalidInputError for a section of another line."""
        own = SECTIONS.get(self.service_code[:2], "")
        for section in set(SECTIONS.values()) - {own}:
            if getattr(self, section) is not None:
                raise InvalidInputError(field=section)
        form = getattr(self, own, None)
        return Asked(
            service_code=self.service_code,
            district=district,
            starts_at=self.starts_at,
            quantity=self.quantity,
            items=self.items,
            options=self.options,
            form=form.model_dump() if form else {},
        )


class QuoteBody(WantedBody):
    """What a price is asked for, and where."""

    district: District


class BookingBody(WantedBody):
    """A booking by whomever; the price is ours, never the caller's.

    `alternatives` are further starts that would suit as well (备选时间).
    """

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    contact: ContactBody
    alternatives: list[Instant] = Field(default_factory=list, max_length=MOST_ALTERNATIVES)
    remark: Remark = ""

    def request(self, customer_id: UUID, source: str) -> OrderRequest:
        """The same for the use case. Raises InvalidInputError kinds."""
        return OrderRequest(
            customer_id=customer_id,
            asked=self.asked(self.contact.district),
            contact=self.contact.contact(),
            source=source,
            alternatives=tuple(self.alternatives),
            remark=self.remark,
        )


class OrderBody(BookingBody):
    """A customer's own booking; without a `source` it is the browser's."""

    source: CustomerSource | None = None
