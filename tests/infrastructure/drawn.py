"""Pictures and pieces of them, drawn for tests."""

import io
import struct
import zipfile
import zlib
from typing import Final

from PIL import Image

from application.uploads import (
    PictureCleaner,
)
from infrastructure.pictures import PillowCleaner
from tests.interface.snapshots import written

CLEANER: Final[PictureCleaner] = PillowCleaner()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def square(
    mode: str, colour: str | float | tuple[int, ...], kind: str = "JPEG", **how: object
) -> bytes:
    """A small picture of one colour."""
    return written(Image.new(mode, (20, 20), colour), kind, **how)


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("evil.js", "alert(1)")
    return target.getvalue()
