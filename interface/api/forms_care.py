"""What the booking form asks for nanny services (月嫂, 保姆, 老人陪护, 医院护工) alone."""

from typing import Annotated, Literal

from pydantic import Field

from interface.api.fields import Body, Remark, Word


class CareForm(Body):
    """Who is wanted, for how many days, and for whom; the words are sealed.

    `choice`: an item of the service (level, kind of day, condition, care mode); it
    may also be asked for as the form's `items`. `description` tells of mother and
    child, or of the elder or patient; `hospital` and `ward` of where they lie.
    """

    choice: Word | None = None
    days: Annotated[int, Field(ge=1, le=400)] | None = None
    presence: Literal["live_in", "day_shift"] | None = None
    description: Remark = ""
    hospital: Remark = ""
    ward: Remark = ""
