"""Ordering again (再来一单): an old order's form, to be booked at today's price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from application.customers import clear_contact
from application.lines import Contact
from application.log import Log
from application.repeated_forms import form_of
from application.tariffs import Tariffs
from application.vault import ERASED, Vault
from domain.catalogue.services import ServiceNotFoundError
from domain.errors import NotFoundError, RuleViolationError
from domain.orders.service_order import ServiceOrder

_SEALED: Final = "s1."


class ServiceWithdrawnError(RuleViolationError):
    """The service of the old order is not sold any more."""

    code = "service_withdrawn"
    sentence = "“{name}”已停止预约，请选择其他服务。"


class ContactErasedError(RuleViolationError):
    """The contact of the old order was erased with the customer's data."""

    code = "contact_erased"
    sentence = "原订单的联系信息已删除，请重新下单。"


@dataclass(frozen=True, kw_only=True)
class PastOrder:
    """What was asked for, in clear; `form` is the line's own part of the booking form."""

    order_id: UUID
    order_number: str
    service_code: str
    kind_path: list[str]
    contact: Contact
    quantity: int
    items: Mapping[str, int]
    options: Mapping[str, str]
    remark: str
    form: Mapping[str, Any]


class Reordering:
    """Reads what a customer ordered before."""

    def __init__(self, log: Log, vault: Vault, tariffs: Tariffs) -> None:
        self._log = log
        self._vault = vault
        self._tariffs = tariffs

    def past_order(self, order_id: UUID, customer_id: UUID, at: datetime) -> PastOrder:
        """What the order was booked with, if that can be booked today.

        Raises NotFoundError where the order is not the customer's,
        ServiceWithdrawnError, and ContactErasedError.
        """
        order = self._log.load(ServiceOrder, order_id)
        if order.customer_id != customer_id:
            raise NotFoundError
        self._check_sold(order, at)
        return self._past(order)

    def _check_sold(self, order: ServiceOrder, at: datetime) -> None:
        try:
            self._tariffs.at(at).service(order.service_code)
        except ServiceNotFoundError as withdrawn:
            raise ServiceWithdrawnError(name=order.kind_path[-1]) from withdrawn

    def _past(self, order: ServiceOrder) -> PastOrder:
        details: dict[str, Any] = order.details
        clear = self._vault.open_many(_sealed_texts([order.contact, order.remark, details]))
        if ERASED in (clear[order.contact["name"]], clear[order.contact["phone"]]):
            raise ContactErasedError
        return PastOrder(
            order_id=order.id,
            order_number=order.order_number,
            service_code=order.service_code,
            kind_path=list(order.kind_path),
            contact=clear_contact(clear, order.contact),
            quantity=details.get("quantity", 0),
            items=details.get("items", {}),
            options=details.get("options", {}),
            remark=_opened({"remark": order.remark}, clear).get("remark", ""),
            form=form_of(order.service_code, _opened(details, clear)),
        )


def _sealed_texts(value: object) -> list[str]:
    """The sealed texts anywhere in plain nested data."""
    match value:
        case str():
            return [value] if value.startswith(_SEALED) else []
        case dict():
            return [text for inner in value.values() for text in _sealed_texts(inner)]
        case list():
            return [text for inner in value for text in _sealed_texts(inner)]
        case _:
            return []


def _opened(value: Any, clear: Mapping[str, str]) -> Any:  # noqa: ANN401 - plain nested data
    """The same in clear, without the notes that were erased."""
    match value:
        case str():
            return clear.get(value, value)
        case dict():
            kept = {name: inner for name, inner in value.items() if not _erased(inner, clear)}
            return {name: _opened(inner, clear) for name, inner in kept.items()}
        case list():
            return [_opened(inner, clear) for inner in value]
        case _:
            return value


def _erased(value: object, clear: Mapping[str, str]) -> bool:
    return isinstance(value, str) and clear.get(value) == ERASED
