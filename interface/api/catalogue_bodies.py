"""What the administrator sends: services, kinds and price books as whole documents.

Only the shape is checked here; whether it makes sense, and which codes exist,
is for the domain to say.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from domain.catalogue.price_books import LONGEST_NOTE
from interface.api.fields import Body, County, Instant, ServiceCode, Text, Word

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
Pair = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}\.[a-z][a-z0-9_]{0,29}$")]
Line = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Label = Annotated[Text, Field(min_length=1, max_length=40)]
Sentence = Annotated[Text, Field(max_length=200)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Fen = Annotated[int, Field(ge=0, le=1_000_000_000)]
BasisPoints = Annotated[int, Field(ge=0, le=1_000_000)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class WorkloadBody(Body):
    """How long a crew needs."""

    pace: Count
    per_person: Count
    least_crew: Count = 1
    most_crew: Count = 1
    least_minutes: Count = 30
    slow_choices: list[Annotated[list[Code], Field(min_length=2, max_length=2)]]


class MeasureBody(Body):
    """How a service sold by quantity is measured."""

    unit: Code
    step: Count
    minimum: Count
    maximum: Count
    minimum_is_charged: bool = False


class ExtraBody(Body):
    """An extra of an item."""

    code: Code
    name: Label
    minutes: Count = 0


class ItemBody(Body):
    """An item."""

    code: Code
    name: Label
    unit: Code
    maximum: Count
    minutes: Count = 0
    step: Count = 1
    extras: Annotated[list[ExtraBody], Field(max_length=10)]


class ChoiceBody(Body):
    """A choice of an option."""

    code: Code
    name: Label
    refusal: Sentence = ""
    note: Sentence = ""


class OptionBody(Body):
    """An option."""

    code: Code
    name: Label
    default: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]{0,29})?$")] = ""
    choices: Annotated[list[ChoiceBody], Field(min_length=1, max_length=20)]


class ServiceBody(Body):
    """A whole service, as the office's catalogue shows it."""

    code: ServiceCode
    kind: Code
    group: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]{0,29})?$")] = ""
    name: Label
    payment_mode: Literal["online", "reservation"]
    tax_class: Word
    workload: WorkloadBody
    measure: MeasureBody | None = None
    items: Annotated[list[ItemBody], Field(max_length=50)]
    one_item: bool = False
    per_visit: bool = False
    turnaround_days: Annotated[list[Count], Field(min_length=2, max_length=2)]
    options: Annotated[list[OptionBody], Field(max_length=10)]
    note: Sentence = ""


class GroupBody(Body):
    """A group of a kind."""

    code: Code
    name: Label


class KindBody(Body):
    """A kind with its groups."""

    code: Code
    name: Label
    groups: Annotated[list[GroupBody], Field(max_length=10)]


class KindsBody(Body):
    """All kinds in their new order."""

    kinds: Annotated[list[KindBody], Field(min_length=1, max_length=20)]


class AdditionBody(Body):
    """What a choice or an extra adds."""

    fen: Fen = 0
    basis_points: BasisPoints = 0


class TierBody(Body):
    """A discount from so many visits on."""

    visits: Count
    basis_points: BasisPoints


class DeliveryBody(Body):
    """What fetching and bringing back costs."""

    lines: Annotated[list[Line], Field(max_length=20)]
    fee_fen: Fen
    free_from_fen: Fen


class SurchargesBody(Body):
    """Night, holidays, distance and haste."""

    labour_lines: Annotated[list[Line], Field(max_length=20)]
    visit_lines: Annotated[list[Line], Field(max_length=20)]
    holiday_basis_points: BasisPoints
    holidays: dict[
        Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}$")],
        dict[Annotated[date, Field(strict=False)], Label],
    ]
    night_basis_points: BasisPoints
    night_from: TimeOfDay
    night_until: TimeOfDay
    remote_fen: Fen
    remote_districts: Annotated[dict[County, Label], Field(max_length=500)]
    urgent_fen: Fen
    urgent_before_minutes: Count


class PriceListBody(Body):
    """Everything that a price book says."""

    prices: Annotated[dict[ServiceCode, dict[Code, Fen]], Field(max_length=500)]
    additions: Annotated[dict[ServiceCode, dict[Pair, AdditionBody]], Field(max_length=500)]
    minimum_amounts: Annotated[dict[ServiceCode, Fen], Field(max_length=500)]
    discounts: dict[ServiceCode, Annotated[list[TierBody], Field(max_length=10)]]
    delivery: DeliveryBody
    surcharges: SurchargesBody


class PriceBookBody(Body):
    """A price book to be published; from `effective_from` on it holds."""

    effective_from: Instant
    note: Annotated[Text, Field(max_length=LONGEST_NOTE)] = ""
    price_list: PriceListBody
