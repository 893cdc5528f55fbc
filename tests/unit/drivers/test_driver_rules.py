"""The pure rules of Drivers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siga.contract.auth import Claims, Grant
from siga.contract.enforcement import OUTCOMES, CaseState
from siga.contract.parking import BayChanged, Life, StaffBayView
from siga.contract.users import AccreditationBrief
from siga.services.drivers import model
from siga.services.drivers.model import KnownBay

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
BAY = KnownBay(
    bay_id="bay-1", municipality_id="town", zone_id="zone-1", code="A1", category="disabled", personal=False,
    personal_accreditation_id=None, life="in_service", closed_from=None, closed_to=None, lon=-0.37, lat=39.47,
    address="Calle Mayor 1", version=1,
)  # fmt: skip
PERSONAL = msgspec.structs.replace(BAY, personal=True, personal_accreditation_id="acc-1")
BRIEF = AccreditationBrief(
    accreditation_id="acc-1", municipality_id="town", category="disabled", valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31), status="valid",
)  # fmt: skip
CHANGE = BayChanged(
    bay_id="bay-1", zone_id="zone-1", code="A1", category="disabled", occupancy="free", public_occupancy="free",
    previous_occupancy="occupied", changed_at=NOW,
)  # fmt: skip
VIEW = StaffBayView(
    bay_id="bay-1", code="A1", municipality_id="town", zone_id="zone-1", zone_name="Centro", category="disabled",
    lon=-0.37, lat=39.47, occupancy="occupied", changed_at=NOW - timedelta(minutes=10), max_stay_min=60,
)  # fmt: skip


def changed(**fields: object) -> BayChanged:
    return msgspec.structs.replace(CHANGE, **fields)


# --- whose bay it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("life", get_args(Life))
def test_only_bays_in_service_or_closed_are_there(life: Life) -> None:
    assert model.is_there(msgspec.structs.replace(BAY, life=life)) is (life in ("in_service", "closed"))


def test_a_personal_bay_is_shown_to_the_holder_of_its_accreditation_alone() -> None:
    assert model.is_shown(PERSONAL, ["acc-0", "acc-1"])
    assert not model.is_shown(PERSONAL, ["acc-2"])
    assert not model.is_shown(PERSONAL, [])


def test_a_retired_personal_bay_is_shown_to_nobody() -> None:
    assert not model.is_shown(msgspec.structs.replace(PERSONAL, life="retired"), ["acc-1"])


@pytest.mark.parametrize(
    ("start", "end", "closed"),
    [(None, None, True), (NOW, None, True), (None, NOW, False), (NOW + timedelta(seconds=1), None, False)],
)
def test_a_closed_bay_is_closed_within_its_dates(start: datetime | None, end: datetime | None, closed: bool) -> None:
    bay = msgspec.structs.replace(BAY, life="closed", closed_from=start, closed_to=end)
    assert model.is_closed(bay, NOW) is closed


def test_a_bay_in_service_is_not_closed() -> None:
    assert not model.is_closed(BAY, NOW)


# --- accreditations --------------------------------------------------------------------------------------------------


@given(st.dates(date(2025, 6, 1), date(2027, 6, 1)))
def test_an_accreditation_holds_from_its_first_to_its_last_day(day: date) -> None:
    assert (model.fault_of(BRIEF, BAY, day) is None) is (BRIEF.valid_from <= day <= BRIEF.valid_to)


@pytest.mark.parametrize(
    ("fields", "bay", "says"),
    [
        ({"category": "taxi"}, BAY, "it is for 'taxi'"),
        ({"status": "suspended"}, BAY, "it is suspended"),
        ({"status": "revoked"}, BAY, "it is revoked"),
        ({"accreditation_id": "acc-2"}, PERSONAL, "reserved for"),
    ],
)
def test_an_accreditation_that_does_not_allow_a_bay_says_why(fields: dict[str, str], bay: KnownBay, says: str) -> None:
    assert says in str(model.fault_of(msgspec.structs.replace(BRIEF, **fields), bay, TODAY))


def test_the_holder_of_a_personal_bay_needs_no_matching_category() -> None:
    assert model.fault_of(msgspec.structs.replace(BRIEF, category="other"), PERSONAL, TODAY) is None


def test_the_day_is_the_one_at_the_bay() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert model.local_day(late, "Europe/Madrid") == date(2027, 1, 1)
    assert model.local_day(late, "Atlantic/Canary") == date(2026, 12, 31)
    assert model.local_day(late, "Nowhere/Else") == date(2026, 12, 31)


# --- what a change of the bay means ----------------------------------------------------------------------------------


def test_a_bay_that_was_taken_and_is_free_has_emptied_when_the_sensor_saw_it() -> None:
    assert model.emptied_at(CHANGE, NOW + timedelta(minutes=5)) == NOW


def test_a_bay_that_was_silent_and_is_free_has_emptied() -> None:
    assert model.emptied_at(changed(previous_occupancy="unknown"), NOW) == NOW


@pytest.mark.parametrize(("now", "before"), [("free", "free"), ("occupied", "free"), ("unknown", "occupied")])
def test_no_other_change_empties_a_bay(now: str, before: str) -> None:
    assert model.emptied_at(changed(occupancy=now, previous_occupancy=before), NOW) is None


def test_without_an_instant_of_the_sensor_the_recording_counts() -> None:
    assert model.emptied_at(changed(changed_at=None), NOW + timedelta(1)) == NOW + timedelta(1)


def test_a_check_in_is_over_when_the_bay_empties_after_it_began() -> None:
    assert model.left_at(CHANGE, NOW - timedelta(minutes=1), None, NOW) == NOW
    assert model.left_at(CHANGE, NOW + timedelta(minutes=1), None, NOW) is None


def test_a_check_in_is_over_when_another_car_stands_there() -> None:
    swapped = changed(occupancy="occupied", ended_stay_id="stay-1", stay_id="stay-2")
    assert model.left_at(swapped, NOW - timedelta(minutes=1), "stay-1", NOW) == NOW
    assert model.left_at(swapped, NOW - timedelta(minutes=1), "stay-0", NOW) is None
    assert model.left_at(swapped, NOW - timedelta(minutes=1), None, NOW) is None
    assert model.left_at(swapped, NOW + timedelta(minutes=1), "stay-1", NOW) is None


def test_a_car_that_comes_long_after_the_check_in_is_another_ones() -> None:
    came = changed(occupancy="occupied", previous_occupancy="free", stay_id="stay-1")
    assert model.left_at(came, NOW - timedelta(minutes=15), None, NOW) is None
    assert model.left_at(came, NOW - timedelta(minutes=16), None, NOW) == NOW


def test_a_sensor_that_was_silent_may_see_the_car_late() -> None:
    woke = changed(occupancy="occupied", previous_occupancy="unknown", stay_id="stay-1")
    assert model.left_at(woke, NOW - timedelta(hours=2), None, NOW) is None


def test_a_check_in_goes_on_when_the_sensor_falls_silent_or_is_swapped() -> None:
    silent = changed(occupancy="unknown", ended_stay_id="stay-1")
    assert model.left_at(silent, NOW - timedelta(minutes=1), "stay-1", NOW) is None


def test_a_doubt_is_settled_by_news_and_not_by_itself() -> None:
    assert model.settles_doubts(CHANGE)
    assert not model.settles_doubts(changed(cause="doubt", public_occupancy="doubtful"))
    assert not model.settles_doubts(changed(public_occupancy="doubtful"))


# --- limits ----------------------------------------------------------------------------------------------------------


def test_the_limit_of_a_stay_runs_from_when_the_car_was_seen() -> None:
    assert model.leave_by(VIEW, NOW) == NOW + timedelta(minutes=50)


def test_the_limit_of_a_stay_runs_from_the_check_in_where_no_car_was_seen() -> None:
    assert model.leave_by(msgspec.structs.replace(VIEW, occupancy="unmonitored"), NOW) == NOW + timedelta(minutes=60)


@pytest.mark.parametrize("fields", [{"max_stay_min": None}, {"in_force": False}])
def test_there_is_no_limit_without_one_or_outside_the_rules_hours(fields: dict[str, object]) -> None:
    assert model.leave_by(msgspec.structs.replace(VIEW, **fields), NOW) is None


_AGES = st.lists(st.floats(0, 7200), max_size=20)


@given(_AGES, st.integers(1, 10))
def test_as_many_as_the_limit_are_allowed_in_any_hour(ages_s: list[float], limit: int) -> None:
    earlier = [NOW - timedelta(seconds=age) for age in ages_s]
    recent = [at for at in earlier if at > NOW - model.HOUR]
    assert (model.wait_s(earlier, limit, NOW) is None) is (len(recent) < limit)


@given(_AGES, st.integers(1, 10))
def test_who_waits_as_long_as_told_is_allowed_and_not_much_earlier(ages_s: list[float], limit: int) -> None:
    earlier = [NOW - timedelta(seconds=age) for age in ages_s]
    seconds = model.wait_s(earlier, limit, NOW)
    if seconds is None:
        return
    assert 1 <= seconds <= 3600
    assert model.wait_s(earlier, limit, NOW + timedelta(seconds=seconds)) is None
    if seconds > 1:
        assert model.wait_s(earlier, limit, NOW + timedelta(seconds=seconds - 1)) is not None


# --- the reporter is told the truth ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("fined", "acted"), ("warned", "acted"), ("towed", "acted"), ("authorised", "authorised"), ("gone", "gone"),
        ("false_alarm", "nothing_found"),
    ],
)  # fmt: skip
def test_an_outcome_is_told_without_personal_data(outcome: str, said: str) -> None:
    assert model.told("on_the_way", "resolved", outcome) == ("resolved", said)  # type: ignore[arg-type]


def test_a_withdrawn_case_tells_that_the_car_may_stand_there() -> None:
    assert model.told("sent", "withdrawn", None) == ("resolved", "authorised")
    assert model.told("sent", "withdrawn", "gone") == ("resolved", "gone")


@given(
    st.sampled_from(["sent", "on_the_way", "nobody_available", "resolved"]),
    st.sampled_from(get_args(CaseState)),
    st.sampled_from([None, *OUTCOMES]),
)
def test_an_officer_is_said_to_come_only_after_dispatch(status: str, state: str, outcome: str | None) -> None:
    new, what = model.told(status, state, outcome)  # type: ignore[arg-type]
    assert (new == "on_the_way") is (state in ("dispatched", "on_site"))
    assert (new == "resolved") is (state in ("resolved", "withdrawn"))
    assert what is None or new == "resolved"


def test_nobody_is_available_stays_true_until_somebody_takes_the_case() -> None:
    assert model.told("nobody_available", "new", None) == ("nobody_available", None)
    assert model.told("nobody_available", "acknowledged", None) == ("sent", None)


def test_a_reopened_case_is_open_again_for_its_reporter() -> None:
    assert model.told("resolved", "acknowledged", None) == ("sent", None)


# --- the rest --------------------------------------------------------------------------------------------------------


@given(st.text(max_size=40))
def test_a_tidy_plate_has_no_separators_and_is_the_same_tidied_again(text: str) -> None:
    plate = model.tidy_plate(text)
    assert all(c.isalnum() for c in plate)
    assert model.tidy_plate(plate) == plate


def test_plates_are_the_same_however_they_are_typed() -> None:
    assert model.tidy_plate(" 1234-bcd ") == model.tidy_plate("1234 BCD") == "1234BCD"


def test_means_have_one_decimal() -> None:
    assert model.mean(13, 3) == 4.3


def test_scopes_are_the_towns_and_zones_of_the_roles_that_may() -> None:
    grants = (
        Grant(role="administrator", municipality_id="a"),
        Grant(role="administrator", municipality_id="b", zone_ids=("z",)),
        Grant(role="police", municipality_id="c"),
    )
    claims = Claims(iss="gateway", aud="drivers", sub="x", kind="person", exp=1, iat=0, grants=grants)
    scopes = model.scopes_of(claims, "reports.answer")
    assert scopes == [("a", ()), ("b", ("z",))]
    assert model.in_scope(scopes, "a", "any")
    assert model.in_scope(scopes, "b", "z")
    assert not model.in_scope(scopes, "b", "other")
    assert not model.in_scope(scopes, "c", "z")
