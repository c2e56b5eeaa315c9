"""Pictures from outside: what is kept of them, and that nothing else comes out."""

import io
import struct
import zipfile
from time import process_time

import pytest
from PIL import Image, ImageCms

from tests.infrastructure.drawn import CLEANER, chunk, square, zipped
from tests.interface.snapshots import AUTHOR, CAMERA, exif, read_back, snapshot, written

RED, WHITE = (254, 0, 0), (255, 255, 255)


def seen(body: bytes) -> Image.Image:
    """The picture as it is kept."""
    return read_back(CLEANER.clean(body).content)


def near(pixel: object, colour: object, by: int = 3) -> bool:
    assert isinstance(pixel, tuple)
    assert isinstance(colour, tuple)
    return all(abs(one - other) <= by for one, other in zip(pixel, colour, strict=True))


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
