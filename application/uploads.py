"""Uploads (照片): pictures of faults, garments and work, kept sealed under the customer's key.

A picture is taken before the command that names it. Its id stands in events for
ever, so it says nothing of what the picture shows: a keyed digest of the owner and
of what is kept. Whoever holds the key can show that a picture is the one named.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from application.commands import Command
from application.log import Log
from application.vault import KeyClass, Vault
from domain.errors import InvalidInputError, JiawuError, NotFoundError, RuleViolationError
from domain.orders.service_order import ServiceOrder

LARGEST_UPLOAD: Final = 10 * 1024 * 1024
_A_DAY: Final = timedelta(days=1)


class PictureTooLargeError(InvalidInputError):
    """More than 10 MiB."""

    code = "picture_too_large"
    status = 413
    sentence = "照片不能超过 10 MB，请压缩后再上传。"


class EmptyPictureError(InvalidInputError):
    """Nothing was sent."""

    code = "picture_empty"
    sentence = "没有收到照片内容，请重新选择照片。"


class PictureTypeError(InvalidInputError):
    """Neither JPEG nor PNG nor WebP by its content; name and media type are not asked."""

    code = "picture_type"
    status = 415
    sentence = "只支持 JPEG、PNG、WebP 格式的照片。"


class PictureUnreadableError(InvalidInputError):
    """The picture is cut off, altered or built to harm."""

    code = "picture_unreadable"
    sentence = "照片已损坏，无法读取，请换一张再试。"


class TooManyPixelsError(InvalidInputError):
    """The picture would need too much memory; seen before it is decoded."""

    code = "picture_too_many_pixels"
    sentence = "照片尺寸过大，请缩小后再上传。"


class PicturesBusyError(JiawuError):
    """So many pictures are being read that another one would hold everybody up."""

    code = "pictures_busy"
    status = 503
    sentence = "上传照片的人较多，请稍后再试。"


class DailyUploadsError(RuleViolationError):
    """As many as within 24 hours are allowed."""

    code = "uploads_of_the_day"
    status = 429
    sentence = "24 小时内上传的照片过多，请明天再试。"


class UploadsFullError(RuleViolationError):
    """As many as are kept for one customer."""

    code = "uploads_full"
    sentence = "保存的照片数量已达上限，请联系客服。"


class PictureErasedError(NotFoundError):
    """The picture was erased with the customer's data (销户)."""

    code = "picture_erased"
    status = 410
    sentence = "照片已随顾客的个人信息删除。"


class PhotoUnknownError(InvalidInputError):
    """A command names a photo that was not uploaded for this customer; nothing was changed."""

    code = "photo_unknown"
    sentence = "照片不存在，请先上传照片。"


@dataclass(frozen=True, kw_only=True)
class CleanPicture:
    """A picture as it is kept: upright, sRGB, without metadata, no side above 2,048 pixels."""

    media_type: str
    width: int
    height: int
    content: bytes


@dataclass(frozen=True, kw_only=True)
class KeptPicture:
    """What is known of a kept picture; `body_mac` and `command_id` are those of its upload."""

    id: str
    owner: UUID
    media_type: str
    width: int
    height: int
    byte_size: int
    uploaded_at: datetime
    uploaded_by: str
    command_id: UUID
    body_mac: str


@dataclass(frozen=True)
class Quota:
    """How many pictures one actor may add for one customer: ever, and in 24 hours."""

    kept: int
    a_day: int

    def check(self, kept: int, within_a_day: int) -> None:
        """Raise UploadsFullError or DailyUploadsError where there is room for none."""
        if kept >= self.kept:
            raise UploadsFullError
        if within_a_day >= self.a_day:
            raise DailyUploadsError


# A customer shows faults; a driver takes each of up to 200 garments, several times.
CUSTOMER_QUOTA: Final = Quota(kept=500, a_day=60)
OFFICE_QUOTA: Final = Quota(kept=5_000, a_day=1_000)


class PictureCleaner(Protocol):
    """Makes of bytes from outside a picture that can be shown."""

    def clean(self, body: bytes) -> CleanPicture:
        """Read and write the picture anew; nothing of the bytes themselves stays.

        Raises EmptyPictureError, PictureTooLargeError, PictureTypeError,
        TooManyPixelsError, PictureUnreadableError, PicturesBusyError.
        """
        ...


class PictureStore(Protocol):
    """Where sealed pictures lie."""

    def repeated(self, owner: UUID, command: Command) -> KeptPicture | None:
        """The picture that the same command, or the same bytes, made before.

        Raises KeyReusedError where the command came with other bytes.
        """
        ...

    def counts(self, owner: UUID, actor: str, since: datetime) -> tuple[int, int]:
        """How many pictures the actor added for the owner: ever, and after an instant."""
        ...

    def keep(self, picture: KeptPicture, sealed: bytes, quota: Quota) -> KeptPicture:
        """Keep a picture unless it is there; durable before it returns.

        The quota holds among simultaneous uploads too. Raises what `Quota.check`
        and `repeated` raise, and CommitUnknownError.
        """
        ...

    def find(self, owner: UUID, picture_id: str) -> tuple[KeptPicture, bytes] | None:
        """The owner's picture and its sealed bytes; None for another's."""
        ...

    def known(self, owner: UUID, picture_ids: Collection[str]) -> set[str]:
        """Which of these were uploaded for the owner."""
        ...


class Uploads:
    """Takes pictures, shows them to whom they belong, and knows which there are."""

    def __init__(
        self, log: Log, vault: Vault, store: PictureStore, cleaner: PictureCleaner
    ) -> None:
        self._log = log
        self._vault = vault
        self._store = store
        self._cleaner = cleaner

    def take(
        self, owner: UUID, body: bytes, command: Command, quota: Quota = CUSTOMER_QUOTA
    ) -> dict[str, Any]:
        """Keep a picture for a customer: its photo_id, media_type, width, height, byte_size.

        The same command or the same bytes again are the same picture and the same
        answer. Raises what PictureCleaner and PictureStore raise.
        """
        kept = self._store.repeated(owner, command)
        if kept is None:
            since = command.at - _A_DAY
            quota.check(*self._store.counts(owner, command.actor, since))
            kept = self._keep(owner, self._cleaner.clean(body), command, quota)
        return _answer(kept)

    def take_for_order(self, order_id: UUID, body: bytes, command: Command) -> dict[str, Any]:
        """The same by staff, for the customer of an order. Raises NotFoundError too."""
        order = self._log.load(ServiceOrder, order_id)
        return self.take(order.customer_id, body, command, OFFICE_QUOTA)

    def show(self, owner: UUID, picture_id: str) -> CleanPicture:
        """A picture of this customer.

        Raises NotFoundError where there is none, or it is another's, and
        PictureErasedError where its key was destroyed.
        """
        found = self._store.find(owner, picture_id)
        if found is None:
            raise NotFoundError
        kept, sealed = found
        content = self._vault.open_bytes(sealed)
        if content is None:
            raise PictureErasedError
        size = {"width": kept.width, "height": kept.height}
        return CleanPicture(media_type=kept.media_type, content=content, **size)

    def show_of_order(self, order_id: UUID, picture_id: str) -> CleanPicture:
        """A picture of the order's customer, for staff. Raises as `show` does."""
        return self.show(self._log.load(ServiceOrder, order_id).customer_id, picture_id)

    def missing(self, owner: UUID, picture_ids: Sequence[str]) -> list[str]:
        """Which of these were never uploaded for the customer; in the order given."""
        known = self._store.known(owner, picture_ids) if picture_ids else set[str]()
        return [each for each in picture_ids if each not in known]

    def check_known(self, owner: UUID, picture_ids: Sequence[str]) -> None:
        """Every command that names photos asks this first. Raises PhotoUnknownError."""
        if self.missing(owner, picture_ids):
            raise PhotoUnknownError(field="photos")

    def _keep(
        self, owner: UUID, clean: CleanPicture, command: Command, quota: Quota
    ) -> KeptPicture:
        content_digest = hashlib.sha256(clean.content).hexdigest()
        picture = KeptPicture(
            id=self._vault.digest("picture", f"{owner}:{content_digest}"),
            owner=owner,
            media_type=clean.media_type,
            width=clean.width,
            height=clean.height,
            byte_size=len(clean.content),
            uploaded_at=command.at,
            uploaded_by=command.actor,
            command_id=command.id,
            body_mac=command.body_mac,
        )
        sealed = self._vault.seal_bytes(owner, KeyClass.PHOTO, clean.content)
        return self._store.keep(picture, sealed, quota)


def _answer(kept: KeptPicture) -> dict[str, Any]:
    return {
        "photo_id": kept.id,
        "media_type": kept.media_type,
        "width": kept.width,
        "height": kept.height,
        "byte_size": kept.byte_size,
    }
