"""What was done, by whom and what came of it; its hash tells two runs apart."""

from datetime import datetime
from hashlib import sha256


class Trace:
    """Lines of time, actor, command and outcome."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, at: datetime, actor: str, command: str, outcome: str) -> None:
        self.lines.append(f"{at:%d %H:%M:%S} {actor}: {command} -> {outcome}")

    def digest(self) -> str:
        """SHA-256 over all lines."""
        return sha256("\n".join(self.lines).encode()).hexdigest()
