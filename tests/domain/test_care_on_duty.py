"""The engagement (上岗): who comes, who takes over, how long, and how it ends early."""

from datetime import timedelta

import pytest

from domain.claims import ReleaseWorker, TakeWorker
from domain.errors import InvalidInputError
from domain.orders.care.contract import (
    RENEWAL,
    REPLACEMENT,
    claim_of,
)
from domain.orders.care.duty import DayReport
from domain.orders.care.errors import (
    DayOutsideContractError,
    NoSuccessorError,
    NotACandidateError,
    SuccessorAgreedError,
    TooManyReplacementsError,
)
from domain.orders.stages import Stage
from domain.orders.windows import bounds
from tests.domain.histories import (
    BY_STAFF,
    NOW,
    assert_replays,
    claims,
    last,
    names,
    sealed,
)
from tests.domain.nannies import (
    DAYS,
    NURSE,
    OTHER_NURSE,
    THIRD_NURSE,
    after,
    agree,
    care_on_duty,
    leave,
    morning,
    nurse,
    on,
    record,
    renew,
    replace_nurse,
    signed_care,
    supplementary,
    terms,
    want_another,
)


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
