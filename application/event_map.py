"""What happens when X happens: the one page, and the very dicts that run.

A key is met by every event that derives from it: `OrderFacts.Paid` is met by
`cleaning_order.paid` and by the same fact of every other kind of order.
docs/event-map.md is this page with all stored names, made by `jiawu event-map`.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from application.acceptances import Acceptances
from application.appliance_care import ApplianceWork
from application.care_leads import CareLeads
from application.erasure import Erasures
from application.exception_desk import ExceptionDesk
from application.garment_deadlines import GarmentDeadlines
from application.payment_errands import PaymentErrands
from application.plan_upkeep import PlanUpkeep
from application.policies import (
    attempt_is_closed_at_wechat,
    attempt_is_watched,
    attempts_of_cancelled_order_end,
    hold_ends,
    order_takes_payment,
    other_attempts_end,
    prepare_payment,
    stray_money_goes_back,
    unpaid_order_expires,
)
from application.policies_of_acceptance import (
    inspection_is_awaited,
    settled_work_is_accepted,
)
from application.policies_of_appliance_care import care_period_ends, warranty_ends
from application.policies_of_care import lead_is_watched
from application.policies_of_dispatch import assignment_is_watched
from application.policies_of_dry_cleaning import garment_is_watched
from application.policies_of_erasure import closing_ends, customer_is_forgotten
from application.policies_of_hourly import (
    plan_goes_on,
    plan_is_looked_after,
    visits_are_watched,
)
from application.policies_of_shifts import late_shift_ends, unfit_shifts_end
from application.policy import Duty, Errand, PolicyMap, Routine
from application.projections import (
    cash_journal,
    customer_identities,
    customer_orders,
    message_threads,
    office_alerts,
    office_exceptions,
    office_orders,
    office_search,
    office_shifts,
    office_workers,
    order_parts,
    parts_of_appliance_care,
    parts_of_care,
    parts_of_dry_cleaning,
    parts_of_hourly,
    service_areas,
)
from application.projections.projection import EventMap, Projection
from application.repairs import Repairs
from application.unpaid import Unpaid
from application.upkeep import purge_logins, purge_notices, refresh_payment_keys
from application.visit_watch import VisitWatch
from domain.aggregate import EventSourced
from domain.alerts import Alert
from domain.areas import ServiceArea
from domain.capacity import CapacityDay
from domain.catalogue.catalogue import Catalogue
from domain.catalogue.price_books import PriceBooks
from domain.customers import Customer, IdentityKept
from domain.leaves import Leave
from domain.messages import MessageThread
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.care.order import CareOrder
from domain.orders.cleaning import CleaningOrder
from domain.orders.dry_cleaning.order import DryCleaningOrder
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.order_exceptions import OrderExceptions
from domain.orders.order_facts import OrderFacts
from domain.payments import MoneyArrived, Payment
from domain.shifts import Shift
from domain.staff import Staff
from domain.workers import Worker

# Whose events the log may hold. Named here, so that whoever reads the log knows
# every event, whatever else its process has imported.
AGGREGATES: Final[tuple[type[EventSourced], ...]] = (
    Alert,
    ApplianceCareOrder,
    CapacityDay,
    CareOrder,
    Catalogue,
    CleaningOrder,
    Customer,
    DryCleaningOrder,
    HourlyWorkOrder,
    Leave,
    MessageThread,
    Payment,
    PriceBooks,
    ServiceArea,
    Shift,
    Staff,
    Worker,
)

# Projections, in the order in which the feed makes them.
ALL_PROJECTIONS: Final[tuple[Projection, ...]] = (
    office_orders.projection,
    customer_orders.projection,
    order_parts.projection,
    cash_journal.projection,
    office_workers.projection,
    office_alerts.projection,
    office_shifts.projection,
    service_areas.projection,
    customer_identities.projection,
    office_exceptions.projection,
    message_threads.projection,
    office_search.projection,
)

# What an event writes into read models; written anew on every rebuild.
PROJECTIONS: Final[EventMap] = {
    # every fact about an order, and above it what is special to one
    OrderFacts.Booked: (
        office_orders.book,
        customer_orders.book,
        cash_journal.note_order,
        office_workers.note_order,
        office_exceptions.note_order,
        office_search.book,
    ),
    OrderFacts.Event: (office_orders.follow, customer_orders.follow),
    OrderFacts.Confirmed: (office_orders.handle,),
    OrderFacts.Assigned: (
        office_orders.handle,
        office_orders.put_in_charge,
        customer_orders.put_in_charge,
        office_workers.put_in_charge,
    ),
    OrderFacts.Reassigned: (
        office_orders.put_in_charge,
        customer_orders.put_in_charge,
        office_workers.put_in_charge,
    ),
    OrderFacts.Declined: (
        office_orders.give_back,
        customer_orders.give_back,
        office_workers.give_back,
    ),
    OrderFacts.Rescheduled: (
        office_orders.move,
        customer_orders.move,
        customer_orders.reprice,
        office_workers.put_in_charge,
    ),
    OrderFacts.Paid: (office_orders.pay, customer_orders.pay),
    OrderFacts.ChargeAdded: (office_orders.charge, customer_orders.charge),
    OrderFacts.ChargeWithdrawn: (office_orders.withdraw_charge, customer_orders.withdraw_charge),
    OrderFacts.RefundDue: (
        office_orders.owe_back,
        customer_orders.owe_back,
        office_alerts.see_untaken_payment,
    ),
    OrderFacts.Cancelled: (
        office_orders.handle,
        office_orders.give_back,
        customer_orders.give_back,
        office_workers.give_back,
    ),
    OrderFacts.Completed: (cash_journal.post_entry,),
    OrderFacts.Reviewed: (office_workers.rate,),
    OrderExceptions.ExceptionReported: (office_exceptions.report,),
    OrderExceptions.ExceptionResolved: (office_exceptions.resolve,),
    # appliances and homes
    ApplianceCareOrder.Booked: (parts_of_appliance_care.list_machines,),
    ApplianceCareOrder.TrialRunConfirmed: (parts_of_appliance_care.try_machine,),
    ApplianceCareOrder.OpeningFailed: (parts_of_appliance_care.shut_machine,),
    ApplianceCareOrder.ItemChanged: (parts_of_appliance_care.change_item,),
    ApplianceCareOrder.MachineWithdrawn: (parts_of_appliance_care.withdraw_machine,),
    ApplianceCareOrder.MachineInspected: (parts_of_appliance_care.inspect_machine,),
    ApplianceCareOrder.MaterialConfirmed: (parts_of_appliance_care.confirm_material,),
    ApplianceCareOrder.Quoted: (parts_of_appliance_care.tell_quotation,),
    ApplianceCareOrder.QuotationAccepted: (parts_of_appliance_care.answer_quotation,),
    ApplianceCareOrder.QuotationRefused: (parts_of_appliance_care.answer_quotation,),
    ApplianceCareOrder.WarrantyStarted: (parts_of_appliance_care.start_warranty,),
    ApplianceCareOrder.WarrantyClaimed: (parts_of_appliance_care.claim_warranty,),
    ApplianceCareOrder.WarrantyClaimWithdrawn: (
        office_orders.give_back,
        customer_orders.give_back,
        office_workers.give_back,
        parts_of_appliance_care.end_claim,
    ),
    ApplianceCareOrder.WarrantyVisitCompleted: (parts_of_appliance_care.end_claim,),
    ApplianceCareOrder.WarrantyExpired: (parts_of_appliance_care.expire_warranty,),
    # hourly work
    HourlyWorkOrder.Booked: (parts_of_hourly.open_plan,),
    HourlyWorkOrder.VisitsScheduled: (parts_of_hourly.schedule,),
    HourlyWorkOrder.VisitAssigned: (parts_of_hourly.put_in_charge,),
    HourlyWorkOrder.VisitReassigned: (parts_of_hourly.put_in_charge,),
    HourlyWorkOrder.VisitAccepted: (parts_of_hourly.follow_visit,),
    HourlyWorkOrder.VisitDeclined: (parts_of_hourly.free_visit,),
    HourlyWorkOrder.VisitRescheduled: (parts_of_hourly.move_visit,),
    HourlyWorkOrder.VisitSeated: (parts_of_hourly.seat_visit,),
    HourlyWorkOrder.VisitProgressed: (parts_of_hourly.follow_visit,),
    HourlyWorkOrder.VisitCompleted: (parts_of_hourly.follow_visit, cash_journal.post_entry),
    HourlyWorkOrder.VisitSkipped: (parts_of_hourly.free_visit,),
    HourlyWorkOrder.VisitCancelled: (parts_of_hourly.free_visit,),
    HourlyWorkOrder.PatternChanged: (parts_of_hourly.change_pattern,),
    HourlyWorkOrder.PlanPaused: (parts_of_hourly.pause,),
    HourlyWorkOrder.PlanResumed: (parts_of_hourly.resume,),
    HourlyWorkOrder.WorkerSwapped: (parts_of_hourly.swap_worker,),
    HourlyWorkOrder.RenewalReminded: (parts_of_hourly.remind,),
    HourlyWorkOrder.PlanRenewed: (parts_of_hourly.renew,),
    HourlyWorkOrder.PlanEnded: (parts_of_hourly.end,),
    HourlyWorkOrder.Cancelled: (parts_of_hourly.close_plan,),
    HourlyWorkOrder.Completed: (parts_of_hourly.close_plan,),
    # dry-cleaning
    DryCleaningOrder.Booked: (parts_of_dry_cleaning.plan_return,),
    DryCleaningOrder.Rescheduled: (parts_of_dry_cleaning.move_return,),
    DryCleaningOrder.ReturnRescheduled: (parts_of_dry_cleaning.move_return,),
    DryCleaningOrder.ReturnAssigned: (parts_of_dry_cleaning.assign_return,),
    DryCleaningOrder.Cancelled: (parts_of_dry_cleaning.end_return,),
    DryCleaningOrder.GarmentCollected: (parts_of_dry_cleaning.collect_garment,),
    DryCleaningOrder.GarmentProgressed: (parts_of_dry_cleaning.move_garment,),
    DryCleaningOrder.GarmentSigned: (parts_of_dry_cleaning.move_garment,),
    DryCleaningOrder.FlawReported: (parts_of_dry_cleaning.ask_for_consent,),
    DryCleaningOrder.SurchargeAccepted: (parts_of_dry_cleaning.note_consent,),
    DryCleaningOrder.SurchargeDeclined: (parts_of_dry_cleaning.move_garment,),
    DryCleaningOrder.GarmentRefused: (parts_of_dry_cleaning.note_refusal,),
    DryCleaningOrder.DamageReported: (parts_of_dry_cleaning.note_damage,),
    DryCleaningOrder.LossReported: (parts_of_dry_cleaning.note_loss,),
    DryCleaningOrder.PartnerCodeFlagged: (parts_of_dry_cleaning.flag_partner_code,),
    # nanny services
    CareOrder.CandidatesProposed: (parts_of_care.propose,),
    CareOrder.CandidateInterviewed: (parts_of_care.interview,),
    CareOrder.ContractSigned: (
        office_orders.move,
        customer_orders.move,
        office_workers.put_in_charge,
        parts_of_care.engage,
    ),
    CareOrder.StartMoved: (office_orders.move, customer_orders.move, parts_of_care.move),
    CareOrder.WorkerStarted: (parts_of_care.start,),
    CareOrder.BedChanged: (parts_of_care.change_bed,),
    CareOrder.ReplacementAgreed: (parts_of_care.engage,),
    CareOrder.ReplacementWithdrawn: (parts_of_care.withdraw,),
    CareOrder.WorkerReplaced: (
        office_orders.move,
        customer_orders.move,
        office_workers.put_in_charge,
        parts_of_care.replace,
    ),
    CareOrder.ContractRenewed: (office_orders.move, customer_orders.move, parts_of_care.renew),
    CareOrder.WorkerLeft: (parts_of_care.leave,),
    CareOrder.Cancelled: (parts_of_care.cancel,),
    # money
    MoneyArrived: (cash_journal.post_entry,),
    Payment.AmountMismatched: (office_alerts.see_stray_money,),
    Payment.SucceededLate: (office_alerts.see_stray_money,),
    Payment.SucceededAgain: (office_alerts.see_stray_money,),
    Alert.Raised: (office_alerts.raise_alert,),
    Alert.Acknowledged: (office_alerts.acknowledge,),
    # customers
    IdentityKept: (customer_identities.keep,),
    Customer.Erased: (customer_identities.forget, office_search.forget),
    # messages
    MessageThread.Started: (message_threads.start,),
    MessageThread.MessagePosted: (message_threads.post,),
    MessageThread.Handled: (message_threads.handle,),
    MessageThread.Reopened: (message_threads.reopen,),
    MessageThread.MessageRemoved: (message_threads.remove,),
    MessageThread.MessageRestored: (message_threads.restore,),
    # shifts and areas
    Shift.Planned: (office_shifts.plan,),
    Shift.Rostered: (office_shifts.roster,),
    Shift.Withdrawn: (office_shifts.withdraw,),
    Shift.LeaveGranted: (office_shifts.grant_leave,),
    Shift.LeaveRevoked: (office_shifts.revoke_leave,),
    ServiceArea.Established: (service_areas.establish,),
    ServiceArea.TradeOpened: (service_areas.open_trade,),
    ServiceArea.TradeClosed: (service_areas.close_trade,),
    # workers
    Worker.Registered: (office_workers.register,),
    Worker.SkillsChanged: (office_workers.change_skills,),
    Worker.Suspended: (office_workers.suspend,),
    Worker.Reinstated: (office_workers.reinstate,),
    Worker.Left: (office_workers.leave,),
}

# What an event sets going, once; never on a rebuild.
POLICIES: Final[PolicyMap] = {
    OrderFacts.Booked: (hold_ends,),
    OrderFacts.Assigned: (assignment_is_watched,),
    OrderFacts.Reassigned: (assignment_is_watched,),
    OrderFacts.Rescheduled: (assignment_is_watched,),
    OrderFacts.Progressed: (inspection_is_awaited,),
    OrderFacts.Paid: (other_attempts_end, settled_work_is_accepted),
    OrderFacts.ChargeWithdrawn: (other_attempts_end, settled_work_is_accepted),
    OrderFacts.Cancelled: (attempts_of_cancelled_order_end,),
    ApplianceCareOrder.Completed: (care_period_ends,),
    ApplianceCareOrder.WarrantyStarted: (warranty_ends,),
    CareOrder.Confirmed: (lead_is_watched,),
    CareOrder.FollowUpRecorded: (lead_is_watched,),
    CareOrder.NeedsConfirmed: (lead_is_watched,),
    CareOrder.CandidatesProposed: (lead_is_watched,),
    CareOrder.CandidateInterviewed: (lead_is_watched,),
    CareOrder.TermsProposed: (lead_is_watched,),
    DryCleaningOrder.GarmentCollected: (garment_is_watched,),
    DryCleaningOrder.GarmentProgressed: (garment_is_watched,),
    DryCleaningOrder.FlawReported: (garment_is_watched,),
    DryCleaningOrder.SurchargeAccepted: (garment_is_watched,),
    DryCleaningOrder.SurchargeDeclined: (garment_is_watched,),
    DryCleaningOrder.GarmentRefused: (garment_is_watched,),
    HourlyWorkOrder.VisitsScheduled: (plan_is_looked_after,),
    HourlyWorkOrder.VisitAssigned: (visits_are_watched,),
    HourlyWorkOrder.VisitReassigned: (visits_are_watched,),
    HourlyWorkOrder.WorkerSwapped: (visits_are_watched,),
    HourlyWorkOrder.VisitCompleted: (plan_goes_on,),
    HourlyWorkOrder.VisitSkipped: (plan_goes_on,),
    HourlyWorkOrder.VisitCancelled: (plan_goes_on,),
    HourlyWorkOrder.PatternChanged: (plan_goes_on,),
    HourlyWorkOrder.PlanResumed: (plan_goes_on,),
    HourlyWorkOrder.PlanRenewed: (plan_goes_on,),
    Customer.ClosingRequested: (closing_ends,),
    Customer.Erased: (customer_is_forgotten,),
    Payment.Started: (prepare_payment, attempt_is_watched),
    Payment.Renewed: (prepare_payment,),
    Payment.ClosingRequested: (attempt_is_closed_at_wechat,),
    Payment.Closed: (unpaid_order_expires,),
    Payment.Succeeded: (order_takes_payment,),
    Payment.SucceededLate: (stray_money_goes_back,),
    Payment.SucceededAgain: (stray_money_goes_back,),
    Shift.Rostered: (late_shift_ends,),
    Worker.SkillsChanged: (unfit_shifts_end,),
    Worker.Suspended: (unfit_shifts_end,),
    Worker.Left: (unfit_shifts_end,),
}

# How an outbox row, channel.template, is carried out.
ERRANDS: Final[Mapping[str, Callable[[PaymentErrands, Errand], None]]] = {
    "wechat_pay.prepay": PaymentErrands.prepare,
    "wechat_pay.query": PaymentErrands.query,
    "wechat_pay.close": PaymentErrands.close,
}

# What is done when a deadline is due.
DEADLINES: Final[Mapping[str, Duty]] = {
    "order.uninspected": Duty(Acceptances, Acceptances.order_uninspected),
    "plan.upkeep": Duty(PlanUpkeep, PlanUpkeep.day_by_day),
    "plan.go_on": Duty(PlanUpkeep, PlanUpkeep.go_on),
    "order.unpaid": Duty(Unpaid, Unpaid.order_unpaid),
    "payment.expired": Duty(Unpaid, Unpaid.attempt_expired),
    "assignment.unanswered": Duty(ExceptionDesk, ExceptionDesk.assignment_unanswered),
    "visit.not_arrived": Duty(ExceptionDesk, ExceptionDesk.nobody_arrived),
    "visit.unanswered": Duty(VisitWatch, VisitWatch.unanswered),
    "visit.late": Duty(VisitWatch, VisitWatch.late),
    "appliance.care_reminder": Duty(ApplianceWork, ApplianceWork.care_period_over),
    "repair.warranty_ends": Duty(Repairs, Repairs.warranty_ends),
    "lead.forgotten": Duty(CareLeads, CareLeads.release_forgotten),
    "garment.unsigned": Duty(GarmentDeadlines, GarmentDeadlines.unsigned),
    "garment.stalled": Duty(GarmentDeadlines, GarmentDeadlines.stalled),
    "customer.closing_ends": Duty(Erasures, Erasures.closing_ends),
    "customer.forget": Duty(Erasures, Erasures.forget),
}

# What is done again and again, whether or not anything happened.
ROUTINES: Final[Mapping[str, Routine]] = {
    "logins.purge": Routine(timedelta(hours=1), purge_logins),
    "notices.purge": Routine(timedelta(days=1), purge_notices),
    "wechat_pay.keys": Routine(timedelta(hours=6), refresh_payment_keys),
}
