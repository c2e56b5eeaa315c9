"""What is no picture, or would cost too much to look at, is refused unread."""

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from application.uploads import (
    CleanPicture,
    EmptyPictureError,
    PicturesBusyError,
    PictureTooLargeError,
    PictureTypeError,
    PictureUnreadableError,
    TooManyPixelsError,
)
from domain.errors import JiawuError
from infrastructure.pictures import MOST_PIXELS, PillowCleaner
from tests.infrastructure.drawn import CLEANER, chunk, square, zipped
from tests.interface.snapshots import exif, read_back, snapshot, written

REFUSALS = (
    EmptyPictureError,
    PictureTooLargeError,
    PictureTypeError,
    PictureUnreadableError,
    TooManyPixelsError,
)


def declared_png(width: int, height: int, more: bytes = b"") -> bytes:
    """A PNG that says it is so large and holds next to nothing."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1_000)))
    return b"\x89PNG\r\n\x1a\n" + header + more + pixels + chunk(b"IEND", b"")


# -- what is refused


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


REFUSED: Final[dict[str, tuple[bytes, type[JiawuError]]]] = {
    "nothing": (b"", EmptyPictureError),
    "too large": (snapshot() + bytes(10 * 1024 * 1024), PictureTooLargeError),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", PictureTypeError),
    "html before": (b"<html><img src=x></html>" + snapshot(), PictureTypeError),
    "zip": (zipped(), PictureTypeError),
    "pdf": (b"%PDF-1.7", PictureTypeError),
    "gif": (square("RGB", "red", "GIF"), PictureTypeError),
    "bmp": (square("RGB", "red", "BMP"), PictureTypeError),
    "tiff": (square("RGB", "red", "TIFF"), PictureTypeError),
    "avif": (square("RGB", "red", "AVIF"), PictureTypeError),
    "form": (b"--boundary\r\nContent-Disposition: form-data", PictureTypeError),
    "heic": (HEIC, PictureTypeError),
    "jpeg begun": (b"\xff\xd8\xff", PictureUnreadableError),
    "png begun": (b"\x89PNG\r\n\x1a\n", PictureUnreadableError),
    "webp begun": (b"RIFF\x10\0\0\0WEBPVP8 ", PictureUnreadableError),
    "script as jpeg": (b"\xff\xd8\xff\xe0<?php phpinfo(); ?>", PictureUnreadableError),
    "cut jpeg": (snapshot("red", 640, 480)[:-700], PictureUnreadableError),
    "cut png": (square("RGB", "red", "PNG")[:-30], PictureUnreadableError),
    "cut webp": (square("RGB", "red", "WEBP")[:-30], PictureUnreadableError),
    "empty promise": (declared_png(4_000, 4_000), PictureUnreadableError),
    "no width": (declared_png(0, 9), PictureUnreadableError),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_whole_picture_of_a_known_kind_is_refused(kind: str) -> None:
    body, error = REFUSED[kind]
    with pytest.raises(error) as refused:
        CLEANER.clean(body)
    assert type(refused.value) is error
    assert any("\u4e00" <= character <= "\u9fff" for character in refused.value.message)


def test_a_heic_picture_is_told_what_to_do_about_it() -> None:
    with pytest.raises(PictureTypeError) as refused:
        CLEANER.clean(HEIC)
    assert "HEIC" in refused.value.message


@pytest.mark.parametrize(
    ("width", "height"),
    [(8_000, 6_300), (2**31 - 1, 2**31 - 1), (1, MOST_PIXELS["PNG"] + 1)],
)
def test_too_many_pixels_are_refused_by_what_the_header_says(width: int, height: int) -> None:
    with pytest.raises(TooManyPixelsError):
        CLEANER.clean(declared_png(width, height))


def test_a_jpeg_of_fifty_megapixels_is_refused() -> None:
    body = written(Image.new("L", (7_200, 7_000)), quality=5)
    with pytest.raises(TooManyPixelsError):
        CLEANER.clean(body)


def test_a_bomb_of_text_is_not_unpacked() -> None:
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80 * 1024 * 1024)))
    with pytest.raises(PictureUnreadableError):
        CLEANER.clean(declared_png(9, 9, bomb))


def test_a_jpeg_of_countless_passes_is_refused_unread() -> None:
    body = written(Image.new("RGB", (640, 480), "red"), progressive=True)
    at = body.rindex(b"\xff\xda")
    assert CLEANER.clean(body).width == 640
    with pytest.raises(TooManyPixelsError):
        CLEANER.clean(body[:at] + body[at:-2] * 2_000 + b"\xff\xd9")


@pytest.mark.parametrize(
    "filling", [b"\xff\xe5\0\2", b"\xff\xfe\0\3a", b"\xff", b"\xff\0a", b"\xff\0"]
)
def test_a_jpeg_of_countless_segments_is_refused_unread(filling: bytes) -> None:
    body = snapshot()
    few, countless = (body[:2] + filling * number + body[2:] for number in (3, 1_000_000))
    assert CLEANER.clean(few).width == 64
    with pytest.raises(PictureUnreadableError) as refused:
        CLEANER.clean(countless)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("marker", [b"\xff\xc8", b"\xff\xf0", b"\xff\xd8", b"\xff\1"])
def test_a_jpeg_of_markers_that_no_camera_writes_is_refused(marker: bytes) -> None:
    """The decoder reads on within such a segment, so others could hide in it."""
    body = snapshot()
    with pytest.raises(PictureUnreadableError) as refused:
        CLEANER.clean(body[:2] + marker + b"\0\2" + body[2:])
    assert refused.value.__cause__ is None


def test_a_png_of_countless_chunks_is_refused_unread() -> None:
    body = written(Image.new("RGB", (9, 9), "red"), "PNG")
    few, countless = (body[:33] + chunk(b"prVt", b"") * number + body[33:] for number in (9, 10**5))
    assert CLEANER.clean(few).width == 9
    with pytest.raises(PictureUnreadableError) as refused:
        CLEANER.clean(countless)
    assert refused.value.__cause__ is None


def test_the_film_behind_a_phones_picture_does_not_count_as_passes() -> None:
    """Motion photos (动态照片): random bytes hold a marker every 64 KiB."""
    picture = written(Image.new("RGB", (4_000, 3_000), "red"), exif=exif(6))
    film = b"ftypmp42" + bytes(99) + b"\xff\xda\0\x0c\3\1" * 200

    clean = CLEANER.clean(picture + film)

    assert (clean.width, clean.height) == (1536, 2048)
    assert clean == CLEANER.clean(picture)


def test_an_end_that_is_told_too_early_harms_nobody_else() -> None:
    body = written(Image.new("RGB", (640, 480), "red"), progressive=True)
    at = body.rindex(b"\xff\xda")
    with pytest.raises(PictureUnreadableError):
        CLEANER.clean(body[:at] + b"\xff\xfe\0\4\xff\xd9" + body[at:-2] * 2_000 + b"\xff\xd9")


def test_a_progressive_jpeg_may_have_half_as_many_pixels() -> None:
    within, above = (
        written(Image.new("L", (5_000, side)), quality=5, progressive=True)
        for side in (5_000, 5_001)
    )
    assert CLEANER.clean(within).width == 2_048
    with pytest.raises(TooManyPixelsError):
        CLEANER.clean(above)


@settings(max_examples=150)
@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBPVP8L"]),
    st.binary(max_size=300),
)
def test_random_bytes_are_a_picture_or_a_refusal(start: bytes, rest: bytes) -> None:
    assert cleaned_or_refused(start + rest)


@settings(max_examples=250)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "MPO"]),
    st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)),
        min_size=1,
        max_size=8,
    ),
    st.floats(0.2, 1),
)
def test_a_mutated_picture_is_a_picture_or_a_refusal(
    kind: str, changes: list[tuple[float, bytes]], share: float
) -> None:
    body = bytearray(_patterned(kind))
    for place, data in changes:
        at = int(place * len(body))
        body[at : at + len(data)] = data
    assert cleaned_or_refused(bytes(body[: int(share * len(body)) + 1]))


def _patterned(kind: str) -> bytes:
    image = Image.linear_gradient("L").resize((48, 48)).convert("RGB")
    return written(image, kind, exif=exif(6))


def cleaned_or_refused(body: bytes) -> bool:
    try:
        clean = CLEANER.clean(body)
    except REFUSALS:
        return True
    return isinstance(clean, CleanPicture) and read_back(clean.content).format == "JPEG"


def test_more_pictures_at_once_than_may_wait_are_sent_away() -> None:
    with pytest.raises(PicturesBusyError) as refused:
        PillowCleaner(most_waiting=0).clean(snapshot())
    assert refused.value.status == 503


def test_a_place_is_given_back_whatever_became_of_the_picture() -> None:
    cleaner = PillowCleaner(most_waiting=1)
    for body in (snapshot(), declared_png(0, 9), declared_png(8_000, 6_300)):
        with suppress(PictureUnreadableError, TooManyPixelsError):
            cleaner.clean(body)
    assert cleaner.clean(snapshot()).width == 64


def test_simultaneous_pictures_wait_for_each_other() -> None:
    body = written(Image.new("RGB", (800, 600), "red"), "PNG")
    with ThreadPoolExecutor(4) as pool:
        cleaned = list(pool.map(CLEANER.clean, [body] * 8))
    assert len({clean.content for clean in cleaned}) == 1
