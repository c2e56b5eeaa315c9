"""The vault port: personal data (个人信息) is sealed before it enters an event."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.errors import JiawuError, RuleViolationError

ERASED = "（已删除）"
"""What stands where a value was whose key has been destroyed."""


class KeyClass(StrEnum):
    """What a data key protects; each class of an owner can be destroyed alone."""

    CONTACT = "contact"  # names, phones, addresses, coordinates
    IDENTITY = "identity"  # openid, unionid, nicknames
    NOTE = "note"  # notes, fault and care descriptions
    WORKER = "worker"  # a worker's private data
    MESSAGE = "message"  # texts of message threads
    PHOTO = "photo"  # uploads: photos and their like


class BrokenSealError(JiawuError):
    """A sealed value was altered, or its key is missing or wrapped by another key.

    Never raised for an erased value: that one opens as `ERASED`.
    """

    code = "broken_seal"
    status = 500
    sentence = "加密数据无法读取，请联系管理员。"


class OwnerErasedError(RuleViolationError):
    """Nothing is sealed for somebody who was erased: no key would ever be destroyed again."""

    code = "owner_erased"
    sentence = "该客户的个人信息已删除，不能再记录其信息。"


class Vault(Protocol):
    """Seals and opens texts with one key per owner and class (crypto-shredding)."""

    def seal(self, owner: UUID, key_class: str, text: str) -> str:
        """Seal a text of a customer or worker, in the form `domain.sealed` checks.

        The key is durable before this returns, so no event can outlive a key that
        was never stored. Two seals of one text differ. The empty text stays empty.
        Raises InvalidInputError for an unknown class, OwnerErasedError.
        """
        ...

    def seal_many(self, owner: UUID, key_class: str, texts: Sequence[str]) -> list[str]:
        """The texts sealed, in their order, with one look for the key."""
        ...

    def open(self, sealed: str) -> str:
        """The clear text, `ERASED` after destruction, "" for "".

        Raises BrokenSealError.
        """
        ...

    def open_many(self, sealed: Iterable[str]) -> dict[str, str]:
        """Clear texts by sealed text, with one query for all keys: for a page of rows.

        Raises BrokenSealError if any one of them is broken.
        """
        ...

    def seal_bytes(self, owner: UUID, key_class: str, data: bytes) -> bytes:
        """Seal bytes, e.g. of a photo, as `seal` seals a text; empty stays empty.

        Raises InvalidInputError for an unknown class, OwnerErasedError.
        """
        ...

    def open_bytes(self, sealed: bytes) -> bytes | None:
        """The clear bytes, None after destruction. Raises BrokenSealError."""
        ...

    def digest(self, kind: str, text: str) -> str:
        """A keyed digest, 64 hex digits, for external identities and search tokens.

        Equal texts of one kind have equal digests; another kind has others. Phones
        are passed in one normal form: the digest does not normalise.
        """
        ...

    def destroy(self, owner: UUID, key_classes: Iterable[str] = tuple(KeyClass)) -> int:
        """Destroy the owner's keys for ever; return how many there were.

        Idempotent: destroying nothing returns 0.
        """
        ...

    def erase(self, owner: UUID) -> int:
        """Destroy all keys of the owner and make no further ones; return how many there were.

        Idempotent. Whoever seals for the owner at the same time gets OwnerErasedError
        or seals with a key that is destroyed.
        """
        ...

    def erased_at(self, owner: UUID) -> datetime | None:
        """When the owner was erased; None where that is not done."""
        ...


def masked_phone(text: str) -> str:
    """A phone for lists: 138****8000, landlines and foreign numbers alike.

    The last four digits stay, and of eleven digits or more the first three; a
    number shorter than eight digits shows nothing. "" and `ERASED` stay as they are.
    """
    if text in ("", ERASED):
        return text
    digits = re.sub(r"\D", "", text, flags=re.ASCII)
    if len(digits) < 8:  # noqa: PLR2004 - the docstring names the limit
        return "****"
    head = digits[:3] if len(digits) >= 11 else ""  # noqa: PLR2004 - length of a mobile number
    return f"{head}****{digits[-4:]}"
