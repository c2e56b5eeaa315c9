"""Why an order for care refuses a command; each refusal leaves the order as it was."""

from domain.errors import RuleViolationError


class NotACandidateError(RuleViolationError):
    """The worker was not proposed for this order, or the customer refused them."""

    code = "not_a_candidate"
    sentence = "该服务人员不在本订单的推荐人选中，或客户未选中。"


class LeadFollowedUpError(RuleViolationError):
    """The lead was followed up within seven days, or is in nobody's hands."""

    code = "lead_followed_up"
    sentence = "该线索 7 天内有跟进，不能转入公海。"


class TermsChangedError(RuleViolationError):
    """The terms that the customer saw are not the present ones."""

    code = "terms_changed"
    sentence = "合同条款已更新，请重新查看后确认。"


class TermsNotConsentedError(RuleViolationError):
    """The customer has not agreed to the terms and the refund table yet."""

    code = "terms_not_consented"
    sentence = "客户尚未确认合同条款和退费表，不能签约。"


class DepositTooLargeError(RuleViolationError):
    """The deposit exceeds a fifth of the price (民法典 586)."""

    code = "deposit_too_large"
    sentence = "定金不能超过合同总价的 20%（民法典第五百八十六条）。"


class DayOutsideContractError(RuleViolationError):
    """The day lies outside the time agreed or worked."""

    code = "day_outside_contract"
    sentence = "日期不在合同约定或实际服务的期间内。"


class TooManyReplacementsError(RuleViolationError):
    """The contract's replacements are used up."""

    code = "too_many_replacements"
    sentence = "合同约定的换人次数（{most} 次）已用完。"


class SuccessorAgreedError(RuleViolationError):
    """A supplementary agreement is signed already; withdraw it first."""

    code = "successor_agreed"
    sentence = "已签补充协议，请先撤回。"


class NoSuccessorError(RuleViolationError):
    """Nobody was agreed to come instead."""

    code = "no_successor"
    sentence = "尚未签补充协议，不能换人。"


class BalanceOpenError(RuleViolationError):
    """The account is not level: money is still to be taken or given back by hand."""

    code = "balance_open"
    sentence = "结算尚未结清：{what}。"
