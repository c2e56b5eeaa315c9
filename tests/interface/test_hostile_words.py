"""Words that no honest customer or colleague writes: kept as they are, run by nobody."""

import pytest

from tests.interface.strict import subject_of
from tests.interface.town import CONTACT, Town

OFFICE = "/api/v1/office/orders"


@pytest.mark.parametrize(
    "phone", ["17012345678", "19912345678", "16612345678", "010-62345678", "07551234567"]
)
def test_every_segment_of_phones_is_taken(town: Town, phone: str) -> None:
    order = town.booked(town.customer(), contact={**CONTACT, "phone": phone})
    assert order["order_id"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "[x](javascript:alert(1))",
        "<style>*{background:expression(alert(1))}</style>",
        "=HYPERLINK(1)",
    ],
)
def test_markup_is_text_that_no_browser_runs(town: Town, text: str) -> None:
    contact = {**CONTACT, "name": text[:30], "address": text}
    order = town.booked(town.customer(), contact=contact, remark=text)
    town.catch_up()
    answer = town.dispatcher().get(f"{OFFICE}/{order['order_id']}")
    assert answer.json()["remark"] == text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "password", ["x" * 1_000, "p\x00ssword long", "pass 🔑 word 🔑 phrase", " " * 20]
)
def test_any_password_may_be_tried(town: Town, password: str) -> None:
    body = {"login_name": "demo-finance", "password": password}
    assert town.anybody().post("/api/v1/staff/sessions", body).status_code == 401


def test_a_passphrase_with_blanks_and_pictures_opens_the_account_whole(town: Town) -> None:
    passphrase = "correct horse 🐎 battery"
    body = {"login_name": "picture-lover", "display_name": "李", "roles": []}
    town.administrator().do("/api/v1/office/staff", {**body, "password": passphrase})
    for tried, status in ((passphrase, 201), (passphrase[:-1], 401), (passphrase.upper(), 401)):
        log_in = {"login_name": "picture-lover", "password": tried}
        assert town.anybody().post("/api/v1/staff/sessions", log_in).status_code == status


def test_the_staffs_cookie_is_no_customers(town: Town) -> None:
    assert subject_of(town, town.dispatcher()).kind == "staff"
    assert town.dispatcher().get("/api/v1/me").status_code == 401
    assert town.customer().get("/api/v1/staff/me").status_code == 401
