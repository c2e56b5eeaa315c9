"""Areas (服务区域): which districts are served, as bookings ask and the office says."""

from collections.abc import Callable
from typing import Any

from application.commands import Command, Decision, Outcome
from application.log import Log
from domain.areas import (
    DISTRICTS,
    TRADES,
    District,
    NotServedError,
    ServiceArea,
    area_id,
    trade_of,
)
from domain.capacity import COUNTY_DIGITS
from domain.errors import RuleViolationError


class AreaKnownError(RuleViolationError):
    """The district is in the area already; its trades are opened and closed."""

    code = "area_known"
    sentence = "该区域已存在，请直接开通或关闭业务线。"


class Areas:
    """Asks and changes the area of service."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def check_served(self, district: str, service_code: str, coordinates: str = "") -> None:
        """Check that a service is done in a district, and that a chosen point lies there.

        `district` is a code of GB/T 2260, of which the county counts;
        `coordinates` "lng,lat" in GCJ-02 or "". Raises NotServedError,
        CoordinatesError or CoordinatesFarOffError.
        """
        self.check_trade(district, trade_of(service_code), coordinates)

    def check_trade(self, district: str, trade: str, coordinates: str = "") -> None:
        """As `check_served`, for a pool or CARE."""
        code = district[:COUNTY_DIGITS]
        area = self._log.find(ServiceArea, area_id(code))
        if area is None:
            known = DISTRICTS.get(code)
        else:
            area.check_served(trade)
            known = area.district
        if known is None or trade not in TRADES:
            raise NotServedError
        known.check_inside(coordinates)

    def establish(self, district: District, trades: list[str], command: Command) -> Outcome:
        """Take a district that is not among the known ones into the area.

        Raises AreaKnownError, and InvalidInputError where a value is malformed.
        """

        def decide() -> Decision:
            if district.code in DISTRICTS or self._log.find(ServiceArea, area_id(district.code)):
                raise AreaKnownError
            area = ServiceArea.establish(district, trades, by=command.actor, at=command.at)
            return Decision([area], _answer(area))

        return self._log.run(command, decide)

    def open(self, district: str, trade: str, command: Command) -> Outcome:
        """Let a trade serve a district. Raises NotServedError where it is unknown."""
        return self._on(
            district, command, lambda area: area.open(trade, by=command.actor, at=command.at)
        )

    def close(self, district: str, trade: str, command: Command) -> Outcome:
        """Take no new orders of a trade in a district; those booked stay."""
        return self._on(
            district, command, lambda area: area.close(trade, by=command.actor, at=command.at)
        )

    def _on(self, district: str, command: Command, do: Callable[[ServiceArea], object]) -> Outcome:
        def decide() -> Decision:
            area = self._log.find(ServiceArea, area_id(district))
            area = area or ServiceArea.establish_known(district, by=command.actor, at=command.at)
            do(area)
            return Decision([area], _answer(area))

        return self._log.run(command, decide)


def _answer(area: ServiceArea) -> dict[str, Any]:
    return {
        "district": area.district.code,
        "name": area.district.name,
        "pools": [trade for trade in TRADES if trade in area.trades],
    }
