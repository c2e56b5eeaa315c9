"""A tariff (资费): everything a price depends on, frozen by two numbers.

An order keeps both numbers, the catalogue's revision and the price book's
version; the same tariff is found again by them years later.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.catalogue.price_book import PriceBook
from domain.catalogue.services import Kind, Service, ServiceNotFoundError


@dataclass(frozen=True, slots=True)
class Tariff:
    """One revision of the catalogue with one version of the prices.

    `kinds` in the order of the home page, `services` by code in the order of
    the catalogue, without those withdrawn by then.
    """

    catalogue_revision: int
    kinds: tuple[Kind, ...]
    services: Mapping[str, Service]
    book: PriceBook

    def service(self, code: str) -> Service:
        """The service with this code.

        Raises:
            ServiceNotFoundError: There is none, or it was withdrawn.
        """
        found = self.services.get(code)
        if found is None:
            raise ServiceNotFoundError(service_code=code)
        return found
