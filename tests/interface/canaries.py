"""Canaries (金丝雀): customers whose words are found nowhere else, and how to look for them."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Engine, inspect, text

from tests.interface.appliances import act
from tests.interface.snapshots import snapshot
from tests.interface.town import DISTRICT, Caller, Json, Town

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"
STAGES = ("departed", "arrived", "in_service", "awaiting_inspection")


@dataclass(frozen=True)
class Canary:
    """A customer's words; `mark` makes them their own."""

    mark: str
    phone: str
    openid: str

    @property
    def name(self) -> str:
        return f"{self.mark}女士"

    def says(self, what: str) -> str:
        return f"{self.mark}的{what}"

    @property
    def contact(self) -> Json:
        address = f"{self.mark}胡同 77 号"
        contact = {"name": self.name, "phone": self.phone, "address": address}
        return {**contact, "district": DISTRICT, "coordinates": "116.4321987,39.9123456"}

    def needles(self) -> dict[bytes, str]:
        """Every form in which a word of theirs could lie somewhere."""
        words = (self.mark, self.phone, self.openid, "116.4321987")
        return {form: word for word in words for form in forms(word)}


def forms(word: str) -> Iterator[bytes]:
    """As UTF-8, escaped for JSON, percent-encoded, in hex and inside any base64."""
    plain = word.encode()
    yield plain
    yield json.dumps(word)[1:-1].encode()
    yield quote(word).encode()
    yield from (plain.hex().encode(), plain.hex().upper().encode())
    for ahead in range(3):
        # What of the text does not depend on its neighbours.
        coded = base64.b64encode(bytes(ahead) + plain)[-(-ahead * 4 // 3) :]
        for alphabet in (coded, coded.translate(bytes.maketrans(b"+/", b"-_"))):
            yield alphabet[: len(alphabet) // 4 * 4 - 4]


def sung(canary: Canary, where: bytes) -> list[str]:
    """Which of the canary's words are there, in any form."""
    return sorted({word for form, word in canary.needles().items() if form in where})


@dataclass
class Life:
    """What a canary left: ids by their names in paths, numbers of payments."""

    canary: Canary
    customer_id: str = ""
    orders: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)


def lived(town: Town, canary: Canary) -> Life:
    """A whole paid life: address, order, note, message, photo, work, care and repair."""
    life, customer, office = Life(canary), town.customer(canary.openid), town.dispatcher()
    life.customer_id = customer.read("/api/v1/me")["customer_id"]
    contact_id = customer.do("/api/v1/addresses", canary.contact)["contact_id"]
    customer.do("/api/v1/consents/privacy_policy", {"version": "2026-11"})
    order = paid(town, customer, canary, life)
    path = f"{OFFICE}/{order['order_id']}"
    office.do(f"{path}/notes", {"text": canary.says("备注"), "visibility": "customer"})
    written = {"text": canary.says("留言")}
    thread = customer.do(f"{ORDERS}/{order['order_id']}/messages", written)["thread_id"]
    photo = town.photo(customer, picture=snapshot("blue"))
    refused(town, customer, canary)
    reserve_and_give_up(town, customer, canary, life)
    work(town, office, order)
    life.paths = {"contact_id": contact_id, "thread_id": thread, "photo_id": photo}
    town.settle()
    return life


def paid(town: Town, customer: Caller, canary: Canary, life: Life) -> Json:
    """A paid order of cleaning."""
    remark = canary.says("要求")
    order = customer.do(ORDERS, town.wish(contact=canary.contact, remark=remark))
    number = town.prepared(customer, order)
    town.pay_at_wechat(number)
    town.courier.deliver_due()
    town.catch_up()
    life.numbers.append(number)
    life.orders.append(order["order_id"])
    return order


def refused(town: Town, customer: Caller, canary: Canary) -> None:
    """Bodies that hold a word and cannot be taken: errors and logs tell nothing of them."""
    wrong = {**canary.contact, "phone": f"{canary.phone}0"}
    for wish in (town.wish(contact=wrong), town.wish(contact=canary.contact, quantity=1)):
        answer = customer.post(ORDERS, wish)
        assert answer.status_code == 422
        assert sung(canary, answer.content) == []


def reserve_and_give_up(town: Town, customer: Caller, canary: Canary, life: Life) -> None:
    """Care that tells of health, and a repair; the office cancels both."""
    care = {"choice": "semi_dependent", "days": 26, "description": canary.says("病情")}
    care |= {"hospital": canary.says("医院"), "ward": canary.says("病区")}
    photos = [town.photo(customer, picture=snapshot("green"))]
    fault = {"appliance": "refrigerator", "fault": canary.says("故障"), "photos": photos}
    for code, quantity, form in (("LR-01", 0, {"care": care}), ("WX-01", 1, {"repair": fault})):
        wish = town.wish(code, quantity, contact=canary.contact, **form)
        order = customer.do(ORDERS, wish)
        life.orders.append(order["order_id"])
        town.catch_up()
        act(town.dispatcher(), order, "cancellation", reason_code="customer")


def work(town: Town, office: Caller, order: Json) -> None:
    """Somebody comes and does it; nobody objects for a day."""
    act(office, order, "assignment", crew=[town.worker(office)])
    act(office, order, "acceptance")
    for stage in STAGES:
        act(office, order, "progress", stage=stage, note="")
    town.let_pass(timedelta(hours=24), step=timedelta(hours=6))


# -- where to look


def tables(engine: Engine) -> list[str]:
    """Every table of every schema."""
    schemas = [each for each in inspect(engine).get_schema_names() if not each.startswith("pg_")]
    return [
        f'"{schema}"."{table}"'
        for schema in schemas
        if schema != "information_schema"
        for table in inspect(engine).get_table_names(schema=schema)
    ]


def rows(engine: Engine, table: str) -> list[str]:
    """Every row as text, sorted."""
    with engine.connect() as connection:
        found = connection.execute(text(f"select t::text from {table} t"))  # noqa: S608 - our own names
        return sorted(found.scalars())


def contents(engine: Engine, names: Iterable[str]) -> dict[str, list[str]]:
    """Tables and their rows."""
    return {name: rows(engine, name) for name in names}


def history(engine: Engine, up_to: int) -> tuple[int, str]:
    """How many events stand up to a position, and a hash of all their columns."""
    query = text("select e::text from log.events e where position <= :up_to order by position")
    digest, count = hashlib.sha256(), 0
    with engine.connect() as connection:
        for row in connection.execute(query, {"up_to": up_to}).scalars():
            digest.update(row.encode())
            count += 1
    return count, digest.hexdigest()


def sealed_for(engine: Engine, owner: str) -> list[str]:
    """Every value that was ever sealed for an owner, wherever it lies."""
    query = text("select key_id from vault.keys where owner = :owner")
    with engine.connect() as connection:
        key_ids = list(connection.execute(query, {"owner": UUID(owner)}).scalars())
    everything = [row for table in tables(engine) for row in rows(engine, table)]
    return [value for key in key_ids for row in everything for value in _values(row, key)]


def _values(row: str, key_id: str) -> Iterator[str]:
    for part in row.split(f"s1.{key_id}.")[1:]:
        end = next((at for at, each in enumerate(part) if not _in_base64(each)), len(part))
        yield f"s1.{key_id}.{part[:end]}"


def _in_base64(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character in "-_")
