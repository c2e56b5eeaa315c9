"""Uploads (照片): a picture is sent as the body itself, before the command that names it."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel

from application.uploads import LARGEST_UPLOAD, CleanPicture
from interface.api.access import CustomerId, House
from interface.api.fields import Photo
from interface.api.idempotency import Commands, raw_body
from interface.api.office_orders import Reader, Reporter, actor_of
from interface.api.problems import PROBLEM_ANSWERS, Problem

router = APIRouter(prefix="/api/v1", tags=["照片"], responses=PROBLEM_ANSWERS)

_BYTES: Final = {"schema": {"type": "string", "format": "binary"}}
_TAKES: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "照片的原始内容，不超过 10 MB；格式以内容为准，与文件名和 Content-Type 无关",
        "content": dict.fromkeys(("image/jpeg", "image/png", "image/webp"), _BYTES),
    }
}
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    415: {"model": Problem, "description": "不是 JPEG、PNG、WebP 照片"},
    429: {"model": Problem, "description": "24 小时内上传过多"},
}
SHOWS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "照片", "content": {"image/jpeg": _BYTES}},
    410: {"model": Problem, "description": "照片已随个人信息删除"},
}
# A picture is never a page: should a browser take it for one, nothing in it may run.
_HEADERS: Final = {
    "Cache-Control": "private, no-cache",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}

RawBody = Annotated[bytes, Depends(raw_body)]
PhotoId = Annotated[Photo, Path()]


class UploadView(BaseModel):
    """A kept picture; commands name it by `photo_id`, sizes in pixels and bytes."""

    photo_id: str
    media_type: str
    width: int
    height: int
    byte_size: int


@router.post(
    "/uploads",
    status_code=201,
    response_model=UploadView,
    responses=_REFUSALS,
    openapi_extra=_TAKES,
    max_body_size=LARGEST_UPLOAD,
)
def upload(house: House, who: CustomerId, commands: Commands, body: RawBody) -> dict[str, Any]:
    """Upload a picture (上传照片): it is kept upright, smaller and without its metadata."""
    return house.uploads.take(who, body, commands.command(f"customer:{who}"))


@router.get("/uploads/{photo_id}", response_class=Response, responses=SHOWS)
def show(house: House, who: CustomerId, photo_id: PhotoId) -> Response:
    """A picture of the customer's own (查看照片)."""
    return shown(house.uploads.show(who, photo_id))


@router.post(
    "/office/orders/{order_id}/uploads",
    status_code=201,
    response_model=UploadView,
    responses=_REFUSALS,
    openapi_extra=_TAKES,
    max_body_size=LARGEST_UPLOAD,
)
def upload_for_order(
    house: House, who: Reporter, order_id: UUID, commands: Commands, body: RawBody
) -> dict[str, Any]:
    """A worker's or the office's picture for an order; it belongs to the order's customer."""
    return house.uploads.take_for_order(order_id, body, commands.command(actor_of(who)))


@router.get(
    "/office/orders/{order_id}/uploads/{photo_id}", response_class=Response, responses=SHOWS
)
def show_of_order(house: House, who: Reader, order_id: UUID, photo_id: PhotoId) -> Response:
    """A picture of the order's customer."""
    del who
    return shown(house.uploads.show_of_order(order_id, photo_id))


def shown(picture: CleanPicture) -> Response:
    """The picture as the answer's body, never to be run or kept by others."""
    return Response(picture.content, media_type=picture.media_type, headers=_HEADERS)
