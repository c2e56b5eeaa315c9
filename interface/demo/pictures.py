"""Photos that the people of the story take: drawn, with all that a phone writes into them."""

import io
from typing import Final

from PIL import Image, ImageDraw
from PIL.ExifTags import IFD, Base

_SIZE: Final = (1_600, 1_200)
_HELD_SIDEWAYS: Final = 6
_LATITUDE: Final = (39.0, 54.0, 26.4)
_LONGITUDE: Final = (116.0, 23.0, 29.2)


def photo(colour: str) -> bytes:
    """A JPEG of a box in a room, taken sideways, that tells where on earth it was taken."""
    image = Image.new("RGB", _SIZE, "gainsboro")
    ImageDraw.Draw(image).rectangle((400, 200, 1_200, 1_000), fill=colour, outline="black", width=9)
    tags = Image.Exif()
    tags[Base.Model] = "Jiawu Phone 9"
    tags[Base.Orientation] = _HELD_SIDEWAYS
    tags.get_ifd(IFD.GPSInfo).update({1: "N", 2: _LATITUDE, 3: "E", 4: _LONGITUDE})
    written = io.BytesIO()
    image.save(written, "JPEG", exif=tags)
    return written.getvalue()


def tells_where(content: bytes) -> bool:
    """Whether anybody could read in the picture where it was taken."""
    with Image.open(io.BytesIO(content)) as image:
        return bool(image.getexif().get_ifd(IFD.GPSInfo))
