"""Pictures as phones take them, generated: metadata, a place on earth, a camera held sideways."""

import io
from functools import cache

from PIL import Image
from PIL.ExifTags import IFD, Base

CAMERA = "Jiawu Phone 9"
AUTHOR = "陈女士".encode()
LATITUDE = (39.0, 54.0, 26.4)


def written(image: Image.Image, kind: str = "JPEG", **how: object) -> bytes:
    """The image as a file of this kind."""
    target = io.BytesIO()
    image.save(target, kind, **how)
    return target.getvalue()


def read_back(content: bytes) -> Image.Image:
    """The image in a file, with its pixels."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def exif(orientation: int = 1) -> Image.Exif:
    """What a phone writes beside the pixels."""
    tags = Image.Exif()
    tags[Base.Model] = CAMERA
    tags[Base.Orientation] = orientation
    tags.get_ifd(IFD.GPSInfo).update({1: "N", 2: LATITUDE, 3: "E", 4: (116.0, 23.0, 29.2)})
    return tags


@cache
def snapshot(colour: str = "red", width: int = 64, height: int = 48) -> bytes:
    """A small JPEG of one colour, with a phone's metadata."""
    image = Image.new("RGB", (width, height), colour)
    return written(image, exif=exif(), comment=AUTHOR)
