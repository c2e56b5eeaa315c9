"""Which orders a customer has, from the projection that lists them, once it is up to date."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Engine, select

from application.erasure import OrdersBehindError
from application.projections.customer_orders import orders, projection
from application.projections.projection import Progress


class ProjectedOrders:
    """Implements application.erasure.OrderIndex on the projection `customer_orders`."""

    def __init__(self, engine: Engine, progress: Progress) -> None:
        self._engine = engine
        self._progress = progress

    def orders_of(self, customer_id: UUID, at_least: int) -> Sequence[UUID]:
        """All that were booked up to the position, oldest first. Raises OrdersBehindError."""
        if not self._progress.wait_for(projection.name, at_least):
            raise OrdersBehindError
        query = select(orders.c.order_id).where(orders.c.customer_id == customer_id)
        with self._engine.connect() as connection:
            return list(connection.execute(query.order_by(orders.c.position)).scalars())
