"""Images over HTTP: photos for other services, the queue for those who look after it."""

from __future__ import annotations

from typing import Any, Literal

from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims, municipalities_of
from siga.contract.enforcement import JobsOverview, PhotoHold, PhotoKept, PhotoReading
from siga.contract.parking import StaffBayView
from siga.kit.http import need, need_service
from siga.kit.paging import limit_of
from siga.kit.peers import Peers
from siga.kit.problem import Invalid
from siga.services.images.jobs import PhotoKind
from siga.services.images.service import Images, PhotoFor

_WRITERS = ("gateway", "enforcement", "drivers")
_READER = "enforcement"
_LONGEST_ID = 36
_MOST = 200


def handlers(images: Images, peers: Peers) -> list[ControllerRouterHandler]:
    """All routes of this service."""
    return [*_photos(images, peers), *_queue(images)]


def _photos(images: Images, peers: Peers) -> list[ControllerRouterHandler]:
    @post("/internal/v1/photos")
    async def keep_photo(
        request: Request[Any, Any, Any], caller: Claims, case_id: str, bay_id: str, site_country: str = "ES",
        kind: PhotoKind = "camera", municipality_id: str | None = None,
    ) -> PhotoKept:  # fmt: skip
        """Keep the raw JPEG, PNG or WebP in the body (at most 8 MiB) for a case and put it into the queue."""
        need_service(caller, *_WRITERS)
        if not (0 < len(case_id) <= _LONGEST_ID and len(site_country) == 2 and site_country.isalpha()):
            raise Invalid("A photo needs a case's id and a country of two letters.")
        data = await request.body()
        if municipality_id is None:
            municipality_id = (await peers["parking"].get(f"/internal/v1/bays/{bay_id}", StaffBayView)).municipality_id
        purpose = PhotoFor(
            case_id=case_id, bay_id=bay_id, municipality_id=municipality_id, site_country=site_country.upper(),
            kind=kind,
        )  # fmt: skip
        return await images.keep(data, purpose)

    @get("/internal/v1/photos/{photo_id:str}")
    async def photo(caller: Claims, photo_id: str, crop: Literal["plate"] | None = None) -> Response[bytes]:
        """The photo as a JPEG made anew, without metadata; `crop=plate` shows the plate and what is around it."""
        need_service(caller, _READER)
        jpeg = await images.picture(photo_id, plate_only=crop == "plate")
        return Response(jpeg, media_type="image/jpeg", headers={"cache-control": "no-store"})

    @get("/internal/v1/photos/{photo_id:str}/reading")
    async def reading(caller: Claims, photo_id: str) -> PhotoReading:
        """The plates read in a photo, best first."""
        need_service(caller, _READER)
        return await images.reading(photo_id)

    @post("/internal/v1/photos/{photo_id:str}/hold", status_code=204)
    async def hold(caller: Claims, photo_id: str, data: PhotoHold) -> None:
        """Keep a photo beyond its time, or let it go."""
        need_service(caller, _READER)
        await images.hold(photo_id, data.until)

    return [keep_photo, photo, reading, hold]


def _queue(images: Images) -> list[ControllerRouterHandler]:
    @get("/api/v1/images/jobs")
    async def jobs(caller: Claims, limit: int = 50, cursor: str | None = None) -> JobsOverview:
        """The photo queue of your municipalities: counts by state, the oldest wait, and photos that were set aside."""
        need(caller, "images.queue")
        return await images.jobs(municipalities_of(caller, "images.queue"), cursor, limit_of(limit, _MOST))

    @post("/api/v1/images/jobs/{job_id:str}/retry", status_code=200)
    async def retry(caller: Claims, job_id: str) -> dict[str, str]:
        """Let a photo that was set aside be read again; a job that was not set aside stays as it is."""
        need(caller, "images.queue")
        state = await images.retry(job_id, municipalities_of(caller, "images.queue"))
        return {"job_id": job_id, "state": state}

    return [jobs, retry]
