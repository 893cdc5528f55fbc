"""What other services ask of Enforcement."""

from __future__ import annotations

from litestar import get
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims
from siga.contract.enforcement import OnDuty, PhotoTasks
from siga.contract.parking import PhotoTask
from siga.kit.http import need_service
from siga.services.enforcement.duty import Duties
from siga.services.enforcement.tasks import PhotoDesk


def handlers(desk: PhotoDesk, duties: Duties) -> list[ControllerRouterHandler]:
    """All internal routes of this service but its journal."""

    @get("/internal/v1/tasks")
    async def tasks(caller: Claims, device_id: str, wait_s: float = 0.0) -> PhotoTasks:
        """Photos wanted from a camera; waits up to `wait_s` (25 at most) for the first one."""
        need_service(caller, "gateway")
        return await desk.wait(device_id, wait_s)

    @get("/internal/v1/tasks/{case_id:str}")
    async def task(caller: Claims, case_id: str, device_id: str) -> PhotoTask:
        """One task; 404 when that camera has none for the case."""
        need_service(caller, "gateway")
        return await desk.one(case_id, device_id)

    @get("/internal/v1/duty")
    async def duty(caller: Claims, municipality_id: str) -> OnDuty:
        """How many officers are on duty in a municipality."""
        need_service(caller)
        return await duties.count(municipality_id)

    return [tasks, task, duty]
