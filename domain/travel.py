"""Travel (路途): how long a worker is on the road between two places.

Half an hour within a district; farther by the distance as the crow flies at
AVERAGE_METRES_A_MINUTE, which has the detours and waits of a city in it. A rule of
thumb [R]: what a map service would say differs by the hour and is no fact.
"""

from typing import Final

from domain.areas import DISTRICTS, District, Point, distance_metres
from domain.capacity import COUNTY_DIGITS

AVERAGE_METRES_A_MINUTE: Final = 250  # 15 km/h
SHORTEST_MINUTES: Final = 30
LONGEST_MINUTES: Final = 120
_STEP_MINUTES: Final = 5


def minutes_for(metres: int) -> int:
    """Minutes on the road for a distance: full fives, from 30 up to 120."""
    steps = -(-metres // (AVERAGE_METRES_A_MINUTE * _STEP_MINUTES))
    return min(max(steps * _STEP_MINUTES, SHORTEST_MINUTES), LONGEST_MINUTES)


def travel_minutes(
    origin: str, destination: str, *, origin_point: str = "", destination_point: str = ""
) -> int:
    """Minutes from one district to another, by codes of GB/T 2260 (longer ones count too).

    Points are "lng,lat" in GCJ-02; "" stands for the district's centre. Within one
    district it is SHORTEST_MINUTES; where a place is unknown, LONGEST_MINUTES.

    Raises:
        CoordinatesError: a point is malformed.
    """
    here, there = origin[:COUNTY_DIGITS], destination[:COUNTY_DIGITS]
    if here == there:
        return SHORTEST_MINUTES
    start = _point(DISTRICTS.get(here), origin_point)
    end = _point(DISTRICTS.get(there), destination_point)
    if start is None or end is None:
        return LONGEST_MINUTES
    return minutes_for(distance_metres(start, end))


def _point(district: District | None, chosen: str) -> Point | None:
    if chosen:
        return Point.parse(chosen)
    return district.centre if district else None
