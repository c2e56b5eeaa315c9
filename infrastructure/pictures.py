"""Pictures from outside (照片), read with suspicion and written anew.

What is kept is what our own encoder wrote of the pixels: metadata, hidden archives
and scripts, second frames and thumbnails of the original stay behind.
"""

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from struct import error
from threading import BoundedSemaphore, Lock
from types import MappingProxyType
from typing import Final

from PIL import Image, ImageCms
from PIL.ExifTags import Base

from application.uploads import (
    LARGEST_UPLOAD,
    CleanPicture,
    EmptyPictureError,
    PicturesBusyError,
    PictureTooLargeError,
    PictureTypeError,
    PictureUnreadableError,
    TooManyPixelsError,
)
from infrastructure.picture_files import check_chunks, scanned_jpeg

LONGEST_SIDE: Final = 2048
# What takes some 400 MB at most: a JPEG is scaled while it is decoded, a WebP stands in
# memory several times.
MOST_PIXELS: Final[Mapping[str, int]] = MappingProxyType(
    {"JPEG": 50_000_000, "PNG": 25_000_000, "WEBP": 20_000_000}
)
# A progressive JPEG makes ten passes or so over its pixels and keeps them all meanwhile;
# one made to harm makes thousands, each of a few bytes.
_MOST_PIXELS_KEPT: Final = 25_000_000
_MOST_PIXELS_PASSED: Final = 600_000_000
# A colour profile that computes (multiProcessElementsType): a few hundred bytes of it
# keep the colour engine busy for minutes, and no camera writes one.
_COMPUTING: Final = b"mpet"
_QUALITY: Final = 85
_WHITE: Final = (255, 255, 255)
# Uploads that wait each hold a thread; beyond these they are sent away.
_MOST_WAITING: Final = 8

_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
_HEIF_SENTENCE: Final = "暂不支持 HEIC 格式，请将手机相机设为“兼容性最佳”（JPEG）后再拍。"

# What reading a malformed EXIF block raises.
_CROOKED: Final = (ArithmeticError, LookupError, OSError, SyntaxError, TypeError, ValueError, error)

# What turns a picture upright, by the EXIF tag Orientation.
_UPRIGHT: Final[Mapping[int, Image.Transpose]] = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)


class PillowCleaner:
    """Implements application.uploads.PictureCleaner; one for a process.

    One picture is decoded at a time, so memory stays below some 400 MB however
    many are sent.
    """

    def __init__(self, most_waiting: int = _MOST_WAITING) -> None:
        self._places = BoundedSemaphore(most_waiting)
        self._one = Lock()

    def clean(self, body: bytes) -> CleanPicture:
        """Read and write the picture anew."""
        kind = kind_of(body)
        with self._turn():
            return _cleaned(body, kind)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise PicturesBusyError
        try:
            with self._one:
                yield
        finally:
            self._places.release()


def kind_of(body: bytes) -> str:
    """JPEG, PNG or WEBP by how the bytes begin.

    Raises EmptyPictureError, PictureTooLargeError, PictureTypeError.
    """
    if not body:
        raise EmptyPictureError
    if len(body) > LARGEST_UPLOAD:
        raise PictureTooLargeError
    if body.startswith(_JPEG):
        return "JPEG"
    if body.startswith(_PNG):
        return "PNG"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "WEBP"
    is_heif = body[4:8] == b"ftyp" and body[8:12] in _HEIF_BRANDS
    raise PictureTypeError(_HEIF_SENTENCE if is_heif else "")


def _cleaned(body: bytes, kind: str) -> CleanPicture:
    # Pillow warns of crooked metadata; none of it is kept. The filters are the
    # process's own, but one thread at a time comes here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _rewritten(body, kind)
        except (TooManyPixelsError, PictureUnreadableError):
            raise
        except Image.DecompressionBombError as bomb:
            raise TooManyPixelsError from bomb
        except Exception as failed:  # on hostile bytes a decoder raises anything
            raise PictureUnreadableError from failed


def _rewritten(body: bytes, kind: str) -> CleanPicture:
    passes = 1
    if kind == "JPEG":
        body, passes = scanned_jpeg(body)
    elif kind == "PNG":
        check_chunks(body)
    with Image.open(io.BytesIO(body), formats=[kind]) as opened:
        _check_pixels(kind, opened.width * opened.height, passes)
        small = _in_eight_bits(opened)
        small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return _encoded(_in_srgb(_on_white(_upright(small))))


def _check_pixels(kind: str, pixels: int, passes: int) -> None:
    most = MOST_PIXELS[kind] if passes == 1 else _MOST_PIXELS_KEPT
    if pixels > most or pixels * passes > _MOST_PIXELS_PASSED:
        raise TooManyPixelsError


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """With colours in place of a palette; deep grey is scaled, as converting would cut it off."""
    if image.mode.startswith("I"):
        image.info.pop("transparency", None)  # of a depth that the scaled one has no more
        return image.point(lambda level: level / 257).convert("L")
    if image.mode != "RGBA" and image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("RGB") if image.mode in {"1", "P"} else image


def _upright(image: Image.Image) -> Image.Image:
    how = _UPRIGHT.get(_orientation(image))
    return image if how is None else image.transpose(how)


def _orientation(image: Image.Image) -> int:
    """The EXIF tag; 1, upright, where it is missing or cannot be read."""
    try:
        return int(image.getexif().get(Base.Orientation, 1))
    except _CROOKED:  # must not cost the customer the picture
        return 1


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image
    paper = Image.new("RGB", image.size, _WHITE)
    paper.paste(image, mask=image.getchannel("A"))
    paper.info = {"icc_profile": image.info.get("icc_profile")}
    return paper


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if not profile or _COMPUTING in profile:
        return image.convert("RGB")
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        shown = ImageCms.profileToProfile(
            image, own, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError):  # a profile of another kind of picture, or none
        shown = None
    return shown or image.convert("RGB")


def _encoded(image: Image.Image) -> CleanPicture:
    """As JPEG, from an image that has pixels and nothing else."""
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    written = io.BytesIO()
    bare.save(written, "JPEG", quality=_QUALITY)
    return CleanPicture(
        media_type="image/jpeg", width=bare.width, height=bare.height, content=written.getvalue()
    )
