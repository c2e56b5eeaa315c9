"""Nanny services: from the lead to the last call, and what is refused on the way."""

from datetime import timedelta
from typing import Any

import pytest

from domain.errors import InvalidInputError
from domain.orders import errors
from domain.orders.booking import ONLINE
from domain.orders.care.contract import (
    CONTRACT,
)
from domain.orders.care.errors import (
    DayOutsideContractError,
    DepositTooLargeError,
    LeadFollowedUpError,
    NotACandidateError,
    TermsChangedError,
    TermsNotConsentedError,
)
from domain.orders.stages import Stage
from domain.orders.windows import bounds, window
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    NOW,
    OFFICE,
    assert_replays,
    last,
    sealed,
    unsaved,
)
from tests.domain.nannies import (
    DAYS,
    DEPOSIT_FEN,
    FEE_FEN,
    NURSE,
    PRICE_FEN,
    THIRD_NURSE,
    after,
    agree,
    booked_care,
    cancel,
    care_on_duty,
    leave,
    meet,
    morning,
    nurse,
    on,
    signed_care,
    sought_care,
    terms,
)

SERVICES = pytest.mark.parametrize("service_code", ["YS-01", "BM-01", "LR-01", "HG-01"])


@SERVICES
def test_care_is_reserved_without_a_price(service_code: str) -> None:
    order = booked_care(service_code)

    assert order.stage == Stage.AWAITING_CONFIRMATION
    assert (order.total_fen, order.charges) == (0, {})


@SERVICES
@pytest.mark.parametrize("mode", [ONLINE, "barter"])
def test_care_is_never_booked_for_online_payment(service_code: str, mode: str) -> None:
    with pytest.raises(InvalidInputError):
        booked_care(service_code, payment_mode=mode)


def test_care_takes_no_charge_to_be_paid_online() -> None:
    order = care_on_duty()

    with pytest.raises(errors.ReservationNotPayableError):
        order.check_takes_payment()


@pytest.mark.parametrize(
    "details",
    [
        {"choice": "live_in"},
        {"choice": "gold", "days": 401},
        {"choice": "gold", "days": "26"},
        {"choice": "gold", "presence": "sometimes"},
        {"choice": "gold", "description": "双胎"},
        {"choice": "gold", "hospital": "市一院"},
        {"choice": "gold", "colour": "red"},
    ],
)
def test_malformed_wishes_are_refused(details: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        booked_care(details=details)


def test_who_does_not_know_yet_chooses_when_called_back() -> None:
    assert booked_care(details={}).stage == Stage.AWAITING_CONFIRMATION


def test_a_confinement_nurse_is_booked_months_ahead() -> None:
    in_august = NOW + timedelta(days=270)

    order = booked_care(windows=[window("service", in_august, in_august + timedelta(days=1))])

    assert bounds(order.windows[0])[0] == in_august


def test_nobody_books_care_a_year_ahead() -> None:
    too_far = NOW + timedelta(days=365)

    with pytest.raises(errors.WindowError, match="未来 300 天内"):
        booked_care(windows=[window("service", too_far, too_far + timedelta(days=1))])


def test_the_way_to_a_contract_is_told_stage_by_stage() -> None:
    order = booked_care()
    stages = [order.stage]
    for step in (
        lambda: order.confirm(happened_at=NOW, **OFFICE),
        lambda: order.confirm_needs("gold", happened_at=NOW, description=sealed("双胎"), **OFFICE),
        lambda: order.propose_candidates([nurse()], **OFFICE),
        lambda: meet(order),
        lambda: agree(order, CONTRACT, terms()),
        lambda: order.sign_contract(happened_at=NOW, **OFFICE),
        lambda: order.start(happened_at=morning(), by=BY_STAFF, at=morning()),
        lambda: leave(order, after(DAYS)),
        lambda: order.settle(by=BY_STAFF, at=after(DAYS)),
    ):
        step()
        stages.append(order.stage)

    assert stages == [
        Stage.AWAITING_CONFIRMATION,
        Stage.CONTACTED,
        Stage.NEEDS_CONFIRMED,
        Stage.CANDIDATES_PROPOSED,
        Stage.INTERVIEWED,
        Stage.INTERVIEWED,
        Stage.AWAITING_START,
        Stage.ON_DUTY,
        Stage.OFF_DUTY,
        Stage.SETTLED,
    ]
    assert_replays(order, order.pending_events)


def test_a_lead_falls_to_the_public_pool_after_seven_days() -> None:
    order = sought_care()

    order.release_lead(by="system:leads", at=NOW + timedelta(days=7))

    assert order.keeper == ""
    assert last(order).keeper == BY_STAFF


def test_a_lead_followed_up_is_kept() -> None:
    order = sought_care()
    day_six = NOW + timedelta(days=6)
    order.follow_up(happened_at=day_six, by=BY_STAFF, at=day_six)

    with pytest.raises(LeadFollowedUpError):
        order.release_lead(by="system:leads", at=NOW + timedelta(days=8))


def test_an_earlier_call_told_late_does_not_shorten_the_time() -> None:
    order = sought_care()
    day_six = NOW + timedelta(days=6)
    order.follow_up(happened_at=day_six, by=BY_STAFF, at=day_six)
    order.follow_up(happened_at=NOW, by=BY_STAFF, at=day_six)

    assert not order.is_forgotten(NOW + timedelta(days=8))
    assert order.is_forgotten(NOW + timedelta(days=13))


def test_a_lead_is_graded() -> None:
    order = sought_care()

    order.grade_lead("A", **OFFICE)

    assert order.grade == "A"
    with pytest.raises(InvalidInputError):
        order.grade_lead("E", **OFFICE)


def test_only_a_proposed_worker_is_interviewed() -> None:
    order = sought_care()

    with pytest.raises(NotACandidateError):
        meet(order, THIRD_NURSE)


@pytest.mark.parametrize("number", [NURSE, THIRD_NURSE])
def test_terms_are_made_with_a_candidate_who_was_not_refused(number: int) -> None:
    order = sought_care()
    meet(order, accepted=False)

    with pytest.raises(NotACandidateError):
        order.propose_terms(CONTRACT, number, terms(), **OFFICE)


def test_nothing_is_signed_before_the_customer_agreed() -> None:
    order = sought_care()
    order.propose_terms(CONTRACT, NURSE, terms(), **OFFICE)

    with pytest.raises(TermsNotConsentedError):
        order.sign_contract(happened_at=NOW, **OFFICE)


def test_nothing_is_signed_with_whom_the_customer_refused_after_all() -> None:
    order = sought_care()
    agree(order, CONTRACT, terms())
    meet(order, accepted=False)

    with pytest.raises(NotACandidateError):
        order.sign_contract(happened_at=NOW, **OFFICE)


def test_nobody_agrees_to_terms_of_an_order_that_was_given_up() -> None:
    order = sought_care()
    made = order.propose_terms(CONTRACT, NURSE, terms(), **OFFICE)
    cancel(order)

    with pytest.raises(errors.WrongStageError):
        order.consent(made.digest, "customer_app", happened_at=NOW, by=BY_CUSTOMER, at=NOW)


def test_changed_terms_need_consent_anew() -> None:
    order = sought_care()
    agree(order, CONTRACT, terms())
    before = order.proposal
    order.propose_terms(CONTRACT, NURSE, terms(price_fen=PRICE_FEN + 1), **OFFICE)

    assert before is not None
    with pytest.raises(TermsChangedError):
        order.consent(before.digest, "customer_app", happened_at=NOW, by=BY_CUSTOMER, at=NOW)
    with pytest.raises(TermsNotConsentedError):
        order.sign_contract(happened_at=NOW, **OFFICE)


def test_the_refund_table_is_shown_before_signing_and_bound_by_the_digest() -> None:
    order = signed_care()
    shown = next(event for event in unsaved(order) if type(event).__name__ == "TermsProposed")

    assert shown.digest == last(order).digest
    assert [row["when"] for row in shown.refund_table] == [
        "上户前 30 天及以上取消",
        "上户前 15 天及以上取消",
        "上户前其他时间取消",
        "我方原因不能上户",
        "服务 1 天后停止",
        "服务 3 天后停止",
        "服务 7 天后停止",
        "服务 13 天后停止",
        "服务 26 天后停止",
    ]
    assert shown.refund_table[-1]["used_fen"] == PRICE_FEN + FEE_FEN


@pytest.mark.parametrize(("more_fen", "allowed"), [(0, True), (1, False)])
def test_a_deposit_is_at_most_a_fifth_of_the_price(more_fen: int, *, allowed: bool) -> None:
    order = sought_care()
    agreed = terms(deposit_fen=DEPOSIT_FEN + more_fen)

    if allowed:
        assert order.propose_terms(CONTRACT, NURSE, agreed, **OFFICE).terms == agreed
    else:
        with pytest.raises(DepositTooLargeError, match="五百八十六"):
            order.propose_terms(CONTRACT, NURSE, agreed, **OFFICE)


@pytest.mark.parametrize(
    "change",
    [
        {"price_fen": 0},
        {"price_days": 30},
        {"days": 0},
        {"days": DAYS + 1},
        {"ends_on": on(-1)},
        {"starts_on": "soon"},
        {"day_hours": 8},
        {"holiday_times": 3},
        {"fee_fen": -1},
        {"fee_days": 401},
        {"deposit_fen": -1},
        {"deposit_back": [{"days_before": 0, "back_bp": 10_001}]},
        {"deposit_back": [{"days_before": -1, "back_bp": 0}]},
        {
            "deposit_back": [
                {"days_before": 0, "back_bp": 0},
                {"days_before": 9, "back_bp": 9},
            ]
        },
        {"text_hash": "none"},
        {"text_version": ""},
        {"free_days": -1},
        {"most_replacements": 3},
    ],
)
def test_malformed_terms_are_refused(change: dict[str, Any]) -> None:
    order = sought_care()

    with pytest.raises(InvalidInputError):
        order.propose_terms(CONTRACT, NURSE, terms(**change), **OFFICE)


def test_terms_do_not_begin_in_the_past() -> None:
    order = sought_care()

    with pytest.raises(DayOutsideContractError):
        order.propose_terms(CONTRACT, NURSE, terms(), by=BY_STAFF, at=after(1))
