"""Parking's public routes: what anyone may read of the bays, and addresses to search by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, cast

import msgspec
from litestar import Request, Response, get
from litestar.params import Parameter
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims
from siga.contract.parking import BayList, BayView, Category, Life, PublicOccupancy
from siga.kit.clock import Clock
from siga.kit.geo import parse_box
from siga.kit.problem import FieldFault, Invalid, NotFound
from siga.services.parking.device_desk import DeviceDesk
from siga.services.parking.groups import Sharing
from siga.services.parking.kinds import WORDS
from siga.services.parking.picture import Picture
from siga.services.parking.reads import OffTheEarth, Reads, Tagged, cut, is_same, tag_of
from siga.services.parking.requests import AddressList
from siga.services.parking.sight import Sight
from siga.services.parking.text import fold_text
from siga.services.parking.town import Town

_ONE_OF = f"must be any, {', '.join(WORDS)}"
Limit = Annotated[int, Parameter(ge=1, le=100, description="how many at most")]
Words = Annotated[str, Parameter(max_length=200, description="words to look for, at most 200 characters")]
PageLimit = Annotated[int, Parameter(ge=1, le=1000, description="how many at most")]


def public_handlers(reads: Reads, desk: DeviceDesk, town: Town, clock: Clock) -> Sequence[ControllerRouterHandler]:
    """Handlers of the public reads."""
    picture = reads.picture

    @get("/api/v1/bays/nearest", tags=["bays"], sync_to_thread=False)
    def nearest(request: Request[Any, Any, Any], lon: float, lat: float, category: Category | None = None,
                limit: Limit = 10, max_distance_m: float | None = None, occupancy: str = "free"
                ) -> Annotated[Response[Any], BayList]:  # fmt: skip
        """Bays nearest to a position (degrees, longitude first), nearest first.

        `occupancy=free` (default): free monitored bays; when they are too few, unmonitored ones follow, so labelled,
        then doubtful ones. `any`: free ones first, then all others by distance.
        """
        return _tagged(request, reads.nearest(lon, lat, category, limit, max_distance_m, occupancy))

    @get("/api/v1/bays", tags=["bays"])
    async def in_box(request: Request[Any, Any, Any], caller: Claims, bbox: str = "-180,-90,180,90",
                     category: Category | None = None, occupancy: str | None = None, limit: PageLimit = 200,
                     cursor: str | None = None, municipality_id: str | None = None, zone_id: str | None = None,
                     life: Life | None = None, q: Words = "") -> Annotated[Response[Any], BayList]:  # fmt: skip
        """Bays in a box `minlon,minlat,maxlon,maxlat`, in pages; with `Accept: application/geo+json` as features.

        `q` is looked for in code and address. Staff see their zones' planned and retired bays besides, with
        authorisation and devices; personal ones too, but for operators.
        """
        box = parse_box(bbox)
        if box is None:
            fault = FieldFault("/bbox", "must be minlon,minlat,maxlon,maxlat on the earth")
            raise OffTheEarth("The box cannot be read.", errors=[fault])
        if occupancy not in (None, "any", *WORDS):
            raise Invalid("There is no such occupancy.", errors=[FieldFault("/occupancy", _ONE_OF)])
        words = None if occupancy in (None, "any") else (cast("PublicOccupancy", occupancy),)

        def wanted(key: Sharing) -> bool:
            mine = municipality_id in (None, key.municipality_id) and zone_id in (None, key.zone_id)
            return mine and life in (None, key.life)

        sight = Sight(caller)
        staff_sees = sight.place if sight.staff else None
        places = picture.in_box(box, words=words, category=category, staff_sees=staff_sees, wanted=wanted)
        if sight.staff:
            places = sight.without_personal(picture, places)
        if q:
            places = _holding(picture, places, fold_text(q))
        rows, more = cut(picture, places, limit, cursor)
        return await _as_asked(request, rows, more, sight)

    async def _as_asked(request: Request[Any, Any, Any], rows: list[int], more: str | None, sight: Sight
                        ) -> Response[Any]:  # fmt: skip
        items = await views(rows, sight)
        if "application/geo+json" in request.headers.get("accept", ""):
            return _features(items, more, picture.position)
        return _tagged(request, reads.listed(items, msgspec.json.encode(more)), vary="Accept, Authorization, Cookie")

    async def views(rows: list[int], sight: Sight) -> bytes:
        """The bays at these places as the caller may see them, as JSON separated by commas."""
        now = clock()
        if not sight.staff:
            return reads.encoded(rows, now)
        sensors = await desk.sensors_of([picture.columns.bay_id(place) for place in rows])
        return b",".join(
            [
                msgspec.json.encode(picture.staff_view(bay, picture.state(bay.bay_id), now, sensors.get(bay.bay_id)))
                if sight.bay(bay := picture.bay_at(place))
                else reads.encoded([place], now)
                for place in rows
            ]
        )

    @get("/api/v1/bays/by-code/{municipality:str}/{code:str}", tags=["bays"])
    async def by_code(request: Request[Any, Any, Any], municipality: str, code: str
                      ) -> Annotated[Response[Any], BayView]:  # fmt: skip
        """The bay whose sign carries `/b/{municipality}/{code}` (D22)."""
        bay_id = await town.bay_of_code(municipality, code)
        found = reads.one(bay_id) if bay_id is not None else None
        if found is None:
            raise NotFound("There is no bay with this code.")
        return _tagged(request, found)

    @get("/api/v1/bays/{bay_id:str}", tags=["bays"])
    async def one(request: Request[Any, Any, Any], caller: Claims, bay_id: str) -> Annotated[Response[Any], BayView]:
        """One bay, with an ETag that changes with its state."""
        sight = Sight(caller)
        bay = picture.bay(bay_id) if sight.staff else None
        if bay is not None and sight.bay(bay):
            sensor = await desk.sensor_of(bay_id)
            body = msgspec.json.encode(picture.staff_view(bay, picture.state(bay_id), clock(), sensor))
            found: Tagged | None = Tagged(body, tag_of(body))
        else:
            found = reads.one(bay_id)
        if found is None:
            raise NotFound("There is no such bay.")
        return _tagged(request, found, vary="Accept, Authorization, Cookie")

    @get("/api/v1/addresses", tags=["bays"])
    async def addresses(q: Words, limit: Limit = 10, municipality_id: str | None = None) -> AddressList:
        """Places whose address holds every word of `q`; an empty list says that none matches."""
        return AddressList(addresses=await town.find_addresses(q, limit, municipality_id))

    return [nearest, in_box, by_code, one, addresses]


def _holding(picture: Picture, places: Any, words: str) -> Any:
    """Of these places, those whose code or address holds the (folded) words."""

    def holds(place: int) -> bool:
        own = picture.columns.own(place)
        return words in fold_text(f"{own.code} {own.address}")

    return places[[holds(place) for place in places.tolist()]] if len(places) else places


def _tagged(request: Request[Any, Any, Any], found: Tagged, vary: str | None = None) -> Response[Any]:
    headers = {"ETag": found.tag, "Cache-Control": "no-cache", **({"Vary": vary} if vary else {})}
    if is_same(found.tag, request.headers.get("if-none-match")):
        return Response(b"", status_code=304, headers=headers)
    return Response(found.body, media_type="application/json", headers=headers)


def _features(items: bytes, more: str | None, position: int) -> Response[Any]:
    views: list[dict[str, Any]] = msgspec.json.decode(b"[" + items + b"]")
    features = [
        {"type": "Feature", "id": view["bay_id"],
         "geometry": {"type": "Point", "coordinates": [view["lon"], view["lat"]]},
         "properties": {k: v for k, v in view.items() if k not in ("lon", "lat", "bay_id")}}
        for view in views
    ]  # fmt: skip
    body = {"type": "FeatureCollection", "features": features, "next": more, "position": position}
    return Response(msgspec.json.encode(body), media_type="application/geo+json")
