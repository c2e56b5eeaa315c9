"""The chart of accounts (会计科目) after 小企业会计准则, code segments 4-2.

Four-digit codes and names are the standard's; the two digits below 1012, 1221,
2221 and 2241 are ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from domain.errors import NotFoundError

AccountType = Literal["asset", "liability", "income", "expense"]
Side = Literal["debit", "credit"]


class AccountNotFoundError(NotFoundError):
    """The chart has no account with this code."""

    code = "account_not_found"
    sentence = "没有代码为“{account}”的会计科目。"


@dataclass(frozen=True, slots=True)
class Account:
    """One account: its code, Chinese name and type."""

    code: str
    name: str
    type: AccountType

    @property
    def normal_side(self) -> Side:
        """The side on which its balance grows (借 or 贷)."""
        return "debit" if self.type in {"asset", "expense"} else "credit"


CASH: Final = Account("1001", "库存现金", "asset")
BANK: Final = Account("1002", "银行存款", "asset")
# Two accounts for one wallet: the first follows our events, the second only
# WeChat's fund bill, so that it equals WeChat's 账户结余 to the fen.
WECHAT_UNRECONCILED: Final = Account("101201", "微信支付-待对账", "asset")
WECHAT_BOOKED: Final = Account("101202", "微信支付-已入账", "asset")
WECHAT_WITHDRAWN: Final = Account("101203", "微信提现-在途", "asset")
RECEIVABLES: Final = Account("1122", "应收账款", "asset")
BILL_SHORTAGE: Final = Account("122101", "对账短款", "asset")
ADVANCES: Final = Account("2203", "预收账款", "liability")
VAT_PAYABLE: Final = Account("222101", "应交增值税", "liability")
REFUNDS_PAYABLE: Final = Account("224101", "应付退款", "liability")
ABNORMAL_RECEIPTS: Final = Account("224102", "异常收款待退", "liability")
BILL_SURPLUS: Final = Account("224103", "对账长款", "liability")
HELD_FOR_WORKERS: Final = Account("224104", "代收家政员款", "liability")
SERVICE_INCOME: Final = Account("5001", "主营业务收入", "income")
OTHER_INCOME: Final = Account("5301", "营业外收入", "income")
SELLING_EXPENSES: Final = Account("5601", "销售费用", "expense")
FINANCE_EXPENSES: Final = Account("5603", "财务费用", "expense")
OTHER_EXPENSES: Final = Account("5711", "营业外支出", "expense")

CHART: Final[Mapping[str, Account]] = MappingProxyType(
    {
        account.code: account
        for account in (
            CASH,
            BANK,
            WECHAT_UNRECONCILED,
            WECHAT_BOOKED,
            WECHAT_WITHDRAWN,
            RECEIVABLES,
            BILL_SHORTAGE,
            ADVANCES,
            VAT_PAYABLE,
            REFUNDS_PAYABLE,
            ABNORMAL_RECEIPTS,
            BILL_SURPLUS,
            HELD_FOR_WORKERS,
            SERVICE_INCOME,
            OTHER_INCOME,
            SELLING_EXPENSES,
            FINANCE_EXPENSES,
            OTHER_EXPENSES,
        )
    }
)


def account(code: str) -> Account:
    """The account with this code.

    Raises:
        AccountNotFoundError: The chart has none.
    """
    found = CHART.get(code)
    if found is None:
        raise AccountNotFoundError(account=code)
    return found
