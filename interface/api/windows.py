"""The moving windows of rate limits, in memory and on the product's clock."""

from collections import OrderedDict, deque
from threading import Lock
from typing import Final

from limits.storage import MovingWindowSupport, Storage

from application.clock import Clock

# Of an attacker with many addresses the oldest are forgotten; a few megabytes.
MOST_KEYS: Final = 20_000


class Windows(Storage, MovingWindowSupport):
    """A storage of the library `limits`; its own one in memory scans all keys every 10 ms.

    An entry is the instant of a request. Time is Unix seconds of the clock.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock, most_keys: int = MOST_KEYS) -> None:
        super().__init__()
        self._clock = clock
        self._most = most_keys
        self._entries: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count a request in, unless the window is full."""
        now = self._clock.now().timestamp()
        with self._lock:
            entries = self._window(key, now - expiry)
            if len(entries) + amount > limit:
                return False
            entries.extend([now] * amount)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - the library's signature
        """The instant of the window's oldest request, and how many it holds."""
        now = self._clock.now().timestamp()
        with self._lock:
            entries = self._window(key, now - expiry)
            return (entries[0] if entries else now), len(entries)

    def _window(self, key: str, begins: float) -> deque[float]:
        """The key's entries since then; it is now the one used last."""
        entries = self._entries.setdefault(key, deque())
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)
        while entries and entries[0] <= begins:
            entries.popleft()
        return entries

    # -- what the library asks of every storage

    @property
    def base_exceptions(self) -> type[Exception]:
        """What memory raises."""
        return ValueError

    def get(self, key: str) -> int:
        """How many requests of a key are remembered."""
        with self._lock:
            return len(self._entries.get(key, ()))

    def get_expiry(self, key: str) -> float:
        """When the key's last request was."""
        with self._lock:
            entries = self._entries.get(key)
            return entries[-1] if entries else self._clock.now().timestamp()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count without a limit."""
        now = self._clock.now().timestamp()
        with self._lock:
            entries = self._window(key, now - expiry)
            entries.extend([now] * amount)
            return len(entries)

    def check(self) -> bool:
        """Memory is there."""
        return True

    def clear(self, key: str) -> None:
        """Forget a key."""
        with self._lock:
            self._entries.pop(key, None)

    def reset(self) -> int:
        """Forget everything; returns how many keys that were."""
        with self._lock:
            keys = len(self._entries)
            self._entries.clear()
            return keys
