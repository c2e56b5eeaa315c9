"""What happens when X happens: the one page, and the very dicts that run.

A key is met by every event that derives from it: `OrderFacts.Paid` is met by
`cleaning_order.paid` and by the same fact of every other kind of order.
docs/event-map.md is this page with all stored names, made by `jiawu event-map`.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from application.payment_errands import PaymentErrands
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
from application.policy import Deadline, Errand, PolicyMap, Routine
from application.projections import (
    cash_journal,
    customer_orders,
    office_alerts,
    office_orders,
    office_workers,
)
from application.projections.projection import EventMap, Projection
from application.unpaid import Unpaid
from application.upkeep import purge_logins, refresh_payment_keys
from domain.aggregate import EventSourced
from domain.alerts import Alert
from domain.capacity import CapacityDay
from domain.customers import Customer
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_facts import OrderFacts
from domain.payments import MoneyArrived, Payment
from domain.staff import Staff
from domain.workers import Worker

# Whose events the log may hold. Named here, so that whoever reads the log knows
# every event, whatever else its process has imported.
AGGREGATES: Final[tuple[type[EventSourced], ...]] = (
    Alert,
    CapacityDay,
    CleaningOrder,
    Customer,
    Payment,
    Staff,
    Worker,
)

# Projections, in the order in which the feed makes them.
ALL_PROJECTIONS: Final[tuple[Projection, ...]] = (
    office_orders.projection,
    customer_orders.projection,
    cash_journal.projection,
    office_workers.projection,
    office_alerts.projection,
)

# What an event writes into read models; written anew on every rebuild.
PROJECTIONS: Final[EventMap] = {
    # every fact about an order, and above it what is special to one
    OrderFacts.Booked: (office_orders.book, customer_orders.book, cash_journal.note_order),
    OrderFacts.Event: (office_orders.follow, customer_orders.follow),
    OrderFacts.Confirmed: (office_orders.handle,),
    OrderFacts.Assigned: (
        office_orders.handle,
        office_orders.put_in_charge,
        customer_orders.put_in_charge,
    ),
    OrderFacts.Reassigned: (office_orders.put_in_charge, customer_orders.put_in_charge),
    OrderFacts.Declined: (office_orders.give_back, customer_orders.give_back),
    OrderFacts.Rescheduled: (office_orders.move, customer_orders.move),
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
    ),
    OrderFacts.Completed: (cash_journal.post_entry,),
    # money
    MoneyArrived: (cash_journal.post_entry,),
    Payment.AmountMismatched: (office_alerts.see_stray_money,),
    Payment.SucceededLate: (office_alerts.see_stray_money,),
    Payment.SucceededAgain: (office_alerts.see_stray_money,),
    Alert.Raised: (office_alerts.raise_alert,),
    Alert.Acknowledged: (office_alerts.acknowledge,),
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
    OrderFacts.Paid: (other_attempts_end,),
    OrderFacts.ChargeWithdrawn: (other_attempts_end,),
    OrderFacts.Cancelled: (attempts_of_cancelled_order_end,),
    Payment.Started: (prepare_payment, attempt_is_watched),
    Payment.Renewed: (prepare_payment,),
    Payment.ClosingRequested: (attempt_is_closed_at_wechat,),
    Payment.Closed: (unpaid_order_expires,),
    Payment.Succeeded: (order_takes_payment,),
    Payment.SucceededLate: (stray_money_goes_back,),
    Payment.SucceededAgain: (stray_money_goes_back,),
}

# How an outbox row, channel.template, is carried out.
ERRANDS: Final[Mapping[str, Callable[[PaymentErrands, Errand], None]]] = {
    "wechat_pay.prepay": PaymentErrands.prepare,
    "wechat_pay.query": PaymentErrands.query,
    "wechat_pay.close": PaymentErrands.close,
}

# What is done when a deadline is due.
DEADLINES: Final[Mapping[str, Callable[[Unpaid, Deadline], None]]] = {
    "order.unpaid": Unpaid.order_unpaid,
    "payment.expired": Unpaid.attempt_expired,
}

# What is done again and again, whether or not anything happened.
ROUTINES: Final[Mapping[str, Routine]] = {
    "logins.purge": Routine(timedelta(hours=1), purge_logins),
    "wechat_pay.keys": Routine(timedelta(hours=6), refresh_payment_keys),
}
