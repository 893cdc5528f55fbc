"""Where the benchmarks' bays and their users are: fifty made-up cities, the same for every size and every run.

City sizes follow Zipf's rank-size rule and bays thin out from each centre exponentially, as Clark (1951) found for
cities. Kerbs of one to four bays stand together. Everything comes from one seed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

SEED = 20261124
CITIES = 50
FREE_SHARE = 0.35
CATEGORIES = (
    ("disabled", 0.85), ("delivery", 0.05), ("taxi", 0.03), ("ambulance", 0.02), ("authority", 0.02), ("bus", 0.02),
    ("other", 0.01),
)  # fmt: skip
_KM_PER_DEGREE = 111.195
_LARGEST_SCALE_KM = 3.0
_SMALLEST_SCALE_KM = 0.6
_KERB_M = 6.0
_DISTRICTS = 4


class Bays(NamedTuple):
    """All bays of a data set as arrays by number: degrees, city, category (by `CATEGORIES`), whether it is free."""

    lon: Any
    lat: Any
    city: Any
    category: Any
    free: Any


def _centres(rng: Any) -> tuple[Any, Any]:
    """The cities' centres, spread over the Iberian peninsula's box: (lon, lat)."""
    return rng.uniform(-8.5, 2.5, CITIES), rng.uniform(37.0, 43.2, CITIES)


def _shares() -> Any:
    ranks = 1 / np.arange(1, CITIES + 1)
    return ranks / ranks.sum()


def _scattered(rng: Any, city: Any) -> tuple[Any, Any]:
    """A position near the centre of each entry's city: (lon, lat)."""
    centre_lon, centre_lat = _centres(np.random.default_rng(SEED))
    shares = _shares()
    scale = np.maximum(_SMALLEST_SCALE_KM, _LARGEST_SCALE_KM * np.sqrt(shares / shares[0]))[city]
    # Density falls as e^(-r/scale), so the distance from the centre follows a gamma distribution of shape 2.
    distance, angle = rng.gamma(2.0, scale), rng.uniform(0, 2 * np.pi, len(city))
    lat = centre_lat[city] + distance * np.sin(angle) / _KM_PER_DEGREE
    lon = centre_lon[city] + distance * np.cos(angle) / (_KM_PER_DEGREE * np.cos(np.radians(lat)))
    return lon, lat


def bays(count: int) -> Bays:
    """The first `count` bays; a larger set is not a continuation of a smaller one, but has the same cities."""
    rng = np.random.default_rng([SEED, count])
    kerb = np.repeat(np.arange(count), rng.integers(1, 5, count))[:count]
    city_of_kerb = rng.choice(CITIES, size=count, p=_shares())
    lon_of_kerb, lat_of_kerb = _scattered(rng, city_of_kerb)
    along = np.arange(count) - np.searchsorted(kerb, kerb)
    angle = rng.uniform(0, 2 * np.pi, count)[kerb]
    step = along * _KERB_M / 1000 / _KM_PER_DEGREE
    lat = np.round(lat_of_kerb[kerb] + step * np.sin(angle), 6)
    lon = np.round(lon_of_kerb[kerb] + step * np.cos(angle) / np.cos(np.radians(lat)), 6)
    category = rng.choice(len(CATEGORIES), size=count, p=[share for _, share in CATEGORIES])
    return Bays(lon, lat, city_of_kerb[kerb], category, rng.random(count) < FREE_SHARE)


def points(count: int) -> list[tuple[float, float]]:
    """`count` distinct places from which people ask, in the same cities as the bays: (lon, lat) in degrees."""
    rng = np.random.default_rng([SEED, 7])
    found: dict[tuple[float, float], None] = {}
    while len(found) < count:
        lon, lat = _scattered(rng, rng.choice(CITIES, size=count, p=_shares()))
        found.update(dict.fromkeys(zip(np.round(lon, 6).tolist(), np.round(lat, 6).tolist(), strict=True)))
    return list(found)[:count]


def draft(all_bays: Bays, n: int) -> dict[str, Any]:
    """The n-th bay as `POST /api/v1/bays/batch` takes it."""
    city = int(all_bays.city[n])
    return {
        "external_id": str(n), "code": f"B-{n:07d}", "lon": float(all_bays.lon[n]), "lat": float(all_bays.lat[n]),
        "category": CATEGORIES[int(all_bays.category[n])][0], "address": f"Calle {n // 40 % 900 + 1}, {n % 40 + 1}",
        "zone_name": f"City {city + 1:02d} {'NESW'[n // 7 % _DISTRICTS]}", "capacity_index": 1, "attributes": {},
        "outline": None, "row": n,
    }  # fmt: skip
