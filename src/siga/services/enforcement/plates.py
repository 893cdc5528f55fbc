"""The plate of a case: which reading stands, how an officer's correction is traced, what a look-up means. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from siga.contract.cases import CasePlate, PlateCheck
from siga.contract.enforcement import PlateCandidate
from siga.contract.parking import Category
from siga.contract.users import CredentialAnswer
from siga.kit.problem import FieldFault, Invalid

_SHORTEST, _LONGEST = 2, 12


def tidy(text: str) -> str:
    """A plate as typed, in the form all plates are kept in: capitals and digits alone; Invalid when it is none."""
    plain = "".join(letter for letter in text.upper() if letter.isalnum())
    if not _SHORTEST <= len(plain) <= _LONGEST:
        fault = FieldFault("/plate", f"must have {_SHORTEST} to {_LONGEST} letters and digits")
        raise Invalid("That is no number plate.", errors=[fault])
    return plain


def with_reading(known: CasePlate | None, found: Sequence[PlateCandidate]) -> CasePlate | None:
    """The plate after another photo was read: an officer's word stands, else the surer reading."""
    if not found:
        return known
    if known is not None and (known.corrected_by is not None or (known.confidence or 0.0) >= found[0].confidence):
        return known
    return CasePlate(plate=found[0].plate, confidence=found[0].confidence, candidates=list(found))


def corrected(known: CasePlate | None, plate: str, who: str, now: datetime) -> CasePlate:
    """The plate as an officer sees it; what had been read stays beside it."""
    read_as = None if known is None else known.read_as or (known.plate if known.corrected_by is None else None)
    return CasePlate(
        plate=plate, candidates=known.candidates if known else [], read_as=read_as, corrected_by=who, corrected_at=now
    )


def chosen(plate: CasePlate, answer: CredentialAnswer, found: Sequence[PlateCandidate]) -> CasePlate:
    """The plate with the candidate in front that Users knows, if it knows one."""
    if answer.index is None or plate.corrected_by is not None or answer.index >= len(found):
        return plate
    known = found[answer.index]
    return msgspec.structs.replace(plate, plate=known.plate, confidence=known.confidence)


def meaning(answer: CredentialAnswer, category: Category, personal: bool) -> PlateCheck:
    """What the answer means at this bay."""
    if answer.index is None or answer.accreditation is None:
        return "unknown"
    if not answer.valid:
        return "unknown" if answer.reason == "valid" else answer.reason
    if personal:
        return "personal_bay"
    return "accredited" if answer.accreditation.category == category else "other_category"
