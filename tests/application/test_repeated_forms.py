"""An old order's details lead back to the form that was filled in, line by line."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from pydantic import BaseModel

from application import appliance_care, care, cleaning, dry_cleaning, hourly
from application.lines import Asked, HomeVisit
from application.repeated_forms import form_of
from domain.catalogue.quotes import Effort
from interface.api.forms_appliance_care import AppliancesForm, RepairForm
from interface.api.forms_care import CareForm
from interface.api.forms_cleaning import CleaningForm
from interface.api.forms_dry_cleaning import DryCleaningForm
from interface.api.forms_hourly import PlanForm
from tests.domain.histories import TOMORROW

WORKER = UUID(int=7)
HOME = {"name": "陈女士", "phone": "13912345678", "address": "望京街 1 号院", "district": "110105"}


@dataclass(frozen=True)
class Filled:
    """A section of the form, filled in for one service."""

    service_code: str
    line: HomeVisit
    model: type[BaseModel]
    form: dict[str, Any]
    items: dict[str, int]

    def details(self) -> dict[str, Any]:
        """What an order keeps of it, in clear."""
        filled_in = self.model.model_validate_json(orjson.dumps(self.form))
        asked = Asked(
            service_code=self.service_code,
            district="110105",
            starts_at=TOMORROW,
            quantity=0 if self.items else 120,
            items=self.items,
            form=filled_in.model_dump(),
        )
        return self.line.details(asked, Effort(120, 1), lambda _, text: text)


FILLED = [
    Filled("BJ-02", cleaning.LINE, CleaningForm, {"rooms": ["客厅"], "survey": True}, {}),
    Filled(
        "GX-01",
        dry_cleaning.LINE,
        DryCleaningForm,
        {
            "return_contact": HOME,
            "item_remarks": {"shirt": "领口有渍"},
            "declared_values_fen": {"shirt": 80_000},
        },
        {"shirt": 2},
    ),
    Filled(
        "XS-02",
        hourly.LINE,
        PlanForm,
        {
            "weekdays": [2, 5],
            "weeks": 4,
            "periods": 3,
            "flexible_days": 1,
            "preferred_worker_id": str(WORKER),
        },
        {},
    ),
    Filled(
        "JD-03",
        appliance_care.LINE,
        AppliancesForm,
        {"machines": [{"item": "wall", "brand": "格力", "age_years": 5}]},
        {"wall": 1},
    ),
    Filled(
        "WX-01",
        appliance_care.LINE,
        RepairForm,
        {"fault": "不制冷", "appliance": "fridge", "photos": ["ab" * 32]},
        {},
    ),
    Filled(
        "BM-01",
        care.LINE,
        CareForm,
        {"choice": "live_in", "days": 30, "presence": "live_in", "description": "两个孩子"},
        {},
    ),
]


@pytest.mark.parametrize("filled", FILLED, ids=lambda filled: filled.service_code)
def test_the_form_of_an_order_is_the_one_that_was_filled_in(filled: Filled) -> None:
    assert form_of(filled.service_code, filled.details()) == filled.form


@pytest.mark.parametrize("filled", FILLED, ids=lambda filled: filled.service_code)
def test_the_form_of_an_order_can_be_sent_again(filled: Filled) -> None:
    form = form_of(filled.service_code, filled.details())
    assert filled.model.model_validate_json(orjson.dumps(form)).model_dump(
        mode="json", exclude_defaults=True
    ) == {name: fact for name, fact in filled.form.items() if (name, fact) != ("weeks", 4)}


def test_what_was_left_empty_stays_empty() -> None:
    assert form_of("BM-01", {"choice": "live_in", "days": 0, "presence": ""}) == {
        "choice": "live_in"
    }
    assert form_of("XS-01", {"quantity": 120}) == {}
    assert form_of("YH-01", {"quantity": 0, "items": {"laminate": 30}, "care_days": 180}) == {}


@pytest.mark.parametrize(("days", "periods"), [(28, 1), (29, 2), (56, 2), (1, 1)])
def test_a_plan_with_a_last_day_is_asked_for_by_its_periods(days: int, periods: int) -> None:
    first = date(2026, 11, 23)
    plan = {
        "weekdays": [1],
        "weeks": 4,
        "first_day": first.isoformat(),
        "until": (first + timedelta(days=days - 1)).isoformat(),
    }
    assert form_of("XS-02", {"plan": plan})["periods"] == periods


def test_a_plan_without_an_end_has_no_number_of_periods() -> None:
    plan = {"weekdays": [1], "weeks": 4, "first_day": "2026-11-23", "until": ""}
    assert form_of("XS-02", {"plan": plan}) == {"weekdays": [1], "weeks": 4}
