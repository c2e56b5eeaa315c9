"""The area of service (服务区域): what is served where, for everybody; the office changes it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, status
from pydantic import BaseModel, Field, StringConstraints

from application.access import Permission, Subject
from application.projections import service_areas
from domain.areas import COORDINATE_SYSTEM, District, Point
from interface.api.access import House, may
from interface.api.fields import Body, County, Name, Position, Word
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1", tags=["服务区域"], responses=PROBLEM_ANSWERS)

AreaWriter = Annotated[Subject, Depends(may(Permission.CAPACITY_WRITE))]


class AreaView(BaseModel):
    """A district (GB/T 2260) and the pools that serve it; `care` are 月嫂, 保姆 and so on."""

    district: str
    name: str
    pools: list[str]


class AreaListView(BaseModel):
    """All districts that are known; coordinates of addresses are told in this system."""

    coordinate_system: str
    areas: list[AreaView]


class NewAreaBody(Body):
    """A new district: its centre as "lng,lat" in GCJ-02, how far its edge is at most."""

    district: County
    name: Name
    centre: Annotated[str, StringConstraints(max_length=40)]
    radius_metres: Annotated[int, Field(ge=1, le=200_000)]
    pools: Annotated[list[Word], Field(max_length=10)]


class TradeBody(Body):
    """One pool, or `care`."""

    pool: Word


@router.get("/areas")
def list_areas(house: House, at_least: Annotated[Position, Query()] = 0) -> AreaListView:
    """What is served where (服务区域)."""
    house.progress.wait_for(service_areas.projection.name, at_least)
    with house.engine.connect() as connection:
        areas = service_areas.all_served(connection)
    views = [AreaView.model_validate(each) for each in areas]
    return AreaListView(coordinate_system=COORDINATE_SYSTEM, areas=views)


@router.post("/office/areas", status_code=status.HTTP_201_CREATED, response_model=AreaView)
def establish(
    house: House, who: AreaWriter, body: NewAreaBody, commands: Commands
) -> dict[str, object]:
    """Take another district into the area (新增区域)."""
    centre = Point.parse(body.centre)
    district = District(body.district, body.name, centre, body.radius_metres)
    command = commands.command(f"staff:{who.id}")
    return commands.answer(house.areas.establish(district, body.pools, command))


@router.post("/office/areas/{district}/opening", response_model=AreaView)
def open_trade(
    house: House, who: AreaWriter, district: County, body: TradeBody, commands: Commands
) -> dict[str, object]:
    """Let a pool serve a district (开通)."""
    command = commands.command(f"staff:{who.id}")
    return commands.answer(house.areas.open(district, body.pool, command))


@router.post("/office/areas/{district}/closing", response_model=AreaView)
def close_trade(
    house: House, who: AreaWriter, district: County, body: TradeBody, commands: Commands
) -> dict[str, object]:
    """Take no new orders of a pool in a district (关闭)."""
    command = commands.command(f"staff:{who.id}")
    return commands.answer(house.areas.close(district, body.pool, command))
