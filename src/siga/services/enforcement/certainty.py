"""What speaks for a suspicion and what is missing, as keys; and which case is worth an officer's way first. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from siga.contract.cases import Certainty
from siga.services.enforcement.model import Case

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_CARD = {
    "none": (False, "card_not_read", 0),
    "unknown": (True, "card_unknown", 5),
    "suspended": (True, "card_suspended", 20),
    "revoked": (True, "card_revoked", 30),
    "valid": (True, "card_not_for_this_bay", 20),
}
_CHECK_IN = {"accredited": "checked_in", "declared": "declared"}
_PHOTO = {
    "arrived": (True, "photo_there", 10),
    "wanted": (False, "photo_awaited", 0),
    "not_coming": (False, "photo_not_coming", 0),
    "none": (False, "no_camera", 0),
}
_PLATE = {
    "none": (False, "no_plate", 0),
    "pending": (True, "plate_being_looked_up", 0),
    "accredited": (True, "plate_accredited", -40),
    "other_category": (True, "plate_of_other_category", 10),
    "personal_bay": (True, "plate_accredited_but_personal_bay", 0),
    "expired": (True, "plate_accreditation_expired", 25),
    "not_yet": (True, "plate_accreditation_not_yet_valid", 15),
    "suspended": (True, "plate_accreditation_suspended", 20),
    "revoked": (True, "plate_accreditation_revoked", 25),
    "unknown": (True, "plate_without_accreditation_here", 10),
}
_SENSOR = {True: "vehicle_there", False: "vehicle_gone", None: "no_signal"}
_AUTHORISATION = {"authorised": -30, "declared": -15, "unauthorised": 40}


def certainty(case: Case) -> list[Certainty]:
    """Every piece of evidence, known or missing, each with the key of what it says."""
    return [word for word, _ in _weighed(case)]


def _weighed(case: Case) -> list[tuple[Certainty, int]]:
    found = [_sensor(case), _identify(case)]
    card = case.evidence.get("card")
    if isinstance(card, str):
        found.append(_word("card", *_CARD.get(card, (True, f"card_{card}", 5))))
    if "check_in" in case.evidence:
        check_in = case.evidence["check_in"]
        found.append(_word("check_in", check_in is not None, _CHECK_IN.get(str(check_in), "no_check_in"), 0))
    authorisation = str(case.evidence.get("authorisation"))
    if authorisation in _AUTHORISATION:
        found.append(_word("authorisation", True, f"now_{authorisation}", _AUTHORISATION[authorisation]))
    if "overstay" in case.reasons:
        found.append(_word("duration", True, "longer_than_allowed", 20))
    found.append(_word("photo", *_PHOTO[case.photo_state]))
    found.append(_word("plate", *_plate(case)))
    if case.reports:
        found.append(_word("reports", True, "reported_by_people", min(15 * case.reports, 30)))
    if case.opened_by != "siga":
        found.append(_word("officer", True, "seen_by_officer", 40))
    return found


def _sensor(case: Case) -> tuple[Certainty, int]:
    sensor = case.evidence.get("sensor")
    if case.still_there is None and sensor is not True:
        says = "sensor_says_free" if sensor == "free" else "not_monitored" if sensor is None else "no_signal"
        return _word("sensor", False, says, 0)
    return _word("sensor", case.still_there is not None, _SENSOR[case.still_there], 20 if case.still_there else 0)


def _identify(case: Case) -> tuple[Certainty, int]:
    can = bool(case.evidence.get("identify"))
    return _word("identify", can, "bay_can_identify" if can else "bay_cannot_identify", 5 if can else 0)


def _plate(case: Case) -> tuple[bool, str, int]:
    if case.plate_check == "none" and case.plate_sealed is not None:
        return True, "plate_read", 5
    return _PLATE[case.plate_check]


def _word(evidence: str, known: bool, says: str, weight: int) -> tuple[Certainty, int]:
    return Certainty(evidence=evidence, known=known, says=says), weight


def actionability(case: Case) -> str:
    """A text that sorts open cases: still there before nobody knows before gone, then certainty, then the oldest."""
    there = {True: 0, None: 1, False: 2}[case.still_there]
    weight = min(max(sum(weight for _, weight in _weighed(case)), 0), 999)
    age = (case.opened_at - _EPOCH) // timedelta(microseconds=1)
    return f"{there}{999 - weight:03d}{age:018d}"
