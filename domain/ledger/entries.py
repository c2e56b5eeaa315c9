"""Journal entries (记账凭证): balanced lines that name what they are about."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from domain.errors import RuleViolationError
from domain.ledger.chart import account
from domain.money import Fen

_LEAST_LINES = 2


class UnbalancedEntryError(RuleViolationError):
    """A posting rule made lines that do not balance; nothing may be posted."""

    code: ClassVar[str] = "unbalanced_entry"
    sentence: ClassVar[str] = "凭证借贷不平或分录不完整，不能入账。"


@dataclass(frozen=True, slots=True)
class Line:
    """One line (分录): exactly one of debit (借) and credit (贷) is at least 1 fen.

    The other fields are auxiliary accounts (辅助核算): the order, the WeChat
    transaction, the service whose income it is.

    Raises:
        AccountNotFoundError: The account is not in the chart.
        UnbalancedEntryError: It has no side, both, or a negative one.
    """

    account: str
    debit_fen: Fen = 0
    credit_fen: Fen = 0
    order_id: UUID | None = None
    transaction_id: str = ""
    service_code: str = ""

    def __post_init__(self) -> None:
        account(self.account)
        sides = (self.debit_fen, self.credit_fen)
        if min(sides) != 0 or max(sides) <= 0:
            raise UnbalancedEntryError(account=self.account)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one event means for the books, under one version of one rule.

    `date` is the day in Shanghai of the money fact, never of its receipt;
    `summary` (摘要) is Chinese, without ASCII commas, which 用友 uses as separator.

    Raises:
        UnbalancedEntryError: Fewer than two lines, or debits are not credits.
    """

    rule: str
    rule_version: int
    date: date
    summary: str
    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        debit = sum(line.debit_fen for line in self.lines)
        credit = sum(line.credit_fen for line in self.lines)
        if len(self.lines) < _LEAST_LINES or debit != credit:
            raise UnbalancedEntryError(rule=self.rule)
