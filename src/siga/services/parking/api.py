"""Parking's public routes: what anyone may read of the bays, and addresses to search by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.params import Parameter
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims, municipalities_of
from siga.contract.parking import Bay, BayList, BayView, Category, Life
from siga.kit.clock import Clock
from siga.kit.geo import on_earth, parse_box
from siga.kit.problem import FieldFault, Invalid, NotFound
from siga.services.parking.picture import Picture
from siga.services.parking.requests import AddressList
from siga.services.parking.service import Parking
from siga.services.parking.town import OffTheEarth, Town, fold_text

Limit = Annotated[int, Parameter(ge=1, le=100, description="how many at most")]
PageLimit = Annotated[int, Parameter(ge=1, le=1000, description="how many at most")]


def public_handlers(parking: Parking, town: Town, clock: Clock) -> Sequence[ControllerRouterHandler]:
    """Handlers of the public reads."""
    picture = parking.picture

    @get("/api/v1/bays/nearest", tags=["bays"], sync_to_thread=False)
    def nearest(lon: float, lat: float, category: Category | None = None, limit: Limit = 10,
                max_distance_m: float | None = None, occupancy: str = "free") -> BayList:  # fmt: skip
        """Bays nearest to a position (degrees, longitude first), nearest first.

        `occupancy=free` (default): free monitored bays; when they are too few, unmonitored ones follow, so labelled,
        then doubtful ones. `any`: free ones first, then all others by distance.
        """
        if not on_earth(lon, lat):
            fault = FieldFault("/lon", "longitude is -180 to 180, latitude -90 to 90")
            raise OffTheEarth("Longitude is -180 to 180, latitude -90 to 90.", errors=[fault])
        if occupancy not in ("free", "any"):
            raise Invalid("occupancy is 'free' or 'any'.", errors=[FieldFault("/occupancy", "must be 'free' or 'any'")])
        found = picture.nearest(
            lon, lat, category=category, only_free=occupancy == "free", limit=limit, max_distance_m=max_distance_m,
            now=clock(),
        )  # fmt: skip
        return BayList(bays=found, position=picture.position)

    @get("/api/v1/bays", tags=["bays"], sync_to_thread=False)
    def in_box(request: Request[Any, Any, Any], caller: Claims, bbox: str = "-180,-90,180,90",
               category: Category | None = None, occupancy: str | None = None, limit: PageLimit = 200,
               cursor: str | None = None, municipality_id: str | None = None, zone_id: str | None = None,
               life: Life | None = None, q: str = "") -> Response[Any]:  # fmt: skip
        """Bays in a box `minlon,minlat,maxlon,maxlat`, in pages; with `Accept: application/geo+json` as features.

        `q` is looked for in code and address. Staff see their municipality's personal, planned and retired bays
        besides, with authorisation and devices.
        """
        box = parse_box(bbox)
        if box is None:
            fault = FieldFault("/bbox", "must be minlon,minlat,maxlon,maxlat on the earth")
            raise OffTheEarth("The box cannot be read.", errors=[fault])
        page: list[BayView] = []
        after, more, words = cursor or "", None, fold_text(q)
        for bay in picture.in_box(box, category, municipalities_of(caller, "map.read_all")):
            if bay.bay_id <= after or municipality_id not in (None, bay.municipality_id):
                continue
            if zone_id not in (None, bay.zone_id) or life not in (None, bay.life):
                continue
            if words and words not in fold_text(f"{bay.code} {bay.address}"):
                continue
            view = seen_by(caller, picture, bay, clock)
            if occupancy not in (None, "any", view.occupancy):
                continue
            if len(page) == limit:
                more = page[-1].bay_id
                break
            page.append(view)
        return _as_asked(request, BayList(bays=page, next=more, position=picture.position))

    @get("/api/v1/bays/by-code/{municipality:str}/{code:str}", tags=["bays"], sync_to_thread=False)
    def by_code(municipality: str, code: str) -> BayView:
        """The bay whose sign carries `/b/{municipality}/{code}` (D22)."""
        bay = picture.bay_by_code(municipality, code)
        if bay is None or not picture.is_public(bay):
            raise NotFound("There is no bay with this code.")
        return picture.view(bay, picture.states[bay.bay_id], clock())

    @get("/api/v1/bays/{bay_id:str}", tags=["bays"], sync_to_thread=False)
    def one(request: Request[Any, Any, Any], caller: Claims, bay_id: str) -> Response[Any]:
        """One bay, with an ETag that changes with its state."""
        bay = picture.bays.get(bay_id)
        mine = municipalities_of(caller, "map.read_all")
        if bay is None or not (picture.is_public(bay) or bay.municipality_id in mine):
            raise NotFound("There is no such bay.")
        view = seen_by(caller, picture, bay, clock)
        body = msgspec.json.encode(view)
        state = picture.states[bay_id]
        heard = int(state.heard_at.timestamp() * 1000) if state.heard_at else 0
        tag = f'"{bay.version}.{state.sequence}.{heard}.{view.occupancy}{"s" if bay.municipality_id in mine else ""}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Authorization, Cookie"}
        if request.headers.get("if-none-match") == tag:
            return Response(b"", status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    @get("/api/v1/addresses", tags=["bays"])
    async def addresses(q: str, limit: Limit = 10, municipality_id: str | None = None) -> AddressList:
        """Places whose address holds every word of `q`; an empty list says that none matches."""
        return AddressList(addresses=await town.find_addresses(q, limit, municipality_id))

    return [nearest, in_box, by_code, one, addresses]


def seen_by(caller: Claims, picture: Picture, bay: Bay, clock: Clock) -> BayView:
    """The bay as this caller may see it."""
    state, now = picture.states[bay.bay_id], clock()
    if bay.municipality_id in municipalities_of(caller, "map.read_all"):
        return picture.staff_view(bay, state, now)
    return picture.view(bay, state, now)


def _as_asked(request: Request[Any, Any, Any], page: BayList) -> Response[Any]:
    if "application/geo+json" not in request.headers.get("accept", ""):
        return Response(msgspec.json.encode(page), media_type="application/json")
    features = [
        {"type": "Feature", "id": view.bay_id, "geometry": {"type": "Point", "coordinates": [view.lon, view.lat]},
         "properties": {k: v for k, v in msgspec.to_builtins(view).items() if k not in ("lon", "lat", "bay_id")}}
        for view in page.bays
    ]  # fmt: skip
    body = {"type": "FeatureCollection", "features": features, "next": page.next, "position": page.position}
    return Response(msgspec.json.encode(body), media_type="application/geo+json")
