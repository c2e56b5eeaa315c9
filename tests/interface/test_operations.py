"""Health, readiness, figures and the OpenAPI document."""

from collections.abc import Iterator
from datetime import timedelta
from threading import Event
from typing import NoReturn
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import MetaData, Table, update

from application.policy import Deadline, Errand
from application.projections.projection import Handler, Projection, Recorded
from application.projections.rows import Rows
from domain.names import STORED_EVENTS
from infrastructure.deadlines import deadlines, write_deadline
from infrastructure.feed.feed import Feed
from infrastructure.feed.projector import Projector
from infrastructure.feed.reader import LogReader
from infrastructure.outbox import errands, write_errand
from interface.api.app import create_app
from interface.cli.processes import side_by_side
from interface.household import build
from tests.interface.sealed import Sealing
from tests.interface.town import Caller, Json, Town
from tests.loopback import serving

COMMANDING = ("/orders", "/payments", "/confirmation", "/office/")


def fail(_rows: Rows, recorded: Recorded) -> NoReturn:
    """A hand-written handler with a defect."""
    message = f"cannot read position {recorded.position}"
    raise ZeroDivisionError(message)


def failing_feed(town: Town) -> Feed:
    """A feed with one projection that fails at every event."""
    projection = Projection("failing", MetaData(schema="failing"))
    handlers: tuple[Handler, ...] = (Handler(projection, fail),)
    table = dict.fromkeys(STORED_EVENTS, handlers)
    projector = Projector(town.house.engine, projection, table, town.house.vault)
    return Feed(LogReader(town.house.engine), [projector], town.house.failures)


def figures(town: Town) -> dict[str, float]:
    """The Prometheus text, read."""
    told = town.anybody().get("/metrics")
    assert told.headers["Content-Type"].startswith("text/plain; version=")
    lines = [line for line in told.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_a_process_that_serves_is_healthy(town: Town) -> None:
    answer = town.anybody().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_the_product_is_ready_when_everybody_follows(town: Town) -> None:
    town.catch_up()
    told = town.anybody().read("/readyz")
    assert (told["ready"], told["position"], told["failures"]) == (True, town.position(), [])
    assert set(told["lag_events"].values()) == {0}
    assert {"office_orders", "customer_orders", "cash_journal"} <= set(told["lag_events"])


def test_a_failing_projection_makes_it_unready_and_says_why(town: Town) -> None:
    feed = failing_feed(town)
    feed.install()
    feed.catch_up()
    answer = town.anybody().get("/readyz")
    assert answer.status_code == 503
    (failure,) = answer.json()["failures"]
    assert (failure["name"], failure["position"], failure["attempts"]) == ("failing", 1, 1)
    assert failure["event"] == "staff.registered"
    assert failure["error"] == "ZeroDivisionError: cannot read position 1"
    assert "in fail" in failure["traceback"]
    assert figures(town)["jiawu_projection_failing"] == 1

    town.clock.advance(timedelta(seconds=1))
    feed.catch_up()
    assert town.anybody().get("/readyz").json()["failures"][0]["attempts"] == 2
    assert town.customer().read("/api/v1/orders")["orders"] == []  # the others go on

    town.house.failures.clear("failing")
    assert town.anybody().get("/readyz").status_code == 200


def test_figures_tell_how_far_each_projection_is_behind(town: Town) -> None:
    town.catch_up()
    town.booked(town.customer())
    behind = figures(town)
    assert behind["jiawu_log_position"] == town.position()
    assert behind['jiawu_projection_lag_events{name="office_orders"}'] == 2
    town.catch_up()
    assert figures(town)['jiawu_projection_lag_events{name="office_orders"}'] == 0


def test_figures_count_answers_by_template(town: Town) -> None:
    caller = town.customer()
    for _ in range(2):
        caller.get(f"/api/v1/orders/{uuid4()}")
    caller.get(f"/nothing/{uuid4()}")
    caller.send("TRACE", "/api/v1/orders")
    told = figures(town)
    labels = 'method="GET",route="/api/v1/orders/{order_id}",status="404"'
    assert told[f"jiawu_requests_total{{{labels}}}"] >= 2
    assert told['jiawu_requests_total{method="GET",route="unrouted",status="404"}'] >= 1
    assert any('method="other"' in name for name in told)
    assert not any("TRACE" in name or "nothing" in name for name in told)


def test_figures_count_errands_that_wait(town: Town) -> None:
    town.simulate("pay", "/_sim/fail_next", {"path_contains": "jsapi", "status": 500})
    customer = town.customer()
    before = figures(town)["jiawu_outbox_waiting"]
    customer.post(f"/api/v1/orders/{town.booked(customer)['order_id']}/payments")
    assert figures(town)["jiawu_outbox_waiting"] == before + 1


def settle(town: Town, table: Table) -> None:
    """Nothing of the table waits any longer."""
    with town.house.engine.begin() as connection:
        connection.execute(update(table).values(done_at=town.clock.now()))


def test_readiness_and_figures_tell_how_long_errands_and_deadlines_wait(town: Town) -> None:
    now, later = town.clock.now(), timedelta(minutes=5)
    for table in (errands, deadlines):
        settle(town, table)
    with town.house.engine.begin() as connection:
        write_errand(connection, 1, Errand("nobody", "calls", "a", "N-1", {}, now), now)
        for due_at in (now, now + later / 2, now + 2 * later):
            write_deadline(connection, 1, Deadline("nobody", due_at.isoformat(), due_at), now)
    town.clock.advance(later)
    told = town.anybody().read("/readyz")
    assert told["ready"]
    assert told["outbox"] == {"count": 1, "oldest_seconds": 300}
    assert told["deadlines"] == {"count": 2, "oldest_seconds": 300}
    shown = figures(town)
    assert (shown["jiawu_outbox_waiting"], shown["jiawu_outbox_oldest_seconds"]) == (1, 300)
    assert (shown["jiawu_deadlines_overdue"], shown["jiawu_deadlines_oldest_seconds"]) == (2, 300)

    for table in (errands, deadlines):
        settle(town, table)
    told = town.anybody().read("/readyz")
    assert told["outbox"] == told["deadlines"] == {"count": 0, "oldest_seconds": 0}


# -- workers side by side


def test_work_that_takes_long_delays_no_other() -> None:
    stop, met = Event(), Event()

    def call(stop: Event) -> None:
        """A call outside that is not answered before the deadline is met."""
        assert met.wait(20)
        assert stop.wait(20)

    def meet(stop: Event) -> None:
        met.set()
        stop.set()

    side_by_side(stop, call, meet)
    assert met.is_set()


def test_work_that_breaks_down_ends_all_so_that_the_process_is_started_anew() -> None:
    stop, ended = Event(), Event()

    def break_down(_: Event) -> None:
        raise ZeroDivisionError

    def go_on(stop: Event) -> None:
        assert stop.wait(20)
        ended.set()

    with pytest.raises(ZeroDivisionError):
        side_by_side(stop, go_on, break_down)
    assert ended.is_set()


# -- the database is away


@pytest.fixture(scope="module")
def cut_off(town: Town) -> Iterator[Caller]:
    """The same product, whose database does not answer."""
    nowhere = SecretStr("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    house = build(town.house.settings.model_copy(update={"database_url": nowhere}), town.clock)
    with serving(create_app(house)) as url:
        yield Caller(url)
    house.close()


@pytest.mark.parametrize(
    "path", ["/readyz", "/metrics", "/api/v1/orders", "/api/v1/services", "/api/v1/staff/me"]
)
def test_without_a_database_everything_asks_for_patience(cut_off: Caller, path: str) -> None:
    answer = cut_off.send("GET", path, headers={"Authorization": "Bearer token"})
    assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
    assert int(answer.headers["Retry-After"]) > 0


def test_without_a_database_the_process_is_healthy(cut_off: Caller) -> None:
    assert cut_off.get("/healthz").status_code == 200


def test_without_a_database_wechat_is_not_told_that_all_is_well(
    town: Town, cut_off: Caller
) -> None:
    customer = town.customer()
    number = town.prepared(customer, town.booked(customer))
    notice = Sealing(town).notice(town.pay_at_wechat(number))
    answer = cut_off.send(
        "POST",
        "/callbacks/wechat-pay/transactions",
        data=notice.body,
        headers=notice.headers,
    )
    assert answer.status_code == 503


# -- the OpenAPI document


@pytest.fixture(scope="module")
def document(town: Town) -> Json:
    return town.anybody().read("/api/v1/openapi.json")


def operations(document: Json) -> list[tuple[str, str, Json]]:
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_documents_its_problems(document: Json) -> None:
    for method, path, operation in operations(document):
        problems = {status for status in operation["responses"] if status >= "400"}
        assert problems, (method, path)
        for status in problems:
            content = operation["responses"][status]["content"]
            reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
            assert content == {"application/problem+json": reference}, (method, path, status)


def test_every_operation_has_a_name_a_sentence_and_a_group(document: Json) -> None:
    listed = operations(document)
    assert len({operation["operationId"] for _, _, operation in listed}) == len(listed)
    for _, path, operation in listed:
        assert operation["description"], path
        assert operation["tags"], path


def test_every_command_asks_for_an_idempotency_key(document: Json) -> None:
    for method, path, operation in operations(document):
        if method == "post" and any(part in path for part in COMMANDING):
            headers = [each["name"] for each in operation["parameters"] if each["in"] == "header"]
            assert headers == ["Idempotency-Key"], path


def test_every_door_with_a_lock_says_so(document: Json) -> None:
    for _, path, operation in operations(document):
        locked = "/office/" in path or path.startswith("/api/v1/orders") or path.endswith("/me")
        if locked:
            schemes = {name for each in operation["security"] for name in each}
            assert len(schemes) == 2, path


def test_instants_are_documented_as_such(document: Json) -> None:
    starts_at = document["components"]["schemas"]["OrderBody"]["properties"]["starts_at"]
    assert (starts_at["type"], starts_at["format"]) == ("string", "date-time")
