"""Nanny services: from the lead to the last call, and what is refused on the way."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.claims import ReleaseWorker, TakeUnique, TakeWorker
from domain.errors import InvalidInputError
from domain.orders import errors
from domain.orders.booking import ONLINE
from domain.orders.care.contract import (
    CONTRACT,
    RENEWAL,
    REPLACEMENT,
    claim_of,
)
from domain.orders.care.duty import DayReport
from domain.orders.care.errors import (
    BalanceOpenError,
    DayOutsideContractError,
    DepositTooLargeError,
    LeadFollowedUpError,
    NoSuccessorError,
    NotACandidateError,
    SuccessorAgreedError,
    TermsChangedError,
    TermsNotConsentedError,
    TooManyReplacementsError,
)
from domain.orders.care.order import CareOrder
from domain.orders.changes import Cancellation
from domain.orders.offline_receipts import OfflineRefundTooLargeError
from domain.orders.stages import Stage
from domain.orders.windows import bounds, window
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    NOW,
    POLICY,
    assert_replays,
    cancellation,
    claims,
    last,
    names,
    sealed,
    unsaved,
)
from tests.domain.nannies import (
    DAYS,
    DEPOSIT_FEN,
    FEE_FEN,
    NURSE,
    OTHER_NURSE,
    PRICE_FEN,
    THIRD_NURSE,
    after,
    agree,
    booked_care,
    care_on_duty,
    leave,
    meet,
    morning,
    nurse,
    on,
    receipt,
    record,
    renew,
    replace_nurse,
    signed_care,
    sought_care,
    supplementary,
    take,
    terms,
    want_another,
)

SERVICES = pytest.mark.parametrize("service_code", ["YS-01", "BM-01", "LR-01", "HG-01"])
OFFICE: dict[str, Any] = {"by": BY_STAFF, "at": NOW}


def cancel(order: CareOrder, reason_code: str = "customer", at: datetime = NOW) -> None:
    why = Cancellation(reason_code=reason_code, policy=POLICY)
    order.cancel(why, by=BY_CUSTOMER, at=at)


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


def test_one_interval_keeps_the_worker_for_the_whole_engagement() -> None:
    order = signed_care()

    (interval,) = claims(last(order))

    assert interval == TakeWorker(claim_of(order.id, 1), NURSE, morning(hour=0), after(DAYS, 0))
    assert order.worker_id == nurse()[0]
    assert bounds(order.windows[0]) == (morning(hour=0), after(DAYS, 0))


def test_an_early_child_moves_the_start_and_the_interval() -> None:
    order = signed_care()

    order.move_start(on(-5), by=BY_STAFF, at=NOW)

    assert claims(last(order)) == (
        ReleaseWorker(claim_of(order.id, 1)),
        TakeWorker(claim_of(order.id, 1), NURSE, after(-5, 0), after(DAYS - 5, 0)),
    )
    assert order.terms is not None
    assert (order.terms.starts_on, order.terms.ends_on) == (on(-5), on(DAYS - 6))


@pytest.mark.parametrize("hour", [-1, 24 * DAYS])
def test_the_worker_starts_within_the_agreed_period(hour: int) -> None:
    order = signed_care()
    came = morning(hour=0) + timedelta(hours=hour)

    with pytest.raises(DayOutsideContractError):
        order.start(happened_at=came, by=BY_STAFF, at=came)


def test_a_statutory_holiday_is_named_when_the_day_is_recorded() -> None:
    order = care_on_duty(terms(days=DAYS, ends_on=on(40)))

    record(order, [31], "worked")

    assert last(order).holiday == "元旦"


@pytest.mark.parametrize("day", [on(-1), on(1), "2026-12-1", "soon"])
def test_a_day_outside_the_work_is_not_recorded(day: str) -> None:
    order = care_on_duty()
    report = DayReport(day=day, kind="leave", happened_at=after(0, 20))

    with pytest.raises((DayOutsideContractError, InvalidInputError)):
        order.record_day(report, by=BY_STAFF, at=after(0, 20))
    assert names(order)[-1] == "WorkerStarted"


def test_a_bed_is_changed_in_hospital_alone() -> None:
    hospital, home = care_on_duty(service_code="HG-01"), care_on_duty()

    hospital.change_bed(sealed("8 楼 12 床"), happened_at=morning(), by=BY_STAFF, at=morning())

    assert hospital.place == sealed("8 楼 12 床")
    with pytest.raises(InvalidInputError):
        home.change_bed(sealed("8 楼 12 床"), happened_at=morning(), by=BY_STAFF, at=morning())


def test_another_worker_takes_over_in_a_new_segment() -> None:
    order = care_on_duty()

    replace_nurse(order, 10)

    assert [each.worker_number for each in order.segments] == [NURSE, OTHER_NURSE]
    assert claims(last(order)) == (ReleaseWorker(claim_of(order.id, 1)),)
    assert (order.worker_number, order.held) == (OTHER_NURSE, (str(claim_of(order.id, 2)),))
    assert order.replacements == 1
    assert_replays(order, order.pending_events)


def test_the_new_worker_is_kept_free_before_the_old_one_leaves() -> None:
    order = care_on_duty()
    want_another(order, after(5))
    agree(order, REPLACEMENT, supplementary(8), OTHER_NURSE, after(5))

    order.agree_replacement(happened_at=after(5), by=BY_STAFF, at=after(5))

    taken = TakeWorker(claim_of(order.id, 2), OTHER_NURSE, after(8, 0), after(DAYS, 0))
    assert claims(last(order)) == (taken,)
    assert order.worker_number == NURSE
    with pytest.raises(SuccessorAgreedError):
        order.agree_replacement(happened_at=after(5), by=BY_STAFF, at=after(5))


def test_a_withdrawn_replacement_frees_whoever_was_found() -> None:
    order = care_on_duty()
    want_another(order, after(5))
    agree(order, REPLACEMENT, supplementary(8), OTHER_NURSE, after(5))
    order.agree_replacement(happened_at=after(5), by=BY_STAFF, at=after(5))

    order.withdraw_replacement(happened_at=after(6), by=BY_STAFF, at=after(6))

    assert claims(last(order)) == (ReleaseWorker(claim_of(order.id, 2)),)
    assert (order.stage, order.worker_number) == (Stage.ON_DUTY, NURSE)
    assert order.replacements == 0


def test_nobody_comes_before_a_supplementary_agreement() -> None:
    order = care_on_duty()
    want_another(order, after(5))

    with pytest.raises(NoSuccessorError):
        order.replace_worker(after(5), happened_at=after(6), by=BY_STAFF, at=after(6))


def test_the_worker_on_duty_does_not_replace_herself() -> None:
    order = care_on_duty()
    want_another(order, after(5))

    with pytest.raises(NotACandidateError):
        order.propose_terms(REPLACEMENT, NURSE, supplementary(8), by=BY_STAFF, at=after(5))


def test_nobody_leaves_before_having_come() -> None:
    order = care_on_duty()
    replace_nurse(order, 10)

    with pytest.raises(DayOutsideContractError):
        order.leave("customer", happened_at=after(5), by=BY_STAFF, at=after(11))


def test_nobody_is_replaced_as_of_before_having_come() -> None:
    order = care_on_duty()
    replace_nurse(order, 10)
    want_another(order, after(15, 7))
    agree(order, REPLACEMENT, supplementary(15), NURSE, after(15, 7))
    order.agree_replacement(happened_at=after(15, 7), by=BY_STAFF, at=after(15, 7))

    with pytest.raises(DayOutsideContractError):
        order.replace_worker(after(5), happened_at=after(15), by=BY_STAFF, at=after(15))


def test_a_free_replacement_leaves_those_of_the_contract_untouched() -> None:
    order = care_on_duty()

    replace_nurse(order, 1)
    replace_nurse(order, 10, THIRD_NURSE, "company")

    assert order.replacements == 0


def test_a_worker_who_left_before_a_renewal_began_is_told_late() -> None:
    order = care_on_duty()
    renew(order, after(20))

    order.leave("customer", happened_at=after(25, 8), by=BY_STAFF, at=after(30))

    assert (last(order).ends, last(order).cancels) == ([1], [2])
    assert order.stop(after(30)).used_days == 25


def test_a_renewal_gives_no_new_free_days() -> None:
    order = care_on_duty()
    renew(order, after(20))

    want_another(order, after(DAYS + 1))

    assert last(order).counted is True


def test_a_third_replacement_that_counts_is_refused() -> None:
    order = care_on_duty()
    replace_nurse(order, 5)
    replace_nurse(order, 10, THIRD_NURSE)

    with pytest.raises(TooManyReplacementsError, match="2 次"):
        want_another(order, after(15))


@pytest.mark.parametrize(("days", "cause"), [(11, "customer"), (20, "company")])
def test_a_replacement_in_the_first_days_or_by_the_company_is_free(days: int, cause: str) -> None:
    order = care_on_duty()
    replace_nurse(order, 5)
    replace_nurse(order, 10, THIRD_NURSE)

    want_another(order, after(days), cause)

    assert last(order).counted is False


def test_a_renewal_lengthens_the_interval_in_one_event() -> None:
    order = care_on_duty()

    renew(order, after(20))

    assert claims(last(order)) == (
        ReleaseWorker(claim_of(order.id, 1)),
        TakeWorker(claim_of(order.id, 2), NURSE, morning(hour=0), after(2 * DAYS, 0)),
    )
    assert order.entitled_days == 2 * DAYS
    assert_replays(order, order.pending_events)


def test_a_renewal_begins_where_the_period_ends() -> None:
    order = care_on_duty()

    with pytest.raises(DayOutsideContractError):
        order.propose_terms(
            RENEWAL, NURSE, terms(deposit_fen=0, deposit_back=[]), by=BY_STAFF, at=after(20)
        )


def test_leaving_early_frees_the_rest_of_the_interval() -> None:
    order = care_on_duty()

    leave(order, after(4), "customer")

    assert claims(last(order)) == (ReleaseWorker(claim_of(order.id, 1)),)
    assert order.stage == Stage.OFF_DUTY


def test_before_a_contract_cancelling_is_free_and_settles_nothing() -> None:
    order = sought_care()

    cancel(order)

    assert order.stage == Stage.CANCELLED
    assert "Settled" not in names(order)


@pytest.mark.parametrize(
    ("notice", "back_fen"),
    [(40, 88_000), (30, 88_000), (29, 52_800), (15, 52_800), (14, 17_600), (0, 17_600)],
)
def test_withdrawing_before_the_start_costs_part_of_the_deposit(notice: int, back_fen: int) -> None:
    order = signed_care(terms(starts_on=on(60), ends_on=on(60 + DAYS)))
    take(order, DEPOSIT_FEN)

    cancel(order, at=after(60 - notice, 12))

    assert [name for name in names(order) if name in {"Settled", "Cancelled"}] == [
        "Settled",
        "Cancelled",
    ]
    assert order.balance_fen() == back_fen
    assert order.held == ()


def test_the_company_that_cannot_come_gives_the_deposit_back_twice() -> None:
    order = signed_care()
    take(order, DEPOSIT_FEN)

    cancel(order, "company")

    assert order.balance_fen() == 2 * DEPOSIT_FEN
    order.record_repayment(receipt(2 * DEPOSIT_FEN, "TK-0001"), **OFFICE)
    assert order.balance_fen() == 0


def test_a_deposit_that_was_never_handed_over_binds_nobody() -> None:
    order = signed_care()

    cancel(order)

    assert order.balance_fen() == 0


def test_a_deposit_that_went_back_before_binds_nobody() -> None:
    order = signed_care()
    take(order, DEPOSIT_FEN)
    order.record_repayment(receipt(DEPOSIT_FEN, "TK-0001"), **OFFICE)

    cancel(order)

    assert order.balance_fen() == 0


def test_what_passes_by_hand_after_the_settlement_changes_no_line_of_it() -> None:
    order = signed_care()
    take(order, DEPOSIT_FEN)
    cancel(order)
    settled_fen = order.settled_fen
    order.record_repayment(receipt(order.repayable_fen(), "TK-0001"), **OFFICE)
    take(order, 1_000, number="SJ-0002")

    told = order.stop(NOW)
    assert (told.used_fen, told.balance_fen) == (settled_fen, 1_000)
    assert order.balance_fen() == told.balance_fen


def test_work_that_has_begun_is_ended_not_cancelled() -> None:
    order = care_on_duty()

    with pytest.raises(errors.WrongStageError):
        cancel(order, at=after(1))


def test_a_receipt_is_taken_once() -> None:
    order = signed_care()

    take(order, DEPOSIT_FEN)

    assert claims(last(order)) == (TakeUnique("receipt_number", "SJ-0001"),)
    assert order.held_by_hand_fen() == DEPOSIT_FEN


@pytest.mark.parametrize(
    "change",
    [
        {"amount_fen": 0},
        {"method": "gold"},
        {"purpose": "gift"},
        {"receipt_number": "收据一"},
        {"happened_at": NOW + timedelta(minutes=1)},
        {"note": "clear"},
    ],
)
def test_a_malformed_receipt_is_refused(change: dict[str, Any]) -> None:
    order = signed_care()

    with pytest.raises(InvalidInputError):
        order.record_receipt(receipt(**{"amount_fen": 1, **change}), **OFFICE)


def test_no_more_goes_back_by_hand_than_is_left_over() -> None:
    order = care_on_duty()
    take(order, PRICE_FEN + FEE_FEN, purpose="wage")
    leave(order, after(13, 8), "customer")
    order.settle(by=BY_STAFF, at=after(13))
    half = (PRICE_FEN + FEE_FEN) // 2

    with pytest.raises(OfflineRefundTooLargeError):
        order.record_repayment(receipt(half + 1, "TK-0001"), by=BY_STAFF, at=after(13))
    order.record_repayment(receipt(half, "TK-0001"), by=BY_STAFF, at=after(13))
    assert order.balance_fen() == 0


def test_an_order_is_complete_once_its_account_is_level() -> None:
    order = care_on_duty()
    leave(order, after(DAYS))
    order.settle(by=BY_STAFF, at=after(DAYS))

    with pytest.raises(BalanceOpenError, match="应收"):
        order.complete(happened_at=NOW, by=BY_STAFF, at=after(DAYS))
    take(order, PRICE_FEN + FEE_FEN)
    order.complete(happened_at=NOW, by=BY_STAFF, at=after(DAYS))
    order.review(5, by=BY_CUSTOMER, at=after(DAYS))
    order.follow_up(happened_at=NOW, by=BY_STAFF, at=after(DAYS))
    assert order.stage == Stage.REVIEWED
    assert_replays(order, order.pending_events)


AT_THE_WRONG_STAGE: list[Callable[[CareOrder], object]] = [
    lambda order: order.confirm_needs("gold", happened_at=NOW, **OFFICE),
    lambda order: order.propose_candidates([nurse()], **OFFICE),
    meet,
    lambda order: order.propose_terms(CONTRACT, NURSE, terms(), **OFFICE),
    lambda order: order.move_start(on(3), **OFFICE),
    lambda order: order.start(happened_at=NOW, **OFFICE),
    lambda order: record(order, [0], at=NOW),
    lambda order: want_another(order, NOW),
    lambda order: order.withdraw_replacement(happened_at=NOW, **OFFICE),
    lambda order: leave(order, NOW),
    lambda order: order.settle(**OFFICE),
    lambda order: order.complete(happened_at=NOW, **OFFICE),
    lambda order: order.progress("departed", happened_at=NOW, **OFFICE),
]


@pytest.mark.parametrize("command", AT_THE_WRONG_STAGE)
def test_a_lead_that_nobody_called_takes_none_of_the_later_steps(
    command: Callable[[CareOrder], object],
) -> None:
    order = booked_care()

    with pytest.raises(errors.WrongStageError):
        command(order)
    assert names(order) == ["Booked"]


@pytest.mark.parametrize("command", AT_THE_WRONG_STAGE[:8])
def test_a_cancelled_engagement_stays_as_it_is(command: Callable[[CareOrder], object]) -> None:
    order = signed_care()
    order.cancel(cancellation(), by=BY_CUSTOMER, at=NOW)
    before = names(order)

    with pytest.raises(errors.WrongStageError):
        command(order)
    assert names(order) == before
