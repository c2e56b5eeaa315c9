"""Messages (用户留言): a customer writes about an order, the office answers, both read it."""

from typing import Any, Final

from interface.demo.scene import DISPATCH, Order, Scene

_INBOX: Final = "/api/v1/office/messages"
_MINE: Final = "/api/v1/messages"
_QUESTION: Final = "小区换了新门禁，请师傅到了先打电话。"
_ANSWER: Final = "好的，已经告诉师傅，到小区门口会先联系您。"


def write_about(scene: Scene, order: Order) -> None:
    """A question, its answer, and nothing is left open."""
    customer = order.customer
    waiting = _unanswered(scene)
    scene.say.step(customer.name, f"留言：{_QUESTION}")
    written = customer.do(f"{order.path}/messages", {"text": _QUESTION})
    row = _in_inbox(scene, order)
    counted = _unanswered(scene) == waiting + 1 and row["last_message"]["text"] == _QUESTION
    told = f"留言箱：{row['order_number']}，{row['phone']}，{row['state_label']}"
    scene.say.expect(told, holds=counted and "****" in row["phone"], found=row)
    answer(scene, order, written["thread_id"])
    left = _unanswered(scene)
    scene.say.expect("待回复的留言又和先前一样多", holds=left == waiting, found=left)


def answer(scene: Scene, order: Order, thread: str) -> None:
    """The dispatcher reads and replies; the customer reads it, and the office sees so."""
    office, customer = f"{_INBOX}/{thread}", order.customer
    scene.dispatcher.do(f"{office}/read", {"message_number": 1})
    scene.say.step(DISPATCH, f"回复：{_ANSWER}")
    scene.dispatcher.do(f"{office}/replies", {"text": _ANSWER})
    shown = customer.get(f"{_MINE}/{thread}")
    came = [each["text"] for each in shown["messages"]] == [_ANSWER, _QUESTION]
    unread = shown["thread"]["unread_count"]
    scene.say.expect("顾客看到回复，1 条未读", holds=came and unread == 1, found=shown)
    customer.do(f"{_MINE}/{thread}/read", {"message_number": 2})
    read = scene.dispatcher.get(office)["thread"]["other_read_up_to"]
    scene.say.expect("调度员看到“已读”", holds=read == 2, found=read)  # noqa: PLR2004 - the answer


def _in_inbox(scene: Scene, order: Order) -> Any:  # noqa: ANN401 - JSON
    return scene.dispatcher.get(_INBOX, order_id=order.id)["threads"][0]


def _unanswered(scene: Scene) -> int:
    return int(scene.dispatcher.get(_INBOX, limit=1)["unanswered_count"])
