"""Work on a cleaning: a visit like any other."""

from domain.orders.cleaning import CleaningOrder
from tests.simulation import work_of_visits
from tests.simulation.work import Staff, Work


def moves(order: CleaningOrder, office: Staff) -> list[Work]:
    """What somebody might do with it, fitting or not."""
    return work_of_visits.moves(order, office)
