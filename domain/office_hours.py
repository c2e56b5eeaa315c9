"""Office hours (营业时间): when somebody sits at the desk, and until when answers are owed."""

from datetime import date, datetime, time, timedelta
from typing import Final

from domain.time import SHANGHAI, require_aware

# The dispatcher's day runs from the hand-over in the morning to the evening (catalogue sheet).
OPENS: Final = time(8)
CLOSES: Final = time(20)
# As long as a call back may take.
ANSWER_WITHIN: Final = timedelta(minutes=30)


def answer_due(at: datetime) -> datetime:
    """Until when what was asked `at` has to be answered: ANSWER_WITHIN of open time, in UTC.

    Raises:
        NaiveTimeError: `at` has no offset.
    """
    asked = require_aware(at).astimezone(SHANGHAI)
    begins = max(asked, _moment(asked.date(), OPENS))
    left = _moment(asked.date(), CLOSES) - begins
    if left >= ANSWER_WITHIN:
        return require_aware(begins + ANSWER_WITHIN)
    tomorrow = _moment(asked.date() + timedelta(days=1), OPENS)
    return require_aware(tomorrow + ANSWER_WITHIN - max(left, timedelta()))


def _moment(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, SHANGHAI)
