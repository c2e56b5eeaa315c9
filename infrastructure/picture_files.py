"""How pictures lie in their files (照片文件): read before a decoder sees them.

A phone's JPEG is followed by what else the phone has to say: a film of the moment, a
map of depths. And a file made to harm holds millions of segments of no bytes, each
of which costs the decoder more than the file.
"""

from struct import unpack_from
from typing import Final

from application.uploads import PictureUnreadableError

# A JPEG's colours and extended metadata take one for each 64 KiB, a PNG's pixels
# commonly one for each 8 KiB.
_MOST_SEGMENTS: Final = 1_000
_MOST_CHUNKS: Final = 10_000

_START_OF_SCAN: Final = 0xFFDA
_END_OF_IMAGE: Final = b"\xff\xd9"
_FILLING: Final = 0xFFFF
_ESCAPED: Final = 0xFF00
# Frames and tables but for the reserved FFC8, what an application adds, comments.
_WITH_LENGTH: Final = (
    frozenset(range(0xFFC0, 0xFFF0)) - frozenset(range(0xFFD0, 0xFFDB)) - {0xFFC8}
) | {0xFFFE}
_LEAST_LENGTH: Final = 2
_PNG_SIGNATURE: Final = 8
_CHUNK_FRAME: Final = 12  # length, kind and checksum


def scanned_jpeg(body: bytes) -> tuple[bytes, int]:
    """A JPEG up to the end of its picture, and how many passes over the pixels it makes.

    Raises:
        PictureUnreadableError: it holds something else than segments, or too many.
        struct.error: it ends before its picture.
    """
    scan = _first_scan(body)
    end = body.find(_END_OF_IMAGE, scan)
    picture = body if end < 0 else body[: end + len(_END_OF_IMAGE)]
    return picture, picture.count(_START_OF_SCAN.to_bytes(2), scan)


def check_chunks(body: bytes) -> None:
    """Raise PictureUnreadableError where a PNG holds too many chunks."""
    at = _PNG_SIGNATURE
    for _ in range(_MOST_CHUNKS):
        if at + _CHUNK_FRAME > len(body):
            return
        at += _CHUNK_FRAME + unpack_from(">I", body, at)[0]
    raise PictureUnreadableError


def _first_scan(body: bytes) -> int:
    at = 2
    for _ in range(_MOST_SEGMENTS):
        marker, length = unpack_from(">HH", body, at)
        if marker == _START_OF_SCAN:
            return at
        at += _step(marker, length)
    raise PictureUnreadableError


def _step(marker: int, length: int) -> int:
    """How far it is to what comes next: as the decoder takes it, so nothing hides from us."""
    if marker == _ESCAPED:
        return 2
    if marker < _ESCAPED or marker == _FILLING:
        return 1
    if marker in _WITH_LENGTH and length >= _LEAST_LENGTH:
        return 2 + length
    raise PictureUnreadableError
