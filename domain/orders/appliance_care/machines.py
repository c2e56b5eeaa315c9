"""Machines of a cleaning (家电清洗的机器): each is tried, cleaned and tried again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from domain.errors import InvalidInputError, NotFoundError, RuleViolationError
from domain.orders.stages import Stage
from domain.orders.windows import check_happened
from domain.sealed import check_sealed

MOST_MACHINES: Final = 60
_OLDEST_YEARS: Final = 60


class MachineNotFoundError(NotFoundError):
    """The order has no such machine, or it was struck off."""

    code = "machine_not_found"
    sentence = "订单中没有这台机器。"


class MachineStageError(RuleViolationError):
    """What is said of the machine does not follow what is known of it."""

    code = "machine_stage"
    sentence = "这台机器当前的状态不允许此操作。"


class MachinesNotReadyError(RuleViolationError):
    """A machine was not tried, or nobody decided what becomes of it."""

    code = "machines_not_ready"
    sentence = "还有机器未完成试机确认或处理。"


class MachinesNotAcceptedError(RuleViolationError):
    """A machine was not accepted by a trial run (试机验收)."""

    code = "machines_not_accepted"
    sentence = "还有机器未通过试机验收。"


class LastMachineError(RuleViolationError):
    """With its last machine nothing is left to do: that is an empty trip."""

    code = "last_machine"
    sentence = "这是最后一台机器，请登记为空跑。"


@dataclass(frozen=True)
class Machine:
    """One machine (一台): the item it is charged as, and where it stands.

    `stage`: SCHEDULED, then TRIAL_RUN_CONFIRMED (试机), then COMPLETED (试机验收)
    or REWORKING (返工); NOT_OPENABLE (不可拆) until it is changed or CANCELLED
    (取消, struck off). `works`: whether it ran before the cleaning.
    """

    item: str
    stage: str = Stage.SCHEDULED.value
    works: bool = True

    def at(self, stage: str, **changes: Any) -> "Machine":  # noqa: ANN401 - fields of a machine
        """The machine at another stage; stored as the plain name."""
        return replace(self, stage=str(stage), **changes)


Machines = Mapping[str, Machine]


@dataclass(frozen=True, kw_only=True)
class Repricing:
    """The price of all that is left to do, in the price book of the order.

    Attributes:
        lines: the rule trace, as in Booking.
        happened_at: when it was agreed.
        consent: how the customer agreed; needed where the price rises.
    """

    total_fen: int
    lines: list[dict[str, Any]]
    happened_at: datetime
    consent: str = ""


def check_repricing(repricing: Repricing, before_fen: int, at: datetime) -> None:
    """Check the form.

    Raises:
        HappenedInFutureError: see check_happened.
        InvalidInputError: less than 1 fen, not the sum of its lines, or more than
            before without consent.
    """
    check_happened(repricing.happened_at, at)
    total_fen = repricing.total_fen
    if total_fen < 1 or total_fen != sum(line["amount_fen"] for line in repricing.lines):
        raise InvalidInputError(field="total_fen")
    if total_fen > before_fen and not repricing.consent:
        raise InvalidInputError(field="consent")


def check_booked(machines: Any, items: Any) -> None:  # noqa: ANN401 - details of a booking
    """Check the machines of a booking, each {"machine", "item", "brand"?, "age_years"?}.

    Raises:
        InvalidInputError: none or too many, a name twice, a brand in clear, an
            impossible age, or others than the items that are charged.
    """
    if not isinstance(machines, list) or not 1 <= len(machines) <= MOST_MACHINES:
        raise InvalidInputError(field="machines")
    for machine in machines:
        check_sealed(brand=machine.get("brand", ""))
    names = {machine["machine"] for machine in machines}
    ages = [machine.get("age_years", 0) for machine in machines]
    if len(names) < len(machines) or not 0 <= min(ages) <= max(ages) <= _OLDEST_YEARS:
        raise InvalidInputError(field="machines")
    if counted(machine["item"] for machine in machines) != items:
        raise InvalidInputError(field="machines")


def booked(machines: Iterable[Mapping[str, Any]]) -> dict[str, Machine]:
    """The machines of a booking by name, none looked at yet."""
    return {each["machine"]: Machine(each["item"]) for each in machines}


def counted(items: Iterable[str]) -> dict[str, int]:
    """How many there are of each item."""
    count: dict[str, int] = {}
    for item in items:
        count[item] = count.get(item, 0) + 1
    return count


def remaining(machines: Machines) -> dict[str, Machine]:
    """Those that were not struck off."""
    return {name: each for name, each in machines.items() if each.stage != Stage.CANCELLED}


def all_at(machines: Machines, stage: str) -> bool:
    """Whether every remaining machine stands there, and there are any."""
    left = remaining(machines).values()
    return bool(left) and all(each.stage == stage for each in left)
