"""Which positions can be true: off the earth, exchanged, projected, null island, far from the town."""

from __future__ import annotations

from statistics import median

from siga.kit.bay_files.model import ReadOptions
from siga.kit.bay_files.positions import Found
from siga.kit.bay_files.reasons import Refusal, refusal
from siga.kit.bay_files.shapes import Shape
from siga.kit.geo import distance_m, on_earth

_NULL_ISLAND_DEG = 1e-4
_SOUTHMOST, _NORTHMOST = -57.0, 80.0  # people live between Puerto Williams and Longyearbyen
_METRES_FROM = 1_000.0
_STRAY_KM, _AMID_KM = 500.0, 100.0
_ENOUGH_ROWS = 3
_NEARLY_ALL, _HARDLY_ANY = 0.9, 0.1


def settle(found: list[Found], options: ReadOptions, crs: str | None) -> tuple[list[Found], list[str]]:
    """The positions of a file judged together: each shape stays or turns into a refusal; and notes.

    When at least 9 rows of 10 make sense only with longitude and latitude exchanged, all are exchanged and a note says
    so; a row that alone looks exchanged is refused, since it may be wrong in another way too.
    """
    notes = []
    shapes = [shape for shape in found if isinstance(shape, Shape)]
    if _only_swapped_makes_sense(shapes, options):
        found = [item.swapped() if isinstance(item, Shape) else item for item in found]
        notes.append("Longitude and latitude stood exchanged in the whole file; they were put right.")
    good = [shape for shape in found if isinstance(shape, Shape) and _plausible(shape, options)]
    centre = _centre(good, options)
    settled = [_judged(item, centre, options, crs) if isinstance(item, Shape) else item for item in found]
    kept = [item for item in settled if isinstance(item, Shape)]
    if kept:
        notes.append(_extent(kept))
    return settled, notes


def _null(shape: Shape) -> bool:
    return abs(shape.lon) < _NULL_ISLAND_DEG and abs(shape.lat) < _NULL_ISLAND_DEG


def _km(shape: Shape, centre: tuple[float, float]) -> float:
    return distance_m(shape.lon, shape.lat, *centre) / 1000


def _plausible(shape: Shape, options: ReadOptions) -> bool:
    """On the earth, where people live, and near the town when that is known."""
    if not on_earth(shape.lon, shape.lat) or _null(shape):
        return False
    if options.near:
        return _km(shape, options.near) <= options.near_km
    return _SOUTHMOST <= shape.lat <= _NORTHMOST


def _only_swapped_makes_sense(shapes: list[Shape], options: ReadOptions) -> bool:
    real = [shape for shape in shapes if not _null(shape)]
    as_read = sum(_plausible(shape, options) for shape in real)
    turned = sum(_plausible(shape.swapped(), options) for shape in real)
    return bool(real) and turned >= _NEARLY_ALL * len(real) and as_read <= _HARDLY_ANY * len(real)


def _centre(good: list[Shape], options: ReadOptions) -> tuple[float, float] | None:
    """The middle of the file's rows, to see strays by; None where the town is known or the rows are few."""
    if options.near or len(good) < _ENOUGH_ROWS:
        return None
    return median(shape.lon for shape in good), median(shape.lat for shape in good)


def _judged(shape: Shape, centre: tuple[float, float] | None, options: ReadOptions, crs: str | None) -> Found:
    words = {"lon": round(shape.lon, 6), "lat": round(shape.lat, 6)}
    turned = shape.swapped()
    if _null(shape):
        return refusal("null_island")
    if not on_earth(shape.lon, shape.lat):
        if on_earth(turned.lon, turned.lat):
            return refusal("swapped", **words)
        return _off_earth(shape, words, crs)
    if options.near and (far := _km(shape, options.near)) > options.near_km:
        swapped = on_earth(turned.lon, turned.lat) and _km(turned, options.near) <= options.near_km
        return refusal("swapped", **words) if swapped else refusal("far_away", km=round(far), **words)
    stray = centre is not None and _km(shape, centre) > _STRAY_KM
    if centre and stray and on_earth(turned.lon, turned.lat) and _km(turned, centre) < _AMID_KM:
        return refusal("swapped", **words)
    return shape


def _off_earth(shape: Shape, words: dict[str, float], crs: str | None) -> Refusal:
    if max(abs(shape.lon), abs(shape.lat)) < _METRES_FROM:
        return refusal("off_earth", **words)
    hint = "" if crs else " (Spain mostly has EPSG:25830, 25829, 25831 or 32628, France EPSG:2154, Germany EPSG:25832)"
    return refusal("projected", crs=crs or "EPSG:25830", hint=hint, **words)


def _extent(kept: list[Shape]) -> str:
    west, east = min(s.lon for s in kept), max(s.lon for s in kept)
    south, north = min(s.lat for s in kept), max(s.lat for s in kept)
    return (
        f"Positions lie between longitude {west:.4f} and {east:.4f}, latitude {south:.4f} and {north:.4f}: "
        "check that this is the town."
    )
