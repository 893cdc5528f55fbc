"""What Drivers asks of other services, and what holds while they are away."""

from __future__ import annotations

import msgspec

from siga.contract.base import Word
from siga.contract.enforcement import OnDuty, PhotoKept
from siga.contract.history import Receipt, ReceiptAsk
from siga.contract.parking import StaffBayView
from siga.contract.users import AccreditationBrief
from siga.kit.peers import Peers
from siga.kit.problem import Problem

_SOON_S = 3.0
"""How long an answer that only makes ours better is waited for."""


class PhotoOf(Word):
    """What a reporter's picture is of."""

    report_id: str
    bay_id: str
    municipality_id: str
    country: str


class Neighbours:
    """The other services, asked in Drivers' own name."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def accreditations(self, user_id: str) -> list[AccreditationBrief]:
        """What a person claimed; Unavailable while Users is away, since nothing may be guessed here."""
        path = f"/internal/v1/people/{user_id}/accreditations"
        return await self._peers["users"].get(path, list[AccreditationBrief])

    async def nobody_on_duty(self, municipality_id: str) -> bool:
        """Whether it is known that no officer is on duty there; False while Enforcement is away."""
        try:
            answer = await self._peers["enforcement"].get(
                "/internal/v1/duty", OnDuty, params={"municipality_id": municipality_id}, timeout_s=_SOON_S
            )
        except Problem:
            return False
        return answer.on_duty < 1

    async def bay(self, bay_id: str) -> StaffBayView | None:
        """The bay as it is now, with its rule's limits; None while Parking is away or does not know it."""
        try:
            return await self._peers["parking"].get(f"/internal/v1/bays/{bay_id}", StaffBayView, timeout_s=_SOON_S)
        except Problem:
            return None

    async def keep_photo(self, about: PhotoOf, jpeg: bytes) -> PhotoKept:
        """Give a reporter's picture to Images, under the report's id; its refusals come through."""
        params = {
            "case_id": about.report_id, "bay_id": about.bay_id, "municipality_id": about.municipality_id,
            "site_country": about.country, "kind": "report",
        }  # fmt: skip
        answer = await self._peers["images"].request(
            "POST", "/internal/v1/photos", params=params, content=jpeg, content_type="image/jpeg", timeout_s=30.0
        )
        return msgspec.json.decode(answer.content, type=PhotoKept)

    async def receipt(self, ask: ReceiptAsk) -> Receipt:
        """History's signed receipt for a stay (D13); its refusals come through."""
        return await self._peers["history"].post("/internal/v1/receipts", ask, Receipt)
