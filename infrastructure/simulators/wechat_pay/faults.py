"""Failures of the pay service that tests and the demo order in advance."""

from dataclasses import dataclass, replace
from threading import Lock

from infrastructure.simulators.wechat_pay.refusals import RefusalError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to the next calls whose path contains a text.

    Attributes:
        path_contains: Part of the escaped path; "" matches every call.
        count: How many calls it happens to.
        status: Answer this status with `code`; 0 for none.
        code: The error code, in either spelling.
        after_effect: Refuse only after the call took effect.
        drop_response: The call takes effect, its answer is lost on the way.
        probe_signature: The call is answered, with a signature probe (签名探测).
        latency_ms: The answer takes so long, in real time over HTTP.
        old_spelling: An error's code comes without underscores.
    """

    path_contains: str = ""
    count: int = 1
    status: int = 0
    code: str = "SYSTEM_ERROR"
    after_effect: bool = False
    drop_response: bool = False
    probe_signature: bool = False
    latency_ms: int = 0
    old_spelling: bool = False

    def refuse(self, *, after_effect: bool) -> None:
        """Refuse if this is the moment.

        Raises:
            RefusalError: The ordered answer.
        """
        if self.status and self.after_effect is after_effect:
            raise RefusalError(self.status, self.code, "模拟的故障")


NO_FAULT = Fault()


class Faults:
    """Ordered failures; each happens as often as asked, in the order they were asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Let the next matching calls fail."""
        with self._lock:
            self._waiting.append(fault)

    def take(self, path: str) -> Fault:
        """The failure for this call, counted off the list; `NO_FAULT` if none."""
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.path_contains in path:
                    left = [replace(fault, count=fault.count - 1)] if fault.count > 1 else []
                    self._waiting[place : place + 1] = left
                    return fault
            return NO_FAULT

    def forget(self) -> None:
        """Cancel all that still wait."""
        with self._lock:
            self._waiting.clear()
