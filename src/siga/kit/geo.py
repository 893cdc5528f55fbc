"""Positions on the WGS84 earth, longitude first (RFC 7946)."""

from __future__ import annotations

import math

import msgspec

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius (IUGG), metres."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A position in degrees: `lon` -180…180, `lat` -90…90."""

    lon: float
    lat: float


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A bounding box in degrees; `min_lon > max_lon` crosses the antimeridian (RFC 7946 §5.2)."""

    min_lon: float
    min_lat: float
    max_lon: float
    max_lat: float

    def holds(self, lon: float, lat: float) -> bool:
        """Whether the position lies inside or on the edge."""
        if not self.min_lat <= lat <= self.max_lat:
            return False
        if self.min_lon <= self.max_lon:
            return self.min_lon <= lon <= self.max_lon
        return lon >= self.min_lon or lon <= self.max_lon


def on_earth(lon: float, lat: float) -> bool:
    """Whether both are finite and within their ranges."""
    return math.isfinite(lon) and math.isfinite(lat) and -180 <= lon <= 180 and -90 <= lat <= 90


def parse_box(text: str) -> Box | None:
    """`minlon,minlat,maxlon,maxlat` as a Box; None when it is not four numbers on the earth."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    if len(numbers) != 4 or not on_earth(*numbers[:2]) or not on_earth(*numbers[2:]) or numbers[1] > numbers[3]:
        return None
    return Box(min_lon=numbers[0], min_lat=numbers[1], max_lon=numbers[2], max_lat=numbers[3])


def distance_m(a_lon: float, a_lat: float, b_lon: float, b_lat: float) -> float:
    """Great-circle distance in metres (haversine on the mean sphere; at most 0.6 % off the ellipsoid)."""
    a_phi, b_phi = math.radians(a_lat), math.radians(b_lat)
    half = math.sin((b_phi - a_phi) / 2) ** 2
    half += math.cos(a_phi) * math.cos(b_phi) * math.sin(math.radians(b_lon - a_lon) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))
