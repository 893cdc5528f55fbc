"""The photo queue: how many photos wait, and those that were set aside because they could not be read."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.enforcement import JobsOverview
from siga.services.gateway.pages.admin.desk import Desk, desk_router, seg
from siga.services.gateway.pages.web import Page, Web

_PAGE = 50
STATES = ("waiting", "running", "done", "quarantined")


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of the queue."""
    return [desk_router("queue", [table, retry])]


@get("/admin/queue")
async def table(desk: Desk, cursor: str = "") -> Page:
    """How the queue stands."""
    found = await desk.visitor.get("images", "/api/v1/images/jobs", JobsOverview, limit=_PAGE, cursor=cursor or None)
    return desk.page(
        "queue.html", queue=found, counts=[(name, found.counts.get(name, 0)) for name in STATES], first=not cursor
    )


@post("/admin/queue/{job_id:str}/retry")
async def retry(desk: Desk, job_id: str) -> Page:
    """Let a photo that was set aside be read again."""
    await desk.visitor.form()
    await desk.visitor.post("images", f"/api/v1/images/jobs/{seg(job_id)}/retry", {}, dict[str, Any])
    return desk.done("/admin/queue", "retried")
