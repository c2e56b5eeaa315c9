"""Photos over HTTP: uploaded before they are named, shown to whom they belong, never as a page."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from limits import parse_many
from PIL import Image
from sqlalchemy import text

from application.uploads import CUSTOMER_QUOTA, LARGEST_UPLOAD, OFFICE_QUOTA, Quota
from interface.api.rate_limits import class_of
from tests.interface.problems import assert_problem
from tests.interface.snapshots import CAMERA, exif, read_back, snapshot, written
from tests.interface.town import Caller, Json, Town

UPLOADS = "/api/v1/uploads"
OFFICE = "/api/v1/office/orders"
UNKNOWN = "ab" * 32


@pytest.fixture(scope="module")
def office(town: Town) -> Caller:
    return town.dispatcher()


def kept(town: Town, photo_id: str) -> int:
    query = text("select count(*) from uploads.pictures where id = :id")
    with town.house.engine.connect() as connection:
        return int(connection.execute(query, {"id": photo_id}).scalar_one())


def owner_of(town: Town, photo_id: str) -> Json:
    query = text("select owner from uploads.pictures where id = :id")
    with town.house.engine.connect() as connection:
        return connection.execute(query, {"id": photo_id}).scalar_one()


@pytest.mark.requirement("R08")
def test_a_customer_sees_the_uploaded_photo_again_without_its_metadata(town: Town) -> None:
    customer = town.customer()
    body = written(Image.new("RGB", (300, 200), "red"), exif=exif(6))

    answer = customer.upload(UPLOADS, body)

    assert answer.status_code == 201
    told = answer.json()
    assert (told["media_type"], told["width"], told["height"]) == ("image/jpeg", 200, 300)
    shown = customer.get(f"{UPLOADS}/{told['photo_id']}")
    assert (shown.status_code, len(shown.content)) == (200, told["byte_size"])
    assert read_back(shown.content).size == (200, 300)
    assert CAMERA.encode() not in shown.content


def test_a_photo_is_never_taken_for_a_page(town: Town) -> None:
    customer = town.customer()
    shown = customer.get(f"{UPLOADS}/{town.photo(customer)}")

    told = {name: shown.headers[name] for name in ("Content-Type", "X-Content-Type-Options")}
    assert told == {"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff"}
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert shown.headers["Cache-Control"].startswith("private")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]


def test_another_customers_photo_is_not_found(town: Town) -> None:
    customer, stranger = town.customer(), town.customer()
    mine, theirs = town.photo(customer), town.photo(stranger)

    assert mine != theirs
    assert_problem(stranger.get(f"{UPLOADS}/{mine}"), 404, "not_found")
    assert_problem(stranger.get(f"{UPLOADS}/{UNKNOWN}"), 404, "not_found")
    assert_problem(town.anybody().get(f"{UPLOADS}/{mine}"), 401, "unauthenticated")


@pytest.mark.parametrize("name", ["x", "..%2f..%2fetc%2fpasswd", "CON", "AB" * 32, "a" * 65])
def test_a_photo_has_no_other_name_than_its_id(town: Town, name: str) -> None:
    answer = town.customer().get(f"{UPLOADS}/{name}")
    assert answer.status_code in {404, 422}


def test_staff_upload_and_see_photos_of_an_orders_customer(town: Town, office: Caller) -> None:
    customer = town.customer()
    order, others = town.booked(customer), town.booked(town.customer())
    photo = town.photo(office, order, snapshot("green"))
    path = f"{OFFICE}/{order['order_id']}/uploads/{photo}"

    assert read_back(office.get(path).content).size == (64, 48)
    assert town.finance().get(path).status_code == 200
    assert customer.get(f"{UPLOADS}/{photo}").status_code == 200
    elsewhere = office.get(f"{OFFICE}/{others['order_id']}/uploads/{photo}")
    assert_problem(elsewhere, 404, "not_found")
    assert_problem(office.get(f"{OFFICE}/{uuid4()}/uploads/{photo}"), 404, "not_found")
    assert_problem(office.upload(f"{OFFICE}/{uuid4()}/uploads", snapshot()), 404, "not_found")


def test_the_same_upload_again_is_one_photo_and_one_answer(town: Town) -> None:
    customer, key, body = town.customer(), str(uuid4()), snapshot("blue")
    with ThreadPoolExecutor(4) as pool:
        answers = [
            future.result()
            for future in [pool.submit(customer.upload, UPLOADS, body, key=key) for _ in range(4)]
        ]
    answers.append(customer.upload(UPLOADS, body))  # under a key of its own

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert kept(town, answers[0].json()["photo_id"]) == 1
    other = customer.upload(UPLOADS, snapshot("yellow"), key=key)
    assert_problem(other, 422, "idempotency_key_reused")


def test_an_upload_without_a_key_is_refused(town: Town) -> None:
    answer = town.customer().send("POST", UPLOADS, data=snapshot())
    assert_problem(answer, 400, "idempotency_key_missing")


HOSTILE: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 422, "picture_empty"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", 415, "picture_type"),
    "html": (b"<!DOCTYPE html><script>x()</script>" + snapshot(), 415, "picture_type"),
    "gif": (written(Image.new("L", (9, 9)), "GIF"), 415, "picture_type"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(90), 415, "picture_type"),
    "cut": (snapshot("red", 640, 480)[:-500], 422, "picture_unreadable"),
    "pixels": (written(Image.new("1", (5_001, 5_000)), "PNG"), 422, "picture_too_many_pixels"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_photo_is_refused_whatever_it_is_called(town: Town, kind: str) -> None:
    body, status, code = HOSTILE[kind]
    headers = {
        "Idempotency-Key": str(uuid4()),
        "Content-Type": "image/jpeg",
        "Content-Disposition": 'attachment; filename="../../photo.jpg"',
    }
    answer = town.customer().send("POST", UPLOADS, data=body, headers=headers)
    assert_problem(answer, status, code)


@pytest.mark.parametrize("content_type", ["text/html", "application/json", "image/svg+xml", "x"])
def test_a_photo_is_known_by_its_content_alone(town: Town, content_type: str) -> None:
    customer = town.customer()
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": content_type}
    answer = customer.send("POST", UPLOADS, data=snapshot(), headers=headers)
    assert answer.status_code == 201
    shown = customer.get(f"{UPLOADS}/{answer.json()['photo_id']}")
    assert shown.headers["Content-Type"] == "image/jpeg"


def drip(size: int) -> Iterator[bytes]:
    """A body of unannounced length."""
    yield snapshot()
    for _ in range(size // 65_536):
        yield bytes(65_536)


def test_a_photo_may_have_ten_megabytes_and_other_bodies_one(town: Town) -> None:
    customer = town.customer()
    full = snapshot() + bytes(LARGEST_UPLOAD - len(snapshot()))

    assert customer.upload(UPLOADS, full).status_code == 201
    assert_problem(customer.upload(UPLOADS, full + b"x"), 413, "too_large")
    assert_problem(customer.upload("/api/v1/orders", bytes(1024 * 1024 + 1)), 413, "too_large")
    headers = {"Idempotency-Key": str(uuid4())}
    dripped = customer.send("POST", UPLOADS, data=drip(LARGEST_UPLOAD + 99_999), headers=headers)
    assert_problem(dripped, 413, "too_large")


def test_a_customer_uploads_sixty_photos_a_day(town: Town) -> None:
    customer = town.customer()
    for width in range(1, 61):
        town.clock.advance(timedelta(seconds=10))
        town.photo(customer, picture=snapshot("red", width, 9))

    refused = customer.upload(UPLOADS, snapshot("red", 61, 9))

    assert_problem(refused, 429, "uploads_of_the_day")
    town.photo(customer, picture=snapshot("red", 7, 9))  # one that is there already
    town.clock.advance(timedelta(days=1))
    assert customer.upload(UPLOADS, snapshot("red", 61, 9)).status_code == 201


@pytest.mark.parametrize(
    ("route", "quota"),
    [("/api/v1/uploads", CUSTOMER_QUOTA), ("/api/v1/office/orders/1/uploads", OFFICE_QUOTA)],
)
def test_whoever_has_room_for_a_days_photos_may_send_them(route: str, quota: Quota) -> None:
    """Or the limit of requests would refuse what the quota promises."""
    of_a_day = parse_many(class_of("POST", route).amounts)[-1]
    assert (of_a_day.get_expiry(), of_a_day.amount >= quota.a_day) == (86_400, True)


def test_no_picture_lies_in_the_database_in_clear(town: Town) -> None:
    customer = town.customer()
    photo = town.photo(customer)
    content = customer.get(f"{UPLOADS}/{photo}").content
    query = text("select sealed from uploads.pictures where id = :id")
    with town.house.engine.connect() as connection:
        sealed = bytes(connection.execute(query, {"id": photo}).scalar_one())
    clear = (b"JFIF", content[-64:])
    assert [part in content for part in clear] == [True, True]
    assert [part in sealed for part in clear] == [False, False]


def test_with_the_customers_key_the_pictures_are_gone(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = town.booked(customer)
    photo = town.photo(customer)
    path = f"{OFFICE}/{order['order_id']}/uploads"
    assert office.get(f"{path}/{photo}").status_code == 200

    town.house.vault.erase(owner_of(town, photo))

    assert_problem(office.get(f"{path}/{photo}"), 410, "picture_erased")
    assert_problem(customer.get(f"{UPLOADS}/{photo}"), 410, "picture_erased")
    assert_problem(office.upload(path, snapshot("green")), 409, "owner_erased")
