"""Photos (照片) that facts name: ids, keyed digests of pictures that are kept elsewhere."""

import re
from collections.abc import Sequence
from typing import Final

from domain.errors import InvalidInputError

MOST_PHOTOS: Final = 9
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def check_photos(photos: Sequence[str]) -> None:
    """Check names of pictures.

    Raises:
        InvalidInputError: more than nine, one twice, or not 64 hex digits.
    """
    if len(photos) > MOST_PHOTOS or len(set(photos)) < len(photos):
        raise InvalidInputError(field="photos")
    if not all(_DIGEST.fullmatch(each) for each in photos):
        raise InvalidInputError(field="photos")
