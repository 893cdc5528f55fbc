"""`/demo/upload`: a file of bays of one's own, first looked at, then taken into the town."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse
from litestar.types import ControllerRouterHandler

from siga.contract.parking import CATEGORIES, BayList, BayView
from siga.kit.bay_files import BayDraft, RefusedRow
from siga.kit.geo import distance_m
from siga.kit.problem import Invalid, Problem
from siga.services.gateway.pages.demo.backstage import Backstage
from siga.services.gateway.pages.driver.sketch import sketch
from siga.services.gateway.pages.driver.views import bay_words
from siga.services.gateway.pages.forms import Faults, problem_words
from siga.services.gateway.pages.web import Page, Visitor

_MOST_FILES = 4
_MOST_BYTES = 8 * 1024 * 1024
EXAMPLE = (
    "codigo;tipo;direccion;lon;lat;anchura\n"
    "MIA-1;movilidad reducida;Calle de la Estrella, 3;{lon1};{lat1};3,6\n"
    "MIA-2;movilidad reducida;Calle de la Estrella, 5;{lon2};{lat2};3,6\n"
    "MIA-3;carga y descarga;Plaza Nueva, 1;{lon3};{lat3};2,5\n"
    "MIA-4;movilidad reducida;Calle sin sitio, 9;200;{lat3};3,6\n"
)
"""Three good rows, and one with a position off the earth so that a refusal can be seen."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What Parking says of a file."""

    created: int
    updated: int
    unchanged: int
    refused: list[RefusedRow]
    notes: list[str] = []
    preview: list[BayDraft] = []


@dataclass(frozen=True)
class _File:
    name: str
    body: bytes
    category: str | None


def handlers(backstage: Backstage) -> list[ControllerRouterHandler]:
    """The form, the look at a file, the taking of it, an example."""
    waiting: dict[str, _File] = {}

    @get("/demo/upload")
    async def form(visitor: Visitor) -> Page:
        """The form."""
        return _form(visitor)

    @post("/demo/upload")
    async def look(visitor: Visitor) -> Page:
        """What the file would do; nothing is changed."""
        sent = await visitor.form()
        body, kind = sent.files.get("file", b""), sent.text("category")
        if not body or len(body) > _MOST_BYTES:
            return _form(visitor, Faults({"file": visitor.t("demo.upload.fault.file")}))
        file = _File(_name_of(body), body, kind if kind in CATEGORIES else None)
        try:
            result = await _import(backstage, file, dry_run=True)
        except Problem as problem:
            if problem.status >= 500:
                raise
            return _form(visitor, Faults({"file": problem.detail or problem_words(problem, visitor.t)}))
        if result.unchanged and not (result.created or result.updated):
            return await _done(backstage, visitor, result)
        while len(waiting) >= _MOST_FILES:
            del waiting[next(iter(waiting))]
        key = secrets.token_urlsafe(16)
        waiting[key] = file
        return visitor.page("demo/upload_look.html", here="demo", result=result, key=key)

    @post("/demo/upload/take")
    async def take(visitor: Visitor) -> Page:
        """Take the file that was looked at."""
        file = waiting.pop((await visitor.form()).text("key"), None)
        if file is None:
            raise Invalid("This file is not waiting any more: send it again.")
        result = await _import(backstage, file, dry_run=False)
        backstage.stage.note("import")
        return await _done(backstage, visitor, result)

    @get("/demo/example.csv")
    async def example(visitor: Visitor) -> ASGIResponse:
        """A file to try it with: three bays near the middle of the town."""
        town = await visitor.web.towns.one(backstage.known().municipality_id)
        lon, lat = (town.lon or 0.0, town.lat or 0.0) if town else (0.0, 0.0)
        steps = ((1, 0.0004, 0.0001), (2, 0.0005, 0.0001), (3, -0.0003, 0.0003))
        places = {f"lon{n}": _comma(lon + dx) for n, dx, _ in steps} | {
            f"lat{n}": _comma(lat + dy) for n, _, dy in steps
        }
        headers = {"content-disposition": 'attachment; filename="plazas.csv"', "cache-control": "no-store"}
        body = EXAMPLE.format(**places).encode()
        return ASGIResponse(body=body, media_type="text/csv; charset=utf-8", headers=headers)

    return [form, look, take, example]


async def _done(backstage: Backstage, visitor: Visitor, result: Result) -> Page:
    """What became of it, with the new bays where they lie."""
    town = await visitor.web.towns.one(backstage.known().municipality_id)
    bays = await _found_again(backstage, result.preview)
    lon, lat = (bays[0].lon, bays[0].lat) if bays else (0.0, 0.0)
    slugs = {town.municipality_id: town.slug} if town else {}
    near = [msgspec.structs.replace(bay, distance_m=distance_m(lon, lat, bay.lon, bay.lat)) for bay in bays]
    cards = [bay_words(bay, visitor.t, slugs, number) for number, bay in enumerate(near, 1)]
    return visitor.page(
        "demo/upload_done.html", here="demo", result=result, cards=cards, sketch=sketch(cards, lon, lat), lon=lon,
        lat=lat,
    )  # fmt: skip


async def _found_again(backstage: Backstage, drafts: Sequence[BayDraft]) -> list[BayView]:
    """The bays that the first rows became: those of that place and kind."""
    if not drafts:
        return []
    lons, lats = [draft.lon for draft in drafts], [draft.lat for draft in drafts]
    box = f"{min(lons) - 1e-6:.7f},{min(lats) - 1e-6:.7f},{max(lons) + 1e-6:.7f},{max(lats) + 1e-6:.7f}"
    params = {"bbox": box, "limit": 1000, "municipality_id": backstage.known().municipality_id}
    found = await backstage.ask("administrator", "parking", "GET", "/api/v1/bays", BayList, params=params)
    places = {(bay.lon, bay.lat, bay.category): bay for bay in found.bays}
    wanted = dict.fromkeys((draft.lon, draft.lat, draft.category) for draft in drafts)
    return [places[place] for place in wanted if place in places]


def _form(visitor: Visitor, faults: Faults | None = None) -> Page:
    kinds = [("", visitor.t("demo.upload.own_kind")), *((name, visitor.t(f"category.{name}")) for name in CATEGORIES)]
    return visitor.page(
        "demo/upload.html", status=422 if faults else 200, here="demo", faults=faults or Faults(), kinds=kinds
    )


async def _import(backstage: Backstage, file: _File, *, dry_run: bool) -> Result:
    params = {
        "municipality_id": backstage.known().municipality_id, "filename": file.name, "category": file.category,
        "dry_run": dry_run, "anywhere": True,
    }  # fmt: skip
    return await backstage.ask(
        "administrator", "parking", "POST", "/api/v1/bays/import", Result, params=params, content=file.body,
        content_type="application/octet-stream",
    )  # fmt: skip


def _name_of(body: bytes) -> Literal["bays.geojson", "bays.csv"]:
    """What the file seems to be; its own name does not come along with its bytes."""
    return "bays.geojson" if body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[") else "bays.csv"


def _comma(value: float) -> str:
    return f"{value:.6f}".replace(".", ",")
