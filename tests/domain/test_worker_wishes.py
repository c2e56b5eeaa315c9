"""What a customer wishes of a worker: the last word counts, and saying it twice is once."""

from domain.customers import WorkerWish
from tests.domain.histories import (
    BY_CUSTOMER,
    NOW,
    OTHER_WORKER,
    WORKER,
    assert_replays,
    names,
    registered_customer,
)


def test_the_last_word_about_a_worker_counts() -> None:
    customer = registered_customer()
    for wish in (WorkerWish.PREFERRED, WorkerWish.EXCLUDED):
        assert customer.wish_of_worker(WORKER, wish, by=BY_CUSTOMER, at=NOW)
    customer.wish_of_worker(OTHER_WORKER, WorkerWish.PREFERRED, by=BY_CUSTOMER, at=NOW)
    assert customer.worker_wishes == {WORKER: "excluded", OTHER_WORKER: "preferred"}
    assert_replays(customer, customer.pending_events)


def test_the_same_wish_again_states_nothing() -> None:
    customer = registered_customer()
    assert not customer.wish_of_worker(WORKER, WorkerWish.NONE, by=BY_CUSTOMER, at=NOW)
    assert customer.wish_of_worker(WORKER, WorkerWish.EXCLUDED, by=BY_CUSTOMER, at=NOW)
    assert not customer.wish_of_worker(WORKER, WorkerWish.EXCLUDED, by=BY_CUSTOMER, at=NOW)
    assert names(customer) == ["Registered", "WorkerExcluded"]


def test_a_wish_may_be_withdrawn() -> None:
    customer = registered_customer()
    customer.wish_of_worker(WORKER, WorkerWish.PREFERRED, by=BY_CUSTOMER, at=NOW)
    assert customer.wish_of_worker(WORKER, WorkerWish.NONE, by=BY_CUSTOMER, at=NOW)
    assert customer.worker_wishes == {}
    assert names(customer)[-1] == "WorkerWishWithdrawn"
    assert_replays(customer, customer.pending_events)
