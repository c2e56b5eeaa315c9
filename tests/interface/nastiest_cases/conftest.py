"""Every case begins with a simulator that behaves."""

import pytest

from tests.interface.town import Town


@pytest.fixture(autouse=True)
def fair_weather(request: pytest.FixtureRequest) -> None:
    """No failure is laid, no older notice waits, new merchants' keys sign."""
    if "town" not in request.fixturenames:
        return
    town: Town = request.getfixturevalue("town")
    town.outside.delete(f"{town.pay_url}/_sim/fail_next", timeout=5)
    town.simulate("pay", "/_sim/notice_rules", {})
    town.simulate("pay", "/_sim/keys/mode", {"mode": "public_key"})
    town.courier.deliver_due()
