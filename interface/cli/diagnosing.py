"""`jiawu doctor`: the diagnosis with the real surroundings."""

import os
import sys

from infrastructure.clock import SystemClock
from infrastructure.installation import NetworkSurroundings
from interface.doctor import diagnose, report
from interface.settings import Settings


def doctor(settings: Settings) -> int:
    """Print a line for each finding; 1 if any is not well."""
    findings = diagnose(settings, NetworkSurroundings(), SystemClock(), tuple(os.environ))
    return report(findings, lambda line: sys.stdout.write(f"{line}\n"))
