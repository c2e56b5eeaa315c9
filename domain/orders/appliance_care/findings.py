"""What a worker sees at the customer's (现场记录): when, in sealed words, with photos."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from domain.orders.photos import check_photos
from domain.orders.windows import check_happened
from domain.sealed import check_sealed


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One look at a thing.

    Attributes:
        happened_at: when it was looked at.
        note: sealed words, may be empty.
        photos: ids of pictures, see check_photos; the pictures are kept elsewhere.
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
