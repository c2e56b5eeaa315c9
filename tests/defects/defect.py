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
    patch: Path


def all_defects() -> list[Defect]:
    """As defects.toml lists them."""
    listed = tomllib.loads((HERE / "defects.toml").read_text(encoding="utf-8"))["defect"]
    return [_defect(**each) for each in listed]


def _defect(number: int, wrong: str, tests: list[str]) -> Defect:
    return Defect(number, wrong, tuple(tests), HERE / f"{number:02}.patch")
