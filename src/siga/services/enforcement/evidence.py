"""The photos of a case: seen by officers, added by them, never handed to anybody else."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from siga.contract.cases import CaseEvidence, EvidencePhoto
from siga.contract.drivers import Declaration, ReportNote
from siga.contract.enforcement import PhotoKept, PhotoReading
from siga.contract.users import Municipality
from siga.kit.problem import NotFound, Problem
from siga.services.enforcement import records
from siga.services.enforcement.model import Case, is_open
from siga.services.enforcement.problems import CaseMoved
from siga.services.enforcement.queue import mine
from siga.services.enforcement.records import CasePhoto
from siga.services.enforcement.store import Scopes
from siga.services.enforcement.tools import Tools, log

T = TypeVar("T")
_USUAL_COUNTRY = "ES"


class Evidence:
    """Asks Images in the name of this service, after it was checked that the case is the caller's to see."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def photos(self, scopes: Scopes, case_id: str) -> CaseEvidence:
        """All photos of a case with what was read in them, and what drivers said."""

        def work(conn: Connection) -> tuple[list[CasePhoto], tuple[str, ...]]:
            case = mine(conn, scopes, case_id)
            return records.photos_of(conn, [case.case_id]), records.reports_of(conn, case.case_id)

        photos, report_ids = await self._tools.database.read(work)
        notes = [await self._from_drivers(f"/internal/v1/reports/{one}", ReportNote) for one in report_ids]
        return CaseEvidence(
            photos=[await self._with_reading(photo) for photo in photos],
            reports=[note for note in notes if note is not None],
            declaration=await self._from_drivers(f"/internal/v1/cases/{case_id}/declaration", Declaration),
        )

    async def _from_drivers(self, path: str, kind: type[T]) -> T | None:
        """What Drivers keeps about it; None when that is erased, was never there, or cannot be asked for now."""
        try:
            return await self._tools.peers["drivers"].get(path, kind)
        except NotFound:
            return None
        except Problem as fault:
            log.warning("drivers_not_asked", why=fault.detail)
            return None

    async def _with_reading(self, photo: CasePhoto) -> EvidencePhoto:
        reading: PhotoReading | None = None
        try:
            path = f"/internal/v1/photos/{photo.photo_id}/reading"
            reading = await self._tools.peers["images"].get(path, PhotoReading)
        except Problem as fault:
            log.warning("reading_not_there", photo_id=photo.photo_id, why=fault.detail)
        taken_at = reading.taken_at if reading and reading.taken_at else photo.stored_at
        return EvidencePhoto(photo_id=photo.photo_id, sha256=photo.sha256, taken_at=taken_at, reading=reading)

    async def picture(self, scopes: Scopes, who: str, case_id: str, photo_id: str, crop: str | None) -> bytes:
        """One photo as a JPEG, without metadata; who looked is logged."""

        def work(conn: Connection) -> CasePhoto | None:
            case = mine(conn, scopes, case_id)
            photo = records.photo(conn, photo_id)
            return photo if photo is not None and photo.case_id == case.case_id else None

        if await self._tools.database.read(work) is None:
            raise NotFound("This case has no such photo.")
        path = f"/internal/v1/photos/{photo_id}"
        answer = await self._tools.peers["images"].request("GET", path, params={"crop": crop}, timeout_s=20.0)
        log.info("photo_seen", case_id=case_id, photo_id=photo_id, by=who)
        return answer.content

    async def add(self, scopes: Scopes, who: str, case_id: str, data: bytes) -> PhotoKept:
        """An officer's own photo of an open case."""
        case = await self._tools.database.read(lambda conn: mine(conn, scopes, case_id))
        if not is_open(case):
            raise CaseMoved(f"The case is '{case.state}': photos are added to open cases only.")
        params = {
            "case_id": case.case_id, "bay_id": case.bay_id, "municipality_id": case.municipality_id,
            "site_country": await self._country(case), "kind": "officer",
        }  # fmt: skip
        answer = await self._tools.peers["images"].request(
            "POST", "/internal/v1/photos", params=params, content=data, content_type="application/octet-stream"
        )
        log.info("photo_added", case_id=case_id, by=who)
        return msgspec.json.decode(answer.content, type=PhotoKept)

    async def _country(self, case: Case) -> str:
        """Where the bay stands, for the reader's choice of grammars; a guess must not hold up a photo."""
        try:
            known = await self._tools.peers["users"].get("/internal/v1/municipalities", list[Municipality])
        except Problem:
            return _USUAL_COUNTRY
        return next((m.country for m in known if m.municipality_id == case.municipality_id), _USUAL_COUNTRY)
