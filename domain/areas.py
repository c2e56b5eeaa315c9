"""Areas (服务区域): the districts that are served, by whom, and how far apart they are.

A district has a code of GB/T 2260 and a centre in GCJ-02 (国测局坐标), the system in
which WeChat tells coordinates. Which pool serves it is said by its stream; before
the first fact, the districts of `DISTRICTS` are served by all pools.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import atan2, cos, hypot, radians, sin
from types import MappingProxyType
from typing import Final, Self
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.capacity import COUNTY_DIGITS, POOLS
from domain.errors import InvalidInputError, RuleViolationError
from domain.names import stored_as

COORDINATE_SYSTEM: Final = "gcj02"
CARE: Final = "care"  # 月嫂, 保姆, 陪护, 护工: no seats, but an area of service as well
TRADES: Final = (*dict.fromkeys(POOLS.values()), CARE)

_NAMESPACE: Final = UUID("5f0c2a7d-4f43-5e0a-8f0f-6d6c3f0d6a11")
_POINT: Final = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,15}))?,([0-9]{1,3})(?:\.([0-9]{1,15}))?")
_DEGREE: Final = 1_000_000
# China, generously.
_WEST, _EAST, _SOUTH, _NORTH = 73 * _DEGREE, 136 * _DEGREE, 3 * _DEGREE, 54 * _DEGREE
_EARTH_METRES: Final = 6_371_000
_LONGEST_NAME: Final = 30
_FARTHEST_EDGE_METRES: Final = 200_000


class NotServedError(RuleViolationError):
    """The company does not do such work in the district."""

    code = "area_not_served"
    sentence = "您所在的区域暂未开通此项服务，敬请期待。"


class CoordinatesError(InvalidInputError):
    """No "lng,lat" of decimal degrees within China."""

    code = "invalid_coordinates"
    sentence = "定位坐标不正确，应为“经度,纬度”。"


class CoordinatesFarOffError(InvalidInputError):
    """The chosen point does not lie in the named district."""

    code = "coordinates_far_off"
    sentence = "定位与所选区县不符，请重新选择地址。"


def _millionths(whole: str, decimals: str) -> int:
    return int(whole) * _DEGREE + int(decimals[:6].ljust(6, "0"))


@dataclass(frozen=True, slots=True)
class Point:
    """A place in GCJ-02, in millionths of a degree: 116.4435° is 116443500."""

    longitude: int
    latitude: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "lng,lat" in degrees, e.g. "116.4435,39.9219"; beyond six decimals is cut.

        Raises:
            CoordinatesError: malformed, or outside 73–136° east, 3–54° north.
        """
        degrees = _POINT.fullmatch(text)
        if degrees is None:
            raise CoordinatesError
        whole_east, east, whole_north, north = degrees.groups("")
        point = cls(_millionths(whole_east, east), _millionths(whole_north, north))
        if not (_WEST <= point.longitude <= _EAST and _SOUTH <= point.latitude <= _NORTH):
            raise CoordinatesError
        return point

    def __str__(self) -> str:
        """The text that `parse` reads."""
        east, north = divmod(self.longitude, _DEGREE), divmod(self.latitude, _DEGREE)
        return f"{east[0]}.{east[1]:06d},{north[0]}.{north[1]:06d}"


@dataclass(frozen=True, slots=True)
class District:
    """A district, its centre and how far its edge is from there at most."""

    code: str
    name: str
    centre: Point
    radius_metres: int

    def check(self) -> None:
        """Check code, name and radius.

        Raises:
            InvalidInputError: one is malformed.
        """
        if not (len(self.code) == COUNTY_DIGITS and self.code.isascii() and self.code.isdecimal()):
            raise InvalidInputError(field="district")
        if not 1 <= len(self.name) <= _LONGEST_NAME:
            raise InvalidInputError(field="name")
        if not 0 < self.radius_metres <= _FARTHEST_EDGE_METRES:
            raise InvalidInputError(field="radius_metres")

    def check_inside(self, coordinates: str) -> None:
        """Check that a point, "" where none was chosen, may lie in the district.

        Raises:
            CoordinatesError: malformed.
            CoordinatesFarOffError: farther from the centre than any edge.
        """
        if coordinates and distance_metres(self.centre, Point.parse(coordinates)) > (
            self.radius_metres
        ):
            raise CoordinatesFarOffError


def _district(code: str, name: str, centre: str, kilometres: int) -> tuple[str, District]:
    return code, District(code, name, Point.parse(centre), kilometres * 1_000)


# Beijing's 16 districts by GB/T 2260. Centres are seats of government and radii are
# generous, both recalled and approximate [R]: a point refused in its own district is a
# customer lost, a slip of the finger let through is seen by who calls back.
DISTRICTS: Final[Mapping[str, District]] = MappingProxyType(
    dict(
        (
            _district("110101", "东城区", "116.4164,39.9284", 10),
            _district("110102", "西城区", "116.3659,39.9126", 10),
            _district("110105", "朝阳区", "116.4435,39.9219", 30),
            _district("110106", "丰台区", "116.2865,39.8586", 25),
            _district("110107", "石景山区", "116.2229,39.9063", 15),
            _district("110108", "海淀区", "116.2980,39.9599", 35),
            _district("110109", "门头沟区", "116.1020,39.9405", 75),
            _district("110111", "房山区", "116.1433,39.7486", 75),
            _district("110112", "通州区", "116.6569,39.9097", 50),
            _district("110113", "顺义区", "116.6546,40.1302", 40),
            _district("110114", "昌平区", "116.2312,40.2207", 55),
            _district("110115", "大兴区", "116.3415,39.7267", 50),
            _district("110116", "怀柔区", "116.6319,40.3160", 95),
            _district("110117", "平谷区", "117.1214,40.1406", 40),
            _district("110118", "密云区", "116.8432,40.3763", 80),
            _district("110119", "延庆区", "115.9750,40.4568", 65),
        )
    )
)


def area_id(district: str) -> UUID:
    """The stream of a district."""
    return uuid5(_NAMESPACE, district)


def trade_of(service_code: str) -> str:
    """Who does a service: its pool, or CARE."""
    return POOLS.get(service_code[:2], CARE)


def distance_metres(one: Point, other: Point) -> int:
    """The great-circle distance, in whole metres.

    The arc tangent stays exact for near places, as the haversine does.
    """
    angles = (one.latitude, other.latitude, other.longitude - one.longitude)
    north, other_north, east = (radians(Fraction(each, _DEGREE)) for each in angles)
    across = cos(other_north) * sin(east)
    along = cos(north) * sin(other_north) - sin(north) * cos(other_north) * cos(east)
    inward = sin(north) * sin(other_north) + cos(north) * cos(other_north) * cos(east)
    return round(_EARTH_METRES * atan2(hypot(across, along), inward))


@stored_as("service_area")
class ServiceArea(EventSourced):
    """A district and the trades that serve it; its id is `area_id`."""

    class Event(EventSourced.Event):
        """A fact about the district (GB/T 2260); `by` stated it."""

        district: str
        by: str

    class Established(Event, EventSourced.Opened):
        """The district is known, and served by these trades from the first on (划定)."""

        name: str
        centre: str
        coordinate_system: str
        radius_metres: int
        trades: list[str]

    class TradeOpened(Event):
        """Such work is done there from now on (开通)."""

        trade: str

    class TradeClosed(Event):
        """No new orders of such work there; those that are booked stay (关闭)."""

        trade: str

    @classmethod
    def establish(cls, district: District, trades: list[str], *, by: str, at: datetime) -> Self:
        """Take a district into the area.

        Raises:
            InvalidInputError: a value is malformed or a trade unknown.
        """
        district.check()
        for trade in trades:
            _check_trade(trade)
        return cls._create(
            cls.Established,
            id=area_id(district.code),
            timestamp=at,
            district=district.code,
            name=district.name,
            centre=str(district.centre),
            coordinate_system=COORDINATE_SYSTEM,
            radius_metres=district.radius_metres,
            trades=trades,
            by=by,
        )

    @classmethod
    def establish_known(cls, code: str, *, by: str, at: datetime) -> Self:
        """Write down a district of DISTRICTS as it is served before any fact.

        Raises:
            NotServedError: it is none of them.
        """
        known = DISTRICTS.get(code)
        if known is None:
            raise NotServedError
        return cls.establish(known, list(TRADES), by=by, at=at)

    def open(self, trade: str, *, by: str, at: datetime) -> bool:
        """Let a trade serve the district; False if it does.

        Raises:
            InvalidInputError: there is no such trade.
        """
        _check_trade(trade)
        if trade in self.trades:
            return False
        facts = {"district": self.district.code, "by": by, "trade": trade}
        self.trigger_event(self.TradeOpened, timestamp=at, **facts)
        return True

    def close(self, trade: str, *, by: str, at: datetime) -> bool:
        """Take no new orders of a trade; False if none are taken.

        Raises:
            InvalidInputError: there is no such trade.
        """
        _check_trade(trade)
        if trade not in self.trades:
            return False
        facts = {"district": self.district.code, "by": by, "trade": trade}
        self.trigger_event(self.TradeClosed, timestamp=at, **facts)
        return True

    def check_served(self, trade: str) -> None:
        """Check that the trade serves the district.

        Raises:
            NotServedError: it does not.
        """
        if trade not in self.trades:
            raise NotServedError

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case ServiceArea.Established():
                centre = Point.parse(event.centre)
                self.district = District(event.district, event.name, centre, event.radius_metres)
                self.trades = frozenset(event.trades)
            case ServiceArea.TradeOpened():
                self.trades |= {event.trade}
            case ServiceArea.TradeClosed():
                self.trades -= {event.trade}
            case _:
                super().evolve(event)


def _check_trade(trade: str) -> None:
    if trade not in TRADES:
        raise InvalidInputError(field="pool")
