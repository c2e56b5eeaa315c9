"""Options (选项): questions of the booking form that have fixed answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from domain.errors import InvalidInputError


class InvalidOptionError(InvalidInputError):
    """An option is unknown, missing, or has a value that does not exist."""

    code = "invalid_option"
    sentence = "选项“{option}”不正确：{rule}。"


class RefusedChoiceError(InvalidInputError):
    """The choice exists, but the company does not do such work."""

    code = "refused_choice"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of an option.

    A `refusal` sentence means: never sold. A `note` says what the price of the
    choice leaves open.
    """

    code: str
    name: str
    refusal: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A question of the booking form; without `default` an answer is required."""

    code: str
    name: str
    choices: tuple[Choice, ...]
    default: str = ""

    def choose(self, value: str) -> Choice:
        """The choice with the code `value`.

        Raises:
            InvalidOptionError: There is none.
            RefusedChoiceError: It is one the company does not do.
        """
        for choice in self.choices:
            if choice.code == value:
                return _accepted(choice, self.code)
        rule = "可选 " + "、".join(f"{choice.code}（{choice.name}）" for choice in self.choices)
        raise InvalidOptionError(field=f"options.{self.code}", option=self.name, rule=rule)


Choices: TypeAlias = tuple[tuple[Option, Choice], ...]


def chosen(offered: tuple[Option, ...], wished: Mapping[str, str]) -> Choices:
    """The choice of each option, in the order of the service, defaults filled in.

    Raises:
        InvalidOptionError: An option is unknown, missing or has an unknown value.
        RefusedChoiceError: A choice is one the company does not do.
    """
    for code in sorted(set(wished) - {option.code for option in offered}):
        rule = "该服务没有这个选项"
        raise InvalidOptionError(field=f"options.{code}", option=code, rule=rule)
    return tuple(
        (option, option.choose(wished.get(option.code, option.default))) for option in offered
    )


def _accepted(choice: Choice, option_code: str) -> Choice:
    if choice.refusal:
        raise RefusedChoiceError(choice.refusal, field=f"options.{option_code}")
    return choice
