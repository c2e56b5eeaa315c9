"""Plants defects in copies of the tree and sees them caught: `python -m tests.defects [N ...]`."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Final

from tests.defects.defect import Defect, all_defects
from tests.defects.trial import Outcome, try_out, try_without

_AT_A_TIME: Final = 2


def main() -> int:
    """1 where a defect was not caught, or a named test is red without any."""
    defects = _chosen()
    before = try_without(defects)
    _tell(before.words)
    if not before.caught:
        return 1
    with ThreadPoolExecutor(_AT_A_TIME) as threads:
        outcomes = list(threads.map(_told, defects))
    caught = sum(outcome.caught for outcome in outcomes)
    _tell(f"{caught} of {len(defects)} defects were caught")
    return 0 if caught == len(defects) else 1


def _chosen() -> list[Defect]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, metavar="N", help="all unless told")
    numbers = set(parser.parse_args().numbers)
    return [defect for defect in all_defects() if not numbers or defect.number in numbers]


def _told(defect: Defect) -> Outcome:
    started = perf_counter()
    outcome = try_out(defect)
    seconds = perf_counter() - started
    mark = "caught" if outcome.caught else "NOT CAUGHT"
    _tell(f"{defect.number:02} {mark:<10} {seconds:5.1f} s  {defect.wrong}")
    if not outcome.caught:
        _tell(f"   {outcome.words}")
    return outcome


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
