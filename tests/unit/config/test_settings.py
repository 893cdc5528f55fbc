"""Rules about settings: what a value may be, whose is in force, what a roll-back changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siga.contract.settings import DECLARED, GRACE_S, LOG_LEVEL, SILENCE_FACTOR, Value
from siga.kit.live_settings import LiveSettings
from siga.kit.problem import Invalid, NotFound
from siga.services.config.model import SYSTEM, Stored, acceptable, changes_between, declared, in_force

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
TOWN = "town-1"


def stored(value: Value, municipality_id: str = TOWN, key: str = GRACE_S.key, revision: int = 1) -> Stored:
    return Stored(municipality_id=municipality_id, key=key, value=value, revision=revision, author="ana", at=AT)


def places(*values: Stored) -> dict[tuple[str, str], Stored]:
    return {(one.municipality_id, one.key): one for one in values}


def test_a_setting_that_is_not_declared_is_not_found() -> None:
    with pytest.raises(NotFound):
        declared("parking.nothing")


@pytest.mark.parametrize("value", [-1, 7201, "300", True, 1.5, [300], {"a": 1}])
def test_a_value_out_of_its_declaration_is_refused_with_its_field_and_reason(value: object) -> None:
    with pytest.raises(Invalid) as caught:
        acceptable(GRACE_S, value, TOWN)
    assert caught.value.errors[0].pointer == "/value"
    assert "must be" in caught.value.errors[0].reason


def test_a_text_outside_its_choices_is_refused() -> None:
    with pytest.raises(Invalid):
        acceptable(LOG_LEVEL, "loud", SYSTEM)
    assert acceptable(LOG_LEVEL, "error", SYSTEM) == "error"


def test_a_whole_number_is_taken_for_a_setting_with_decimals() -> None:
    assert acceptable(SILENCE_FACTOR, 3, TOWN) == 3.0


def test_a_setting_of_the_whole_system_cannot_differ_in_a_town() -> None:
    with pytest.raises(Invalid) as caught:
        acceptable(LOG_LEVEL, "error", TOWN)
    assert caught.value.errors[0].pointer == "/municipality_id"


def test_a_town_has_its_own_value_before_the_systems_before_the_default() -> None:
    own, wide = stored(20), stored(60, SYSTEM)
    assert in_force(GRACE_S, TOWN, places(own, wide)).value == 20
    assert in_force(GRACE_S, TOWN, places(own, wide)).source == "municipality"
    assert in_force(GRACE_S, TOWN, places(wide)).value == 60
    assert in_force(GRACE_S, TOWN, places(wide)).source == "system"
    assert in_force(GRACE_S, TOWN, {}).source == "default"
    assert in_force(GRACE_S, SYSTEM, places(own, wide)).source == "system"


def test_a_kept_value_that_is_no_longer_allowed_does_not_count() -> None:
    assert in_force(GRACE_S, TOWN, places(stored(9999))).value == GRACE_S.default


@given(
    own=st.none() | st.integers(-10, 8000),
    wide=st.none() | st.integers(-10, 8000),
)
def test_what_is_shown_is_what_services_use(own: int | None, wide: int | None) -> None:
    kept = [stored(own)] if own is not None else []
    kept += [stored(wide, SYSTEM)] if wide is not None else []
    live = LiveSettings({one.municipality_id: {one.key: one.value} for one in kept})
    assert in_force(GRACE_S, TOWN, places(*kept)).value == live.value(GRACE_S, TOWN)


Values = dict[str, Value]
values_of_scope = st.dictionaries(st.sampled_from(sorted(DECLARED)), st.integers(1, 5))


@given(now=values_of_scope, then=values_of_scope)
def test_the_changes_between_two_states_lead_from_one_to_the_other(
    now: dict[str, Value], then: dict[str, Value]
) -> None:
    result = dict(now)
    for change in changes_between(now, then):
        assert result.get(change.key) == change.before
        if change.after is None:
            del result[change.key]
        else:
            result[change.key] = change.after
    assert result == then


@pytest.mark.parametrize("setting", DECLARED.values(), ids=lambda one: one.key)
def test_every_declared_setting_takes_its_own_default_and_speaks_both_languages(setting) -> None:  # type: ignore[no-untyped-def]
    assert setting.fault(setting.default) is None
    assert setting.summary["es"]
    assert setting.summary["en"]
