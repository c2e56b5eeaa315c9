"""Alerts (告警): raised where money needs a person, acknowledged by whoever settled it."""

from typing import Final
from uuid import UUID, uuid5

from application.clock import Clock
from application.commands import Command, Decision, Outcome
from application.log import Log
from domain.alerts import Alert, Concern, Fact

_COMMANDS: Final = UUID("8a4e1f6d-0b7c-5c29-b3d5-61f2a9e07c44")
_ACTOR: Final = "system:alerts"
_LONGEST_TEXT: Final = 128


class Alerts:
    """The use cases of alerts."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    def raise_alert(self, code: str, subject: str, **facts: Fact) -> None:
        """State that somebody has to look; an alert that exists stays as it is.

        `facts` are numbers, ids and amounts, never personal data. Texts may come
        from outside, so they are cut to 128 printable characters: an alert is not
        lost for its spelling. Raises InvalidInputError for an unknown code or a
        fact of another type.
        """
        tidy = {
            name: _tidy(fact) if isinstance(fact, str) else fact for name, fact in facts.items()
        }
        concern = Concern(code=code, subject=_tidy(subject), facts=tidy)
        number = uuid5(_COMMANDS, str(concern.alert_id))
        command = Command(number, _ACTOR, "", self._clock.now())
        self._log.run(command, lambda: Decision([self._alert(concern, command)]))

    def acknowledge(self, concern: Concern, note: str, command: Command) -> Outcome:
        """State that the actor looked; who was first stays the one who did.

        `concern` is what the office's list shows (projections.office_alerts). Where
        it stands there from a fact of another aggregate, its alert is raised in the
        same append. The answer holds alert_id and acknowledged_by. Raises
        InvalidInputError where the note is too long.
        """

        def decide() -> Decision:
            alert = self._alert(concern, command)
            alert.acknowledge(note, by=command.actor, at=command.at)
            answer = {"alert_id": str(alert.id), "acknowledged_by": alert.acknowledged_by}
            return Decision([alert], answer)

        return self._log.run(command, decide)

    def _alert(self, concern: Concern, command: Command) -> Alert:
        found = self._log.find(Alert, concern.alert_id)
        return found or Alert.raise_about(concern, at=command.at)


def _tidy(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:_LONGEST_TEXT]
