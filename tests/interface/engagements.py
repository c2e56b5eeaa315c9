"""Nanny services as a test drives them over HTTP."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from domain.time import SHANGHAI, shanghai_day
from tests.interface.town import Caller, Json, Town, new_openid

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"
TEXT_HASH = "cd" * 32
PRICE_FEN = 880_000
SECRETS = ("双胎，剖腹产", "协和医院", "8 号楼 12 层 36 床")
SERVICES = {
    "YS-01": ("月嫂", "gold"),
    "BM-01": ("保姆", "live_in"),
    "LR-01": ("老人陪护", "semi_dependent"),
    "HG-01": ("医院护工", "one_to_one"),
}


@dataclass
class Engagement:
    """A customer's order for care; everybody logs in again, for time passes."""

    town: Town
    openid: str
    code: str
    order_id: str = ""

    @property
    def customer(self) -> Caller:
        return self.town.customer(self.openid)

    @property
    def office(self) -> Caller:
        return self.town.dispatcher()

    @property
    def path(self) -> str:
        return f"{ORDERS}/{self.order_id}"

    @property
    def office_path(self) -> str:
        return f"{OFFICE}/{self.order_id}"

    @property
    def today(self) -> date:
        return shanghai_day(self.town.clock.now())

    def do(self, step: str, **body: Json) -> Json:
        """A command of the office."""
        answer = self.office.do(f"{self.office_path}/{step}", body)
        self.town.catch_up()
        return answer

    def refused(self, step: str, **body: Json) -> str:
        """The code of the refusal that a command of the office meets."""
        answer = self.office.post(f"{self.office_path}/{step}", body)
        assert answer.status_code in {409, 422}, answer.text
        return str(answer.json()["code"])

    def wait(self, days: int, hour: int = 9) -> None:
        """Until that hour, so many days from today."""
        then = datetime.combine(self.today + timedelta(days=days), time(hour), SHANGHAI)
        self.town.clock.set(then)

    def shown(self) -> Json:
        return self.customer.read(self.path)

    def parts(self, kind: str) -> list[Json]:
        return [part for part in self.shown()["parts"] if part["kind"] == kind]

    def lead(self) -> Json:
        return self.office.read(f"{self.office_path}/care/lead")

    def statement(self, **query: Json) -> Json:
        return self.customer.read(f"{self.path}/care/statement", **query)


def reserve(town: Town, code: str, **changes: Json) -> Engagement:
    """Reserve for tomorrow, with all that a customer would tell."""
    booked = Engagement(town, new_openid(), code)
    care = {
        "choice": SERVICES[code][1],
        "days": 26,
        "description": SECRETS[0],
        "hospital": SECRETS[1],
        "ward": SECRETS[2],
    }
    wish = {**town.wish(service_code=code), "quantity": 0, "care": care, **changes}
    booked.order_id = booked.customer.do(ORDERS, wish)["order_id"]
    town.catch_up()
    return booked


def nurse(town: Town, code: str) -> tuple[str, int]:
    """A new worker who can do it: id and number."""
    office = town.dispatcher()
    worker = town.worker(office, code)
    town.catch_up()
    listed = office.read("/api/v1/office/workers", limit=100)["workers"]
    return worker, next(each["number"] for each in listed if each["worker_id"] == worker)


def terms(of: Engagement, number: int, **changes: Json) -> Json:
    """Terms of 26 days from today."""
    first = of.today
    usual = {
        "kind": "contract",
        "worker_number": number,
        "price_fen": PRICE_FEN,
        "price_days": 26,
        "days": 26,
        "starts_on": first.isoformat(),
        "ends_on": (first + timedelta(days=25)).isoformat(),
        "text_version": f"{of.code[:2]}-2026-1",
        "text_hash": TEXT_HASH,
        "fee_fen": 130_000,
        "fee_days": 26,
    }
    return {**usual, **changes}


def find_somebody(of: Engagement) -> int:
    """Call, agree the needs, propose and interview; the number of who was chosen."""
    worker, number = nurse(of.town, of.code)
    of.do("confirmation")
    of.do("care/needs", choice=SERVICES[of.code][1], note="要会做月子餐")
    of.do("care/candidates", workers=[worker])
    of.do("care/interview", worker_number=number, how="video", accepted=True)
    return number


def agree(of: Engagement, number: int, **changes: Json) -> Json:
    """Lay terms before the customer, who reads and agrees."""
    proposed = of.do("care/terms", **terms(of, number, **changes))
    seen = of.customer.read(f"{of.path}/care/terms")
    assert (seen["digest"], seen["consented"]) == (proposed["digest"], False)
    assert seen["refund_table"] == proposed["refund_table"]
    of.customer.do(f"{of.path}/care/consent", {"digest": seen["digest"]})
    return seen


def engage(town: Town, code: str, **changes: Json) -> tuple[Engagement, int]:
    """Somebody is on duty since nine o'clock of today."""
    of = reserve(town, code)
    of.wait(1)
    number = find_somebody(of)
    agree(of, number, **changes)
    of.do("care/signature", kind="contract")
    of.do("care/start")
    return of, number


def take(of: Engagement, amount_fen: int, number: str, purpose: str = "wage") -> Json:
    """Finance records money that came by hand."""
    receipt = {"amount_fen": amount_fen, "method": "bank_transfer", "purpose": purpose}
    finance = of.town.finance()
    return finance.do(f"{of.office_path}/offline-receipts", {**receipt, "receipt_number": number})
