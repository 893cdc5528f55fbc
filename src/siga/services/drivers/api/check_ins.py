"""Routes of check-ins."""

from __future__ import annotations

from litestar import Response, delete, get, post
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims
from siga.contract.drivers import CheckInAsk, CheckInList, CheckInView, CurrentCheckIn, Declaration, GuestCheckInAsk
from siga.contract.history import Receipt
from siga.kit.http import need_service
from siga.services.drivers.api.callers import anyone, driver
from siga.services.drivers.service.check_ins import CheckIns


def handlers(check_ins: CheckIns) -> list[ControllerRouterHandler]:
    """Begin, show, end; the receipt; what an officer may see."""
    return [*_begin(check_ins), *_after(check_ins)]


def _begin(check_ins: CheckIns) -> list[ControllerRouterHandler]:
    @post("/api/v1/check-ins")
    async def check_in(caller: Claims, data: CheckInAsk) -> CheckInView:
        """Say that it is you who stands in this bay, by an accreditation you claimed.

        Without one that allows the bay: 409 `no-accreditation`, which says what to do. A bay has one open check-in:
        409 `already-checked-in` tells since when. An open check-in of yours at another bay ends.
        """
        return await check_ins.begin(driver(caller), data)

    @post("/api/v1/check-ins/guest")
    async def check_in_as_guest(caller: Claims, data: GuestCheckInAsk) -> CheckInView:
        """Declare a card that SIGA cannot check, such as another town's; no account is needed.

        What you declare is sealed at once and erased after the stay, unless an officer works a case about it.
        """
        return await check_ins.begin_declared(anyone(caller), data)

    @get("/api/v1/check-ins/current")
    async def current_check_in(caller: Claims) -> CurrentCheckIn:
        """Your open check-in, if there is one, with the limit of the stay (`leave_by`)."""
        return await check_ins.current(anyone(caller))

    @get("/api/v1/check-ins")
    async def list_check_ins(caller: Claims) -> CheckInList:
        """Your check-ins of the last seven days, newest first."""
        return await check_ins.lately(anyone(caller))

    return [check_in, check_in_as_guest, current_check_in, list_check_ins]


def _after(check_ins: CheckIns) -> list[ControllerRouterHandler]:
    @delete("/api/v1/check-ins/{check_in_id:str}", status_code=200)
    async def delete_check_in(caller: Claims, check_in_id: str) -> CheckInView:
        """End your check-in. One that has ended stays as it is."""
        return await check_ins.end(anyone(caller), check_in_id)

    @post("/api/v1/check-ins/{check_in_id:str}/end", status_code=200)
    async def end_check_in(caller: Claims, check_in_id: str) -> CheckInView:
        """End your check-in. One that has ended stays as it is."""
        return await check_ins.end(anyone(caller), check_in_id)

    @get("/api/v1/check-ins/{check_in_id:str}/receipt")
    async def receipt(caller: Claims, check_in_id: str) -> Response[Receipt]:
        """The signed receipt of your stay, once the check-in has ended: keep it, SIGA forgets who parked."""
        made = await check_ins.receipt(anyone(caller), check_in_id)
        return Response(made, headers={"cache-control": "no-store"})

    @get("/internal/v1/cases/{case_id:str}/declaration", include_in_schema=False)
    async def declaration(caller: Claims, case_id: str) -> Declaration:
        """What a guest declared for the stay that an open case is about; for Enforcement alone."""
        need_service(caller, "enforcement")
        return await check_ins.declaration(case_id)

    return [delete_check_in, end_check_in, receipt, declaration]
