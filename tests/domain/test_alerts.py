"""Alerts: one for each code and subject, raised once, acknowledged once."""

from dataclasses import replace
from typing import Any

import pytest

from domain.alerts import (
    ALERT_LABELS,
    LONGEST_NOTE,
    Alert,
    AlertCode,
    Concern,
    alert_id,
)
from domain.errors import InvalidInputError
from tests.domain.histories import BY_STAFF, NOW, assert_replays, last, names

CONCERN = Concern(
    code=AlertCode.FOREIGN_NOTICE,
    subject="4200001234202611220123456789",
    facts={"mchid": "1999999999", "amount_fen": 15_000},
)


def raised() -> Alert:
    return Alert.raise_about(CONCERN, at=NOW)


def test_every_code_has_its_own_label() -> None:
    assert set(ALERT_LABELS) == set(AlertCode)
    assert len(set(ALERT_LABELS.values())) == len(AlertCode)


def test_an_alert_states_its_concern_and_nothing_else() -> None:
    alert = raised()

    assert alert.id == CONCERN.alert_id
    event = last(alert)
    assert (event.code, event.subject) == ("foreign_notice", CONCERN.subject)
    assert event.facts == CONCERN.facts
    assert_replays(alert, alert.pending_events)


def test_one_code_and_one_subject_are_one_alert() -> None:
    ids = {
        alert_id(code, subject)
        for code in AlertCode
        for subject in ("4200", "4201", "4200 ", f"{code}4200")
    }
    assert len(ids) == 4 * len(AlertCode)
    assert alert_id("late_payment", "4200") == alert_id(AlertCode.LATE_PAYMENT, "4200")


@pytest.mark.parametrize(
    "change", [{"code": "bad_weather"}, {"subject": ""}, {"facts": {"amount": 1.5}}]
)
def test_a_malformed_concern_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        Alert.raise_about(replace(CONCERN, **change), at=NOW)


def test_an_alert_is_acknowledged_once() -> None:
    alert = raised()

    assert alert.acknowledge("已联系微信支付核实", by=BY_STAFF, at=NOW)
    assert not alert.acknowledge("我也看了", by="staff:another", at=NOW)

    assert names(alert) == ["Raised", "Acknowledged"]
    assert alert.acknowledged_by == last(alert).by == BY_STAFF
    assert last(alert).note == "已联系微信支付核实"
    assert_replays(alert, alert.pending_events)


def test_a_note_has_a_greatest_length() -> None:
    alert = raised()
    with pytest.raises(InvalidInputError):
        alert.acknowledge("长" * (LONGEST_NOTE + 1), by=BY_STAFF, at=NOW)

    assert alert.acknowledge("长" * LONGEST_NOTE, by=BY_STAFF, at=NOW)
