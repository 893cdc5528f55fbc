"""OpenStreetMap's two ways to tag reserved bays: `amenity=parking_space` + `parking_space`, and `capacity:disabled`.

Keys and values: wiki.openstreetmap.org, pages Tag:amenity=parking_space, Key:parking_space, Key:capacity:disabled.
"""

from __future__ import annotations

import msgspec

from siga.kit.bay_files.kinds import kinds_of
from siga.kit.bay_files.reasons import Refusal, refusal

_NONE = frozenset({"no", "0"})
_STANDS = {"taxi": "taxi"}
_FOR_DISABLED = frozenset({"designated", "yes"})


class Tags(msgspec.Struct, frozen=True, kw_only=True):
    """The tags that matter, empty where absent."""

    amenity: str = ""
    parking_space: str = ""
    capacity: str = ""
    capacity_disabled: str = ""
    disabled: str = ""


class TagReading(msgspec.Struct, frozen=True, kw_only=True):
    """What the tags say: words for the kind (empty: none), and for the number of bays."""

    kind: str
    count: str


def read_tags(tags: Tags, *, forced: bool = False) -> TagReading | Refusal | None:
    """What tags say of a place; None when they are no tags of OpenStreetMap.

    `capacity:disabled` wins over `capacity`, which counts all bays of a car park. Refusals: `no_bays`, `not_a_bay`
    (a whole car park, or no parking at all), `not_reserved` (`parking_space=normal`), unless `forced`.
    """
    if not (tags.amenity or tags.parking_space or tags.capacity_disabled):
        return None
    if tags.capacity_disabled and tags.capacity_disabled not in _NONE:
        return TagReading(kind="disabled", count=tags.capacity_disabled)
    if tags.amenity in _STANDS:
        return TagReading(kind=_STANDS[tags.amenity], count=tags.capacity)
    if tags.parking_space:
        known = forced or kinds_of(tags.parking_space)
        kind = TagReading(kind=tags.parking_space, count=tags.capacity)
        return kind if known else refusal("not_reserved", text=tags.parking_space)
    if tags.capacity_disabled:
        return refusal("no_bays", text=f"capacity:disabled={tags.capacity_disabled}")
    if tags.amenity == "parking_space":
        return TagReading(kind="disabled" if tags.disabled in _FOR_DISABLED else "", count=tags.capacity)
    return refusal("not_a_bay", text=tags.amenity)
