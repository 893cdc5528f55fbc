"""A case as officers are shown it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from siga.contract.cases import CasePlate, CaseStep, CaseView
from siga.services.enforcement.certainty import certainty
from siga.services.enforcement.model import Case


def view(
    case: Case, plate: CasePlate | None, photo_ids: Sequence[str], steps: list[CaseStep] | None = None
) -> CaseView:
    """The case with its plate, photos and, if one case was asked for, its steps."""
    return CaseView(
        case_id=case.case_id, municipality_id=case.municipality_id, bay_id=case.bay_id, code=case.code,
        address=case.address, lon=case.lon, lat=case.lat, category=case.category, zone_id=case.zone_id,
        reason=case.reasons[0], reasons=list(case.reasons), state=case.state, outcome=case.outcome,
        occupied_since=case.occupied_since, opened_at=case.opened_at, still_there=case.still_there,
        gone_at=case.gone_at, certainty=certainty(case), plate=plate, photo_ids=list(photo_ids),
        photo_state=case.photo_state, photo_until=case.photo_until, complete=case.complete, reports=case.reports,
        holder_id=case.holder_id, undo_until=case.undo_until, listed_until=case.listed_until,
        closed_at=case.closed_at, version=case.version, changed_at=case.changed_at, personal=case.personal,
        simulated=case.simulated, note=case.note, resolution=case.resolution, steps=steps,
    )  # fmt: skip
