"""The planted defects: NN.patch, and in defects.toml what is wrong and which test says so."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]


@dataclass(frozen=True)
class Defect:
    """One mistake in the product; `tests` are the node ids that turn red."""

    number: int
    wrong: str
    tests: tuple[str, ...]

    @property
    def patch(self) -> Path:
        return HERE / f"{self.number:02}.patch"


def all_defects() -> list[Defect]:
    """As defects.toml lists them."""
    listed = tomllib.loads((HERE / "defects.toml").read_text(encoding="utf-8"))["defect"]
    return [Defect(each["number"], each["wrong"], tuple(each["tests"])) for each in listed]
