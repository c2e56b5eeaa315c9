"""What a worker sees at the customer's (现场记录): when, in sealed words, with photos."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from domain.errors import InvalidInputError
from domain.orders.windows import check_happened
from domain.sealed import check_sealed

MOST_PHOTOS: Final = 9
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One look at a thing.

    Attributes:
        happened_at: when it was looked at.
        note: sealed words, may be empty.
        photos: the SHA-256 of each picture in hex; the pictures are kept elsewhere.
    """

    happened_at: datetime
    note: str = ""
    photos: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """The fields as an event names them."""
        return asdict(self)


def check_finding(finding: Finding, at: datetime) -> None:
    """Check the form.

    Raises:
        HappenedInFutureError: see check_happened.
        InvalidInputError: a note in clear text; see check_photos.
    """
    check_happened(finding.happened_at, at)
    check_sealed(note=finding.note)
    check_photos(finding.photos)


def check_photos(photos: Sequence[str]) -> None:
    """Check names of pictures.

    Raises:
        InvalidInputError: more than nine, one twice, or no SHA-256 in hex.
    """
    if len(photos) > MOST_PHOTOS or len(set(photos)) < len(photos):
        raise InvalidInputError(field="photos")
    if not all(_SHA256.fullmatch(each) for each in photos):
        raise InvalidInputError(field="photos")
