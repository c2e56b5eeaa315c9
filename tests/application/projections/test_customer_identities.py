"""Who has which outer identity: the rows say what the customers say."""

from uuid import UUID

from application.projections import customer_identities
from domain.customers import Customer, ExternalIdentity
from interface.household import Household
from tests.application.projections.lives import save
from tests.application.projections.tables import rows
from tests.domain.histories import BY_STAFF, BY_SYSTEM, NOW, an_id, identity

OPENID, PHONE = identity("openid"), "cd" * 32
PHONED = ExternalIdentity(channel="phone", app_id="", identity_digest=PHONE, openid="")


def registered(house: Household, name: str, first: ExternalIdentity) -> Customer:
    customer = Customer.register(an_id(name), first, by=BY_STAFF, at=NOW)
    save(house, customer)
    return customer


def owner(house: Household, known: ExternalIdentity) -> UUID | None:
    key = (known.channel, known.app_id, known.identity_digest)
    with house.engine.connect() as connection:
        row = customer_identities.find(connection, *key)
    return row["customer_id"] if row else None


def test_every_identity_leads_to_its_customer(house: Household) -> None:
    caller = registered(house, "caller", PHONED)
    visitor = registered(house, "visitor", OPENID)
    unionid = identity("unionid")
    visitor.link_identity(unionid, by=BY_SYSTEM, at=NOW)
    save(house, visitor)
    house.feed.catch_up()

    assert owner(house, PHONED) == caller.id
    assert owner(house, OPENID) == owner(house, unionid) == visitor.id
    assert owner(house, identity("stranger")) is None
    kept = {
        f"{row['channel']}:{row['app_id']}:{row['identity_digest']}": row["customer_id"]
        for row in rows(house.engine, customer_identities.identities)
    }
    assert kept == {key: each.id for each in (caller, visitor) for key in each.identities}


def test_one_digest_of_two_channels_is_two_identities(house: Household) -> None:
    registered(house, "caller", PHONED)
    house.feed.catch_up()

    other = ExternalIdentity(channel="yixin", app_id="", identity_digest=PHONE, openid="")
    assert owner(house, PHONED) == an_id("caller")
    assert owner(house, other) is None
