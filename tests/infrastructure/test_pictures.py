"""Pictures from outside: what is kept of them, what is refused, and that nothing else comes out."""

import io
import struct
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import process_time
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from application.uploads import (
    CleanPicture,
    EmptyPictureError,
    PictureCleaner,
    PicturesBusyError,
    PictureTooLargeError,
    PictureTypeError,
    PictureUnreadableError,
    TooManyPixelsError,
)
from domain.errors import JiawuError
from infrastructure.pictures import MOST_PIXELS, PillowCleaner
from tests.interface.snapshots import AUTHOR, CAMERA, exif, read_back, snapshot, written

RED, WHITE = (254, 0, 0), (255, 255, 255)
CLEANER: Final[PictureCleaner] = PillowCleaner()
REFUSALS = (
    EmptyPictureError,
    PictureTooLargeError,
    PictureTypeError,
    PictureUnreadableError,
    TooManyPixelsError,
)


def seen(body: bytes) -> Image.Image:
    """The picture as it is kept."""
    return read_back(CLEANER.clean(body).content)


def near(pixel: object, colour: object, by: int = 3) -> bool:
    assert isinstance(pixel, tuple)
    assert isinstance(colour, tuple)
    return all(abs(one - other) <= by for one, other in zip(pixel, colour, strict=True))


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def declared_png(width: int, height: int, more: bytes = b"") -> bytes:
    """A PNG that says it is so large and holds next to nothing."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1_000)))
    return b"\x89PNG\r\n\x1a\n" + header + more + pixels + chunk(b"IEND", b"")


# -- what is kept


def test_nothing_of_a_phones_metadata_is_kept() -> None:
    body = snapshot("red")
    assert all(told in body for told in (CAMERA.encode(), AUTHOR, b"Exif"))

    clean = CLEANER.clean(body)

    assert not any(told in clean.content for told in (CAMERA.encode(), AUTHOR, b"Exif", b"ICC_"))
    kept = read_back(clean.content)
    assert (dict(kept.getexif()), kept.info.keys() & {"exif", "comment", "xmp"}) == ({}, set())


def test_text_and_xmp_of_a_png_are_not_kept() -> None:
    text = chunk(b"tEXt", b"Author\0" + AUTHOR) + chunk(
        b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<exif:GPSLatitude>39,54N</exif:GPSLatitude>"
    )
    plain = written(Image.new("RGB", (9, 9), "red"), "PNG")
    told = plain[:33] + text + plain[33:]

    assert AUTHOR not in CLEANER.clean(told).content
    assert b"GPS" not in CLEANER.clean(told).content


@pytest.mark.parametrize(
    ("orientation", "top_left"),
    [
        (1, "red"),
        (2, "lime"),
        (3, "yellow"),
        (4, "blue"),
        (5, "red"),
        (6, "blue"),
        (7, "yellow"),
        (8, "lime"),
    ],
)
def test_a_picture_stands_upright_however_the_phone_was_held(
    orientation: int, top_left: str
) -> None:
    image = Image.new("RGB", (64, 32), "red")  # and clockwise: lime, yellow, blue
    for colour, place in (("lime", (32, 0)), ("yellow", (32, 16)), ("blue", (0, 16))):
        image.paste(colour, (*place, place[0] + 32, place[1] + 16))
    body = written(image, quality=95, exif=exif(orientation))

    kept = seen(body)

    assert kept.size == ((64, 32) if orientation < 5 else (32, 64))
    expected = Image.new("RGB", (1, 1), top_left).getpixel((0, 0))
    assert near(kept.getpixel((4, 4)), expected, by=12)


def test_a_crooked_orientation_does_not_cost_the_picture() -> None:
    body = snapshot("red")
    at = body.index(b"Exif\0\0") + len(b"Exif\0\0")
    assert near(seen(body[:at] + b"??" + body[at + 2 :]).getpixel((5, 5)), RED)


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        ((2048, 2048), (2048, 2048)),
        ((4096, 3072), (2048, 1536)),
        ((1000, 3000), (683, 2048)),
        ((20_000, 3), (2048, 1)),
        ((1, 1), (1, 1)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_no_side_is_longer_than_2048_pixels(
    kind: str, size: tuple[int, int], kept: tuple[int, int]
) -> None:
    clean = CLEANER.clean(written(Image.new("RGB", size, "red"), kind))
    assert ((clean.width, clean.height), clean.media_type) == (kept, "image/jpeg")
    assert (read_back(clean.content).size, read_back(clean.content).format) == (kept, "JPEG")


def square(
    mode: str, colour: str | float | tuple[int, ...], kind: str = "JPEG", **how: object
) -> bytes:
    """A small picture of one colour."""
    return written(Image.new(mode, (20, 20), colour), kind, **how)


def paletted() -> bytes:
    image = Image.new("RGB", (20, 20), "red").quantize(4)
    index = image.getpixel((0, 0))
    return written(image, "PNG", transparency=index)


COLOURS = {
    "cmyk": (square("CMYK", (0, 255, 255, 0)), RED),
    "grey": (square("L", 77), (77, 77, 77)),
    "bits": (square("1", 1, "PNG"), WHITE),
    "palette": (square("P", 0, "PNG"), (0, 0, 0)),
    "transparent palette": (paletted(), WHITE),
    "transparent": (square("RGBA", (255, 0, 0, 0), "PNG"), WHITE),
    "half transparent": (square("RGBA", (255, 0, 0, 128), "PNG"), (255, 127, 127)),
    "transparent grey": (square("LA", (0, 0), "PNG"), WHITE),
    "one colour for none": (square("RGB", "red", "PNG", transparency=(255, 0, 0)), WHITE),
    "deep grey": (square("I;16", 0x8000, "PNG"), (127, 127, 127)),
    "one deep grey for none": (square("I;16", 9, "PNG", transparency=9), (0, 0, 0)),
    "transparent webp": (square("RGBA", (255, 0, 0, 0), "WEBP"), WHITE),
    "webp": (square("RGB", "red", "WEBP"), RED),
}


@pytest.mark.parametrize("kind", COLOURS)
def test_every_kind_of_colour_comes_out_as_it_looked(kind: str) -> None:
    body, colour = COLOURS[kind]
    kept = seen(body)
    assert (kept.mode, near(kept.getpixel((10, 10)), colour)) == ("RGB", True)


def test_colours_of_another_space_are_turned_into_srgb() -> None:
    swapped = io.BytesIO(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile = bytearray(swapped.getvalue())
    red, blue = profile.index(b"rXYZ", 128), profile.index(b"bXYZ", 128)
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    body = written(Image.new("RGB", (20, 20), "red"), icc_profile=bytes(profile))

    assert near(seen(body).getpixel((9, 9)), (0, 0, 254), by=6)


@pytest.mark.parametrize("profile", [b"no profile", bytes(200), b"\xff" * 3_000])
def test_a_broken_colour_profile_is_passed_over(profile: bytes) -> None:
    body = written(Image.new("RGB", (20, 20), "red"), icc_profile=profile)
    assert near(seen(body).getpixel((9, 9)), RED)


def computing(profile: bytes, steps: int) -> bytes:
    """The profile with a tag that multiplies every colour so many times."""
    matrix = b"matf\0\0\0\0\0\3\0\3" + struct.pack(">12f", *[1, 0, 0, 0] * 2, 1, *[0.0001] * 3)
    places = struct.pack(">II", 16 + 8 * steps, len(matrix)) * steps
    tag = b"mpet\0\0\0\0" + struct.pack(">HHI", 3, 3, steps) + places + matrix
    (number,) = struct.unpack_from(">I", profile, 128)
    table = profile[132 : 132 + 12 * number]
    kept = b"".join(
        struct.pack(">4sII", name, at + 12, size)
        for name, at, size in struct.iter_unpack(">4sII", table)
    )
    rest = profile[132 + 12 * number :] + bytes(-len(profile) % 4)
    added = struct.pack(">4sII", b"D2B0", 144 + 12 * number + len(rest), len(tag))
    tags = struct.pack(">I", number + 1) + kept + added + rest + tag
    return struct.pack(">I", 128 + len(tags)) + profile[4:8] + b"\4\x30" + profile[10:128] + tags


def test_a_colour_profile_that_computes_is_passed_over() -> None:
    """One of 2,000 steps kept the colour engine busy for half a minute."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = computing(plain, 40_000)
    assert ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.is_intent_supported(0, 0)
    body = written(Image.new("RGB", (20, 20), "red"), "PNG", icc_profile=profile)

    began = process_time()

    assert near(seen(body).getpixel((9, 9)), RED)
    assert process_time() - began < 2


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "MPO"])
def test_of_a_moving_picture_the_first_frame_is_kept(kind: str) -> None:
    others = [Image.new("RGB", (20, 20), colour) for colour in ("lime", "blue")]
    first = Image.new("RGB", (20, 20), "red")
    kept = seen(written(first, kind, save_all=True, append_images=others))
    assert (near(kept.getpixel((9, 9)), RED), getattr(kept, "n_frames", 1)) == (True, 1)


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("evil.js", "alert(1)")
    return target.getvalue()


@pytest.mark.parametrize(
    "hidden",
    [b"<script>alert(1)</script>", zipped(), b"%PDF-1.4", b"X5O!P%@AP-EICAR-TEST"],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_hides_behind_or_within_a_picture_stays_behind(kind: str, hidden: bytes) -> None:
    how = {"comment": hidden} if kind == "JPEG" else {}
    body = written(Image.new("RGB", (20, 20), "red"), kind, **how) + hidden

    content = CLEANER.clean(body).content

    assert (hidden in body, hidden in content) == (True, False)
    assert content.endswith(b"\xff\xd9")
    assert not zipfile.is_zipfile(io.BytesIO(content))


def test_the_same_bytes_are_the_same_picture() -> None:
    assert CLEANER.clean(snapshot()) == CLEANER.clean(snapshot())
    assert CLEANER.clean(CLEANER.clean(snapshot()).content).width == 64


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
