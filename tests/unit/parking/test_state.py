"""A bay's state follows from reports, cards, check-ins and time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec

from siga.contract.parking import Bay
from siga.contract.users import AccreditationBrief, CredentialCopy
from siga.services.parking import entries, model
from siga.services.parking.entries import Entry
from siga.services.parking.model import BayState, CheckInMark, Evidence, Judgement, Terms

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BAY = Bay(
    bay_id="b", municipality_id="m", zone_id="z", code="C-1", category="disabled", lon=0, lat=0, identify=("card",)
)
TERMS = Terms(grace_s=300, period_s=600, silence_factor=2.5, doubt_lasts_s=3600)
CARD = CredentialCopy(
    credential="card-1", kind="card", accreditation_id="a-1", municipality_id="m", category="disabled",
    valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31), status="valid",
)  # fmt: skip


def evidence(*rows: CredentialCopy, briefs: tuple[AccreditationBrief, ...] = ()) -> Evidence:
    """The read copies as they stand at noon."""
    by_credential = {row.credential: row for row in rows}
    by_id = {brief.accreditation_id: brief for brief in briefs}
    return Evidence(credential_of=by_credential.get, accreditation_of=by_id.get, today=NOON.date())


def entry(
    sequence: int, occupied: bool, after_s: float = 0, credential: str | None = None, assignment: int = 1
) -> Entry:
    """A report of sequence n, seen `after_s` after noon."""
    at = NOON + timedelta(seconds=after_s)
    return entries.place((assignment, 1, sequence), occupied, at, at, credential)


def told(*entries: Entry, bay: Bay = BAY) -> BayState:
    """The state after entries that came in their order."""
    state = BayState(bay_id=bay.bay_id)
    for one in entries:
        state = model.apply_report(state, one, f"stay-{one.order[2]}")
    return state


def at(state: BayState, after_s: float, proof: Evidence, bay: Bay = BAY) -> BayState:
    """The state when time has run until `after_s` after noon."""
    return model.advance(bay, state, proof, TERMS, NOON + timedelta(seconds=after_s))


def word(state: BayState) -> str | None:
    """The authorisation of the present stay."""
    return state.stay.authorisation if state.stay else None


def test_a_bay_without_a_word_is_unknown_and_without_a_sensor_unmonitored() -> None:
    state = BayState(bay_id="b")
    assert model.occupancy(BAY, state, NOON) == "unknown"
    assert model.public_occupancy(BAY, state, monitored=False, now=NOON) == "unmonitored"


def test_an_unmonitored_bay_is_never_free() -> None:
    assert model.public_occupancy(BAY, told(entry(1, False)), monitored=False, now=NOON) == "unmonitored"


def test_a_report_makes_a_bay_free_or_occupied_since_then() -> None:
    state = told(entry(1, False), entry(2, True, 60))
    assert model.occupancy(BAY, state, NOON) == "occupied"
    assert state.changed_at == NOON + timedelta(seconds=60)


def test_hearing_the_same_again_moves_the_last_word_but_not_the_beginning() -> None:
    state = told(entry(1, False), entry(2, False, 60))
    assert state.changed_at == NOON
    assert state.heard_at == NOON + timedelta(seconds=60)


def test_a_valid_card_authorises_at_once() -> None:
    state = at(told(entry(1, True, credential="card-1")), 1, evidence(CARD))
    assert word(state) == "authorised"
    assert state.stay is not None
    assert state.stay.authorised_by == "card"


def test_no_card_is_pending_through_the_grace_then_unverified() -> None:
    state = told(entry(1, True))
    assert word(at(state, 299, evidence(CARD))) == "pending"
    assert word(at(state, 300, evidence(CARD))) == "unverified"


def test_an_unknown_card_is_unverified_and_never_unauthorised() -> None:
    assert word(at(told(entry(1, True, credential="somebody")), 9999, evidence(CARD))) == "unverified"


def test_a_revoked_card_is_unauthorised_but_only_when_the_grace_is_over() -> None:
    revoked = msgspec.structs.replace(CARD, credential_revoked=True)
    state = told(entry(1, True, credential="card-1"))
    assert word(at(state, 10, evidence(revoked))) == "pending"
    assert word(at(state, 300, evidence(revoked))) == "unauthorised"


def test_an_expired_suspended_or_wrong_category_card_speaks_against() -> None:
    for change in ({"valid_to": date(2026, 1, 2)}, {"status": "suspended"}, {"category": "taxi"}):
        row = msgspec.structs.replace(CARD, **change)
        assert word(at(told(entry(1, True, credential="card-1")), 300, evidence(row))) == "unauthorised"


def test_somebody_elses_personal_bay_is_unauthorised_and_ones_own_is_not() -> None:
    state = told(entry(1, True, credential="card-1"))
    other = msgspec.structs.replace(BAY, personal=True, personal_accreditation_id="a-2")
    mine = msgspec.structs.replace(BAY, personal=True, personal_accreditation_id="a-1")
    assert word(at(state, 300, evidence(CARD), other)) == "unauthorised"
    assert word(at(state, 300, evidence(CARD), mine)) == "authorised"


def test_a_declared_check_in_is_declared_and_an_accredited_one_authorised() -> None:
    state = told(entry(1, True))
    guest = CheckInMark(check_in_id="c", kind="declared", at=NOON)
    assert word(at(model.checked_in(state, guest), 300, evidence())) == "declared"
    brief = AccreditationBrief(
        accreditation_id="a-1", municipality_id="m", category="disabled", valid_from=CARD.valid_from,
        valid_to=CARD.valid_to, status="valid",
    )  # fmt: skip
    holder = CheckInMark(check_in_id="c", kind="accredited", at=NOON, accreditation_id="a-1")
    assert word(at(model.checked_in(state, holder), 1, evidence(briefs=(brief,)))) == "authorised"
    ended = msgspec.structs.replace(brief, status="revoked")
    assert word(at(model.checked_in(state, holder), 300, evidence(briefs=(ended,)))) == "unverified"


def test_a_check_in_from_an_earlier_stay_does_not_cover_the_next() -> None:
    state = model.checked_in(told(entry(1, True)), CheckInMark(check_in_id="c", kind="declared", at=NOON))
    state = model.apply_report(state, entry(2, False, 60), "x")
    state = model.apply_report(state, entry(3, True, 120), "stay-3")
    assert word(at(state, 500, evidence())) == "unverified"


def test_an_officers_word_stands_above_the_card() -> None:
    state = model.judged(
        told(entry(1, True, credential="card-1")), "stay-1", Judgement(authorisation="unauthorised", by="officer")
    )
    assert word(at(state, 1, evidence(CARD))) == "unauthorised"


def test_a_word_taken_back_leaves_what_the_evidence_says() -> None:
    word_against = Judgement(authorisation="unauthorised", by="officer")
    state = model.judged(told(entry(1, True, credential="card-1")), "stay-1", word_against)
    assert word(at(model.judged(state, "stay-1", None), 1, evidence(CARD))) == "authorised"


def test_a_word_about_another_stay_changes_nothing() -> None:
    state = told(entry(1, True))
    assert model.judged(state, "stay-9", Judgement(authorisation="authorised", by="plate")) == state


def test_silence_longer_than_two_and_a_half_periods_hides_the_state_until_the_next_word() -> None:
    state = told(entry(1, False))
    assert model.occupancy(BAY, at(state, 1499, evidence()), NOON) == "free"
    silent = at(state, 1500, evidence())
    assert model.occupancy(BAY, silent, NOON) == "unknown"
    assert model.occupancy(BAY, model.apply_report(silent, entry(2, False, 1600), "x"), NOON) == "free"


def test_a_doubt_holds_until_the_next_report() -> None:
    state = model.doubted(told(entry(1, False)), NOON + timedelta(seconds=30))
    assert model.public_occupancy(BAY, state, monitored=True, now=NOON) == "doubtful"
    heard = model.apply_report(state, entry(2, False, 60), "x")
    assert model.public_occupancy(BAY, heard, monitored=True, now=NOON) == "free"


def test_a_doubt_older_than_the_sensors_last_word_changes_nothing() -> None:
    state = told(entry(1, False, 60))
    assert model.doubted(state, NOON) == state


def test_a_closed_bay_is_closed_whatever_the_sensor_says() -> None:
    closed = msgspec.structs.replace(BAY, life="closed")
    assert model.public_occupancy(closed, told(entry(1, False)), monitored=True, now=NOON) == "closed"


def test_a_suspicion_is_told_once_and_only_within_the_rules_hours() -> None:
    state = at(told(entry(1, True)), 300, evidence())
    now = NOON + timedelta(seconds=300)
    assert model.suspicions(state, TERMS, in_force=False, now=now) == ()
    assert model.suspicions(state, TERMS, in_force=True, now=now) == ("unverified",)
    assert state.stay is not None
    seen = msgspec.structs.replace(state, stay=msgspec.structs.replace(state.stay, suspected=("unverified",)))
    assert model.suspicions(seen, TERMS, in_force=True, now=now) == ()


def test_overstay_is_a_kind_of_its_own_even_when_authorised() -> None:
    terms = msgspec.structs.replace(TERMS, max_stay_s=3600)
    state = model.advance(BAY, told(entry(1, True, credential="card-1")), evidence(CARD), terms, NOON)
    assert model.suspicions(state, terms, in_force=True, now=NOON + timedelta(hours=1)) == ("overstay",)


def test_a_swap_makes_the_bay_unknown_and_the_old_device_cannot_move_it() -> None:
    state = model.reassigned(told(entry(1, True)), 2)
    assert model.occupancy(BAY, state, NOON) == "unknown"
    assert not model.is_news(state, entry(9, True, 60))
    assert model.is_news(state, entry(1, True, 60, assignment=2))


def test_a_time_from_the_future_counts_as_seen_at_reception() -> None:
    received = NOON
    seen = entries.place((1, 1, 1), True, NOON + timedelta(minutes=6), received)
    assert seen.clock_suspect
    assert seen.observed_at == received


def test_what_was_seen_more_than_seven_days_ago_is_too_old() -> None:
    assert entries.is_too_old(entries.place((1, 1, 1), True, NOON - timedelta(days=7, seconds=1), NOON))
    assert not entries.is_too_old(entries.place((1, 1, 1), True, NOON - timedelta(days=7), NOON))
