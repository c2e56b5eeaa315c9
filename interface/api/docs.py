"""The API's documentation page, from assets of the installed swagger-ui-bundle."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import FileResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

router = APIRouter(include_in_schema=False)

_STATIC: Final = Path(__file__).parent.parent / "static"
# Swagger UI sets style attributes from its script, which `style-src` would refuse.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def mount(app: FastAPI) -> None:
    """Serve the page and the assets it needs."""
    app.include_router(router)
    app.mount("/api/docs/assets", StaticFiles(directory=str(swagger_ui_path)))
    app.mount("/static", StaticFiles(directory=_STATIC))


@router.get("/")
def root() -> Response:
    """The address that is told at the start leads to the documentation."""
    return RedirectResponse("/api/docs")


@router.get("/api/docs")
def docs() -> Response:
    """The page."""
    headers = {"Content-Security-Policy": _POLICY}
    return FileResponse(_STATIC / "api-docs.html", media_type="text/html", headers=headers)
