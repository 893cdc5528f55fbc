"""What a file of bays or addresses becomes, what it may not exceed, and how it fails as a whole."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Category = Literal["disabled", "ambulance", "authority", "delivery", "taxi", "bus", "other"]
"""Whom a bay is reserved for."""

CATEGORIES: tuple[Category, ...] = get_args(Category)
"""Every category, in the order they are offered."""

MAX_BYTES = 64 * 1024 * 1024
"""Largest file read, bytes."""

MAX_ROWS = 200_000
"""Most rows read from one file, and most bays made from it."""


class BadBayFile(Exception):
    """The file as a whole cannot be used: `slug` for programs, `detail` a sentence that says what to do."""

    def __init__(self, slug: str, detail: str) -> None:
        """Keep both."""
        super().__init__(f"{slug}: {detail}")
        self.slug = slug
        self.detail = detail


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a file beyond what it says itself; the defaults suit files of open-data portals."""

    force_category: bool = False
    """The category given holds for every row, whatever the row says."""
    identity: Literal["file", "place"] = "file"
    """`file`: the file's own id column where it has one; `place`: always position + category + address."""
    code_prefix: str | None = None
    """1 to 4 capital letters before every code; None: one letter per category (D, A, P, L, T, B, X)."""
    near: tuple[float, float] | None = None
    """The town's centre (lon, lat) in degrees: finds swapped coordinates and strays that are on the earth."""
    near_km: float = 300.0
    """How far from `near` a bay may lie, kilometres."""
    max_bays_per_place: int = 100
    """A larger number in one row is taken for an error."""
    columns: dict[str, str] = {}
    """Role (`id`, `kind`, `capacity`, `lon`, …: vocabulary.py) → the header that plays it, where names do not tell."""


class BayDraft(msgspec.Struct, frozen=True, kw_only=True):
    """One bay as a file describes it, not yet kept by anybody."""

    external_id: str
    """Stable in its source: the file's own id, or `geo-` + digest; from the second bay of a place on, `#2`, `#3`, …"""
    code: str
    """Short and readable, unique in the file: `D-0001`, second bay of a place `D-0001-2`."""
    lon: float
    lat: float
    category: Category
    address: str
    zone_name: str | None
    capacity_index: int
    """1…n for the n bays of a place."""
    attributes: dict[str, str | float | int | bool]
    """`width_m`, `length_m`, `slope_pct`, `kerb`, `surface`, `slope`, `position_estimated`, and the source's words
    as `source_name`, `source_hours`, `source_max_stay`, `source_sign`, `source_note`, `source_sensors`."""
    outline: list[list[float]] | None
    """Outer ring [[lon, lat], …], closed; shared by all bays of a place."""
    row: int
    """Where it came from: the row of the table (header = 1), or the ordinal of the feature (first = 1)."""


class RefusedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that made no bay: `reason` says what to do, `slug` is for programs, `excerpt` shows the row."""

    row: int
    reason: str
    slug: str
    excerpt: str


class ReadResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of bays gave, in the order of its rows; `notes` are sentences about the file as a whole."""

    drafts: list[BayDraft]
    refused: list[RefusedRow]
    notes: list[str]


class AddressDraft(msgspec.Struct, frozen=True, kw_only=True):
    """One address for the search: `number` and `place` may be empty."""

    street: str
    number: str
    place: str
    lon: float
    lat: float


class AddressResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of addresses gave, in the order of its rows."""

    addresses: list[AddressDraft]
    refused: list[RefusedRow]
    notes: list[str] = []
