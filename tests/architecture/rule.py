"""The registry of architecture rules.

A rule reads all sources and yields violations. With it stand planted sources,
each a breach that the rule must report; a rule without any is no rule.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.architecture.source import Source, Violation

Check = Callable[[Sequence[Source]], Iterator[Violation]]


@dataclass(frozen=True)
class Rule:
    """A rule, named after its function; its docstring is the rule in words."""

    check: Check
    planted: tuple[Source, ...]

    @property
    def name(self) -> str:
        return self.check.__name__

    def violations(self, sources: Sequence[Source]) -> list[Violation]:
        return sorted(set(self.check(sources)))

    def report(self, sources: Sequence[Source]) -> str:
        """The rule and every line that breaks it; "" where none does."""
        lines = [str(violation) for violation in self.violations(sources)]
        return "\n".join([self.check.__doc__ or self.name, *lines]) if lines else ""

    def unproven(self) -> str:
        """Why the rule cannot be believed; "" once each planted breach is reported."""
        if not any(source.planted_lines() for source in self.planted):
            return f"{self.name} has no planted breach"
        for source in self.planted:
            reported = {violation.line for violation in self.violations([source])}
            if reported != source.planted_lines():
                return f"{self.name} reports {reported} of {source.path}:\n{source.text}"
        return ""


RULES: dict[str, Rule] = {}


def rule(*planted: Source) -> Callable[[Check], Check]:
    """Register a rule with the breaches that it has been seen to report."""

    def register(check: Check) -> Check:
        RULES[check.__name__] = Rule(check, planted)
        return check

    return register
