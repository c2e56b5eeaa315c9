"""What the booking form asks for cleaning (保洁) alone."""

from pydantic import Field

from interface.api.fields import Body, Room


class CleaningForm(Body):
    """新居开荒: rooms for the inspection room by room (逐间验收), and a survey first (勘测)."""

    rooms: list[Room] = Field(default_factory=list, max_length=30)
    survey: bool = False
