"""Files of bays and of addresses, as towns and OpenStreetMap publish them, read into drafts: pure, nothing is kept."""

from siga.kit.bay_files.addresses import read_addresses
from siga.kit.bay_files.model import (
    CATEGORIES,
    MAX_BYTES,
    MAX_ROWS,
    AddressDraft,
    AddressResult,
    BadBayFile,
    BayDraft,
    Category,
    ReadOptions,
    ReadResult,
    RefusedRow,
)
from siga.kit.bay_files.reading import read_bays
from siga.kit.bay_files.reasons import REASONS

__all__ = [
    "CATEGORIES",
    "MAX_BYTES",
    "MAX_ROWS",
    "REASONS",
    "AddressDraft",
    "AddressResult",
    "BadBayFile",
    "BayDraft",
    "Category",
    "ReadOptions",
    "ReadResult",
    "RefusedRow",
    "read_addresses",
    "read_bays",
]
