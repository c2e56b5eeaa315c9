"""The scene: who takes part, what time it is, what has been ordered so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from domain.time import SHANGHAI
from interface.cli.demo_data import open_days
from interface.demo.narrator import Narrator
from interface.demo.people import (
    Caller,
    Customer,
    DemoInterruptedError,
    Heard,
    Platform,
    Staff,
    wait_until,
)
from interface.demo.stage import Stage

WEDNESDAY: Final = date(2026, 9, 23)
HOLIDAY: Final = date(2026, 9, 25)  # 中秋节
MONDAY: Final = date(2026, 9, 28)
TUESDAY: Final = date(2026, 9, 29)
DISPATCH: Final = "调度员"


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant by the clocks of Shanghai."""
    return datetime.combine(day, time(hour, minute), SHANGHAI)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a customer of the story has booked."""

    title: str
    customer: Customer
    id: str
    number: str
    total_fen: int

    @property
    def path(self) -> str:
        """Where its customer finds it."""
        return f"/api/v1/orders/{self.id}"

    @property
    def office_path(self) -> str:
        """Where the office finds it."""
        return f"/api/v1/office/orders/{self.id}"

    def view(self) -> Any:  # noqa: ANN401 - JSON
        """What its customer sees of it."""
        return self.customer.get(self.path)


class Scene:
    """Everybody on the stage, and the narrator who tells of them."""

    def __init__(self, stage: Stage, say: Narrator) -> None:
        heard = Heard()
        self.stage = stage
        self.say = say
        self.wechat_pay = Platform(stage.pay)
        self.account = Platform(stage.account)
        self.lin = Customer(
            stage.web, heard, "林小满", "oSimNewUser00000000000000001", "13912345678"
        )
        self.chen = Customer(
            stage.web, heard, "陈静", "oSimFollower0000000000000002", "13987654321"
        )
        self.dispatcher = Staff(stage.web, heard, "demo-dispatcher")
        self.finance = Staff(stage.web, heard, "demo-finance")
        self.orders: list[Order] = []
        self._heard = heard
        self._anybody = Caller(stage.web, heard)

    def close(self) -> None:
        """Everybody leaves: their connections are closed."""
        for each in (self.lin, self.chen, self.dispatcher, self.finance, self._anybody):
            each.close()
        for platform in (self.wechat_pay, self.account):
            platform.close()

    def at(self, day: date, hour: int, minute: int = 0) -> None:
        """Move the clock that product and simulators share."""
        self.stage.clock.set(moment(day, hour, minute))

    def open_month(self) -> None:
        """The office opens the seats of the next two months (放号): a plan looks far ahead."""
        open_days(self.stage.house, 60)

    def readiness(self) -> Any:  # noqa: ANN401 - JSON
        """What /readyz says, ready or not."""
        return self._anybody.ask("/readyz").body

    def settle(self) -> int:
        """Wait until all that follows from what was done is done; the log's last position.

        Outside calls and deadlines that are due by the story's clock belong to
        it. Level twice at the same position: a policy that is level may just
        have written what the others still have to read.
        """
        seen: list[int] = []

        def quiet() -> bool:
            state = self.readiness()
            _check_moving(state["failures"])
            level = state["ready"] and not any(state["lag_events"].values())
            level = level and not self.stage.has_work()
            seen.append(state["position"] if level else -1)
            return len(seen) > 1 and seen[-1] == seen[-2] >= 0

        wait_until(quiet, "投影、规则、对外请求或期限没有做完")
        self._heard.note(seen[-1])
        return seen[-1]

    def alerts(self) -> list[Any]:
        """What waits for a person, as finance reads it, newest first."""
        return list(self.finance.get("/api/v1/office/alerts", limit=100)["alerts"])

    def worker(self, name: str) -> str:
        """The id of the worker with this name."""
        workers = self.dispatcher.get("/api/v1/office/workers")["workers"]
        return next(str(each["worker_id"]) for each in workers if each["name"] == name)


def _check_moving(failures: Sequence[Any]) -> None:
    """A handler that raises is a defect: nobody waits for its next try."""
    for failure in failures:
        where = f"{failure['name']} 停在第 {failure['position']} 条事件 {failure['event']}"
        raise DemoInterruptedError(what=f"{where}：{failure['error']}")
