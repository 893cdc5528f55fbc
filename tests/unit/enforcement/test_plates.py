"""Which plate stands on a case, and what a look-up means at a bay."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from siga.contract.enforcement import PlateCandidate
from siga.contract.users import AccreditationBrief, CredentialAnswer
from siga.kit.problem import Invalid
from siga.services.enforcement import plates

T0 = datetime(2026, 11, 22, 9, tzinfo=UTC)
READ = [PlateCandidate(plate="1234BCD", confidence=0.9), PlateCandidate(plate="1234BCO", confidence=0.3)]
BRIEF = AccreditationBrief(
    accreditation_id="acc", municipality_id="town", category="disabled", valid_from=date(2026, 1, 1),
    valid_to=date(2027, 1, 1), status="valid",
)  # fmt: skip
VALID = CredentialAnswer(index=0, credential="x", accreditation=BRIEF, valid=True, reason="valid")


def test_the_surer_of_two_readings_stands():
    first = plates.with_reading(None, READ[1:])
    assert first is not None
    better = plates.with_reading(first, READ)
    assert better is not None
    assert better.plate == "1234BCD"
    assert plates.with_reading(better, READ[1:]) is better


def test_what_an_officer_typed_stands_against_every_reading_and_keeps_its_trace():
    read = plates.with_reading(None, READ)
    typed = plates.corrected(read, "1234BCF", "ana", T0)
    assert (typed.plate, typed.read_as, typed.corrected_by) == ("1234BCF", "1234BCD", "ana")
    assert plates.with_reading(typed, READ) is typed
    assert plates.corrected(typed, "1234BCG", "ben", T0).read_as == "1234BCD"


def test_a_plate_is_kept_without_separators_whatever_was_typed():
    assert plates.tidy(" 1234-bcd ") == "1234BCD"
    with pytest.raises(Invalid):
        plates.tidy("-")


def test_the_candidate_that_users_knows_is_put_in_front():
    read = plates.with_reading(None, READ)
    assert read is not None
    known = plates.chosen(read, msgspec.structs.replace(VALID, index=1), READ)
    assert (known.plate, known.confidence) == ("1234BCO", 0.3)


@pytest.mark.parametrize(
    ("answer", "category", "personal", "expected"),
    [
        (VALID, "disabled", False, "accredited"),
        (VALID, "taxi", False, "other_category"),
        (VALID, "disabled", True, "personal_bay"),
        (CredentialAnswer(), "disabled", False, "unknown"),
        (msgspec.structs.replace(VALID, valid=False, reason="expired"), "disabled", False, "expired"),
    ],
)
def test_what_a_look_up_means(answer: CredentialAnswer, category: str, personal: bool, expected: str):
    assert plates.meaning(answer, category, personal) == expected  # type: ignore[arg-type]
