"""What no file of the repository may say, whatever its kind."""

import re
from collections.abc import Iterator, Sequence

from tests.architecture.rule import rule
from tests.architecture.source import Source, Violation, planted

# Each written so that the pattern does not find itself.
_REGISTRY_HOST = re.compile(
    r"\b(pypi\.(org|python)|pythonhosted\.|npmjs\.|yarnpkg\.|crates\.io|rubygems\.|"
    r"proxy\.golang|docker\.io|ghcr\.io|quay\.io)"
)
_MACHINE_PATH = re.compile(r"(?<![\w.\-~/}])(/(home|root|Users|work|mnt)/[\w.]|[A-Z]:\\\w)")


def _matching(sources: Sequence[Source], pattern: re.Pattern[str]) -> Iterator[Violation]:
    for source in sources:
        for number, line in enumerate(source.text.split("\n"), 1):
            if pattern.search(line):
                yield Violation(source.path, number, line.strip())


@rule(
    planted("README.md", "Fetched from https://pypi" + ".org/simple, planted.\nSee PyPI.\n"),
    planted("Dockerfile", "FROM docker" + ".io/library/python:3.11 # planted\n"),
    planted("setup/x.py", 'INDEX = "https://registry.npmjs' + '.org"  # planted\n'),
)
def no_file_names_a_package_registry(sources: Sequence[Source]) -> Iterator[Violation]:
    """Packages come from whatever index the machine is configured with."""
    yield from _matching(sources, _REGISTRY_HOST)


@rule(
    planted(
        "README.md", "Lies in /" + "home/somebody/jiawu, planted.\nServed at /api/" + "work/1.\n"
    ),
    planted("interface/x.py", 'PATH = "/' + 'root/x"  # planted\nURL = "http://x/root/x"\n'),
)
def no_file_names_a_place_on_a_machine(sources: Sequence[Source]) -> Iterator[Violation]:
    """No path of somebody's machine: a checkout works wherever it lies."""
    yield from _matching(sources, _MACHINE_PATH)
