"""Texts that customers agree to (授权文本): kinds as data, each with the version in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from domain.errors import NotFoundError, RuleViolationError


class ConsentKindError(NotFoundError):
    """There is no such text."""

    code = "consent_kind"
    sentence = "没有该授权事项。"


class ConsentVersionError(RuleViolationError):
    """The text was changed; it has to be read anew."""

    code = "consent_version"
    sentence = "授权文本已更新，请阅读最新版本（{version}）后再确认。"


@dataclass(frozen=True, slots=True)
class ConsentText:
    """A text and the version in force; `lines` are the service lines that it concerns.

    No lines: it concerns every customer.
    """

    kind: str
    title: str
    version: str
    lines: tuple[str, ...] = ()


PRIVACY: Final = "privacy_policy"
SENSITIVE_CARE: Final = "sensitive_care"
# Sensitive personal information needs a consent of its own (PIPL art. 28 and 29):
# who is nursed, and after what, says something of somebody's health.
CONSENT_TEXTS: Final[Mapping[str, ConsentText]] = MappingProxyType(
    {
        text.kind: text
        for text in (
            ConsentText(PRIVACY, "隐私政策", "2026-11"),
            ConsentText(
                SENSITIVE_CARE,
                "敏感个人信息处理单独同意书（月嫂、陪护、护工服务）",
                "2026-11",
                ("YS", "LR", "HG"),
            ),
        )
    }
)


def consent_text(kind: str, texts: Mapping[str, ConsentText] = CONSENT_TEXTS) -> ConsentText:
    """The text in force. Raises ConsentKindError."""
    try:
        return texts[kind]
    except KeyError:
        raise ConsentKindError from None


def check_in_force(text: ConsentText, version: str) -> None:
    """Raise ConsentVersionError unless the version is the one in force."""
    if version != text.version:
        raise ConsentVersionError(version=text.version)
