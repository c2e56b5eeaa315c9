"""`jiawu web`: the API and the callbacks."""

from interface.api.app import create_app
from interface.cli.processes import open_household
from interface.cli.serving import serve
from interface.settings import Settings


def web(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM. Raises as open_household does."""
    with open_household(settings) as house:
        serve(create_app(house), settings.host, settings.port, settings.trusted_proxies)
    return 0
