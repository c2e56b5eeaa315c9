"""What tests of messages share: where they are written and read."""

from uuid import UUID

from tests.interface.town import Caller, Json, Town

MINE = "/api/v1/messages"
INBOX = "/api/v1/office/messages"
OFFICE_ORDERS = "/api/v1/office/orders"
QUESTION = {"text": "师傅几点到？"}
ANSWER = {"text": "九点左右，请留意电话。"}
MASKED = "139****5678"


def about(order: Json) -> str:
    return f"/api/v1/orders/{order['order_id']}/messages"


def read(town: Town, caller: Caller, path: str, **query: Json) -> Json:
    """A page that has passed all that was written before."""
    town.catch_up()
    return caller.read(path, at_least=town.position(), **query)


def asked(customer: Caller, order: Json, said: str = QUESTION["text"]) -> str:
    """The id of the order's thread, in which the customer wrote."""
    return str(customer.do(about(order), {"text": said})["thread_id"])


def texts(page: Json) -> list[str]:
    return [each["text"] for each in page["messages"]]


def events(town: Town, thread: str) -> list[str]:
    return [name.partition(".")[2] for name in town.facts_of(UUID(thread))]
