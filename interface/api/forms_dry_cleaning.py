"""What the booking form asks for dry-cleaning (上门干洗) alone."""

from typing import Annotated

from pydantic import Field

from interface.api.fields import (
    Address,
    Body,
    District,
    Instant,
    ItemCode,
    Name,
    Phone,
    Remark,
)


class ReturnContactForm(Body):
    """Where the garments come back to, and whom to call there."""

    name: Name
    phone: Phone
    address: Address
    district: District


class DryCleaningForm(Body):
    """The return (送回), words about the items, and values declared for them (保价).

    Without a `return_starts_at` the garments come back as soon as the laundry can
    be ready, without a `return_contact` whence they came. `declared_values_fen`
    is the value of one garment of the item.
    """

    return_starts_at: Instant | None = None
    return_contact: ReturnContactForm | None = None
    item_remarks: dict[ItemCode, Annotated[Remark, Field(min_length=1)]] = Field(
        default_factory=dict, max_length=50
    )
    declared_values_fen: dict[ItemCode, Annotated[int, Field(ge=1, le=100_000_000)]] = Field(
        default_factory=dict, max_length=50
    )
