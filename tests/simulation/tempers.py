"""What becomes of an order in the hands of its customer: every way we know to go wrong."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from domain.payment_attempts import H5, JSAPI, NATIVE
from tests.simulation.broken import fail
from tests.simulation.customers import WAYS, Booked, Shopper
from tests.simulation.wishes import PLANS, Wish
from tests.simulation.world import Script

Temper = Callable[[Shopper, Booked], Script]


def visit(shopper: Shopper, wishes: Sequence[Wish]) -> Script:
    """One customer's day."""
    yield from shopper.register()
    for wish in wishes:
        yield shopper.chance.pause(5, 3600)
        order = yield from shopper.book(wish)
        if order is not None:
            shopper.world.spawn(shopper.name, looks_after(shopper, order), timedelta(minutes=20))
            yield shopper.chance.pause(2, 60)
            temper = reserves if wish.reserved else shopper.chance.random.choice(TEMPERS)
            shopper.world.note(shopper.name, f"is of the kind {temper.__name__}", "")
            yield from temper(shopper, order)


def looks_after(shopper: Shopper, order: Booked) -> Script:
    """Comes back to the order, never or now and then."""
    often = [2, 4, 6] if order.wish in PLANS else [0, 1, 1, 2, 4]
    for _ in range(shopper.chance.random.choice(often)):
        yield shopper.chance.pause(600, 3 * 3600)
        yield from shopper.look_again(order)


def reserves(shopper: Shopper, order: Booked) -> Script:
    """Has nothing to pay, and tries it all the same."""
    if shopper.chance.random.random() < 0.4:
        yield shopper.chance.pause(10, 3600)
        number = yield from shopper.start_paying(order, _way(shopper))
        if number:
            fail("a reservation is never paid online", number)


def pays_at_once(shopper: Shopper, order: Booked) -> Script:
    number = yield from shopper.start_paying(order, _way(shopper))
    yield shopper.chance.pause(2, 30)
    if number and shopper.pay(number):
        yield shopper.chance.pause(0, 20)
        shopper.confirm(number)


def pays_late(shopper: Shopper, order: Booked) -> Script:
    number = yield from shopper.start_paying(order, _way(shopper))
    yield shopper.chance.pause(60, 500)
    if number:
        shopper.pay(number)


def never_pays(shopper: Shopper, order: Booked) -> Script:
    if shopper.chance.random.random() < 0.6:
        number = yield from shopper.start_paying(order, _way(shopper))
        yield shopper.chance.pause(10, 1000)
        if number:
            shopper.confirm(number)


def pays_after_the_hold(shopper: Shopper, order: Booked) -> Script:
    number = yield from shopper.start_paying(order, _way(shopper))
    yield _until_it_ends(shopper, order) + shopper.chance.pause(-240, 1800)
    if number:
        shopper.pay(number, even_if_expired=True)
        yield shopper.chance.pause(1, 60)
        shopper.confirm(number)


def pays_in_the_last_minute(shopper: Shopper, order: Booked) -> Script:
    yield _until_it_ends(shopper, order) - shopper.chance.pause(361, 420)
    number = yield from shopper.start_paying(order, _way(shopper))
    yield shopper.chance.pause(20, 90)
    if number:
        shopper.pay(number, even_if_expired=shopper.chance.random.random() < 0.5)


def has_two_devices(shopper: Shopper, order: Booked) -> Script:
    """Opens the cashier on both, and pays on both while the first is being closed."""
    ways = shopper.chance.random.sample([JSAPI, H5, NATIVE], 2)
    numbers = []
    for way in ways:
        number = yield from shopper.start_paying(order, way)
        numbers.append(number)
        yield shopper.chance.pause(0, 8)
    shopper.chance.random.shuffle(numbers)
    for number in filter(None, numbers):
        shopper.pay(number)
        yield shopper.chance.pause(0, 40)


def pays_an_old_attempt(shopper: Shopper, order: Booked) -> Script:
    first = yield from shopper.start_paying(order, JSAPI)
    yield shopper.chance.pause(5, 60)
    yield from shopper.start_paying(order, shopper.chance.random.choice([H5, NATIVE]))
    yield shopper.chance.pause(1, 300)
    if first:
        shopper.pay(first)


def gives_up(shopper: Shopper, order: Booked) -> Script:
    """Cancels, before or after the cashier was opened."""
    if shopper.chance.random.random() < 0.5:
        yield from shopper.start_paying(order, _way(shopper))
    yield shopper.chance.pause(5, 600)
    yield from shopper.cancel(order)


def gives_up_and_pays(shopper: Shopper, order: Booked) -> Script:
    """The cashier is still open on the other device."""
    number = yield from shopper.start_paying(order, _way(shopper))
    yield shopper.chance.pause(5, 120)
    yield from shopper.cancel(order)
    yield shopper.chance.pause(0, 20)
    if number:
        shopper.pay(number)


def pays_and_gives_up(shopper: Shopper, order: Booked) -> Script:
    number = yield from shopper.start_paying(order, _way(shopper))
    yield shopper.chance.pause(2, 30)
    if number and shopper.pay(number):
        yield from shopper.cancel(order)


def types_slowly(shopper: Shopper, order: Booked) -> Script:
    """Is at the password page when the time ends."""
    number = yield from shopper.start_paying(order, _way(shopper))
    yield _until_it_ends(shopper, order) - shopper.chance.pause(301, 400)
    if number and shopper.wechat.type_password(shopper.name, number, typing=True):
        yield shopper.chance.pause(300, 2400)
        if shopper.chance.random.random() < 0.7:
            shopper.pay(number, even_if_expired=True)
        shopper.wechat.type_password(shopper.name, number, typing=False)


def comes_back(shopper: Shopper, order: Booked) -> Script:
    """The address of H5 is old by now, so a new one is asked for."""
    yield from shopper.start_paying(order, H5)
    yield shopper.chance.pause(301, 420)
    number = yield from shopper.start_paying(order, H5)
    yield shopper.chance.pause(5, 60)
    if number and shopper.chance.random.random() < 0.7:
        shopper.pay(number)


def hoards(shopper: Shopper, order: Booked) -> Script:
    """Books one place after another."""
    for _attempt in range(4):
        yield from shopper.book(order.wish)
        yield shopper.chance.pause(1, 20)


TEMPERS: Final[tuple[Temper, ...]] = (
    *(pays_at_once, pays_at_once, pays_at_once, pays_late, never_pays, pays_after_the_hold),
    *(pays_in_the_last_minute, has_two_devices, has_two_devices, pays_an_old_attempt, gives_up),
    *(gives_up_and_pays, pays_and_gives_up, types_slowly, comes_back, hoards),
)


def _way(shopper: Shopper) -> str:
    return shopper.chance.random.choice(WAYS)


def _until_it_ends(shopper: Shopper, order: Booked) -> timedelta:
    """How long the order still waits for its money."""
    now = shopper.world.clock.now()
    return (order.pay_by or now) - now
