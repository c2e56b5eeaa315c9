"""`jiawu doctor`: the diagnosis with the real surroundings."""

import os
import sys

from infrastructure.clock import SystemClock
from infrastructure.installation import NetworkSurroundings
from interface.cli.logs import LEVEL_VARIABLE
from interface.doctor import diagnose, report
from interface.settings import Settings


def doctor(settings: Settings) -> int:
    """Print a line for each finding; 1 if any is not well."""
    variables = tuple(name for name in os.environ if name != LEVEL_VARIABLE)
    findings = diagnose(settings, NetworkSurroundings(), SystemClock(), variables)
    return report(findings, lambda line: sys.stdout.write(f"{line}\n"))
