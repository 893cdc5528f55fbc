"""Files of addresses for the search of places: CSV or GeoJSON, one address in each row."""

from __future__ import annotations

import re

from siga.kit.bay_files.columns import Columns, find_columns
from siga.kit.bay_files.loading import load
from siga.kit.bay_files.model import AddressDraft, AddressResult, ReadOptions, RefusedRow
from siga.kit.bay_files.places import settle
from siga.kit.bay_files.reasons import Refusal, refusal
from siga.kit.bay_files.rows import number_of, street_of
from siga.kit.bay_files.shapes import Shape
from siga.kit.bay_files.source import Record
from siga.kit.bay_files.texts import folded

_HOUSE = r"\d+(?:\s?[a-zA-Z])?(?:\s?[-/–]\s?\d+\s?[a-zA-Z]?)?(?:\s(?:bis|ter|quater))?|s/n"
_NUMBER_LAST = re.compile(rf"(.*\D)\s+({_HOUSE})", re.IGNORECASE)
_NUMBER_FIRST = re.compile(rf"({_HOUSE})\s+(?!de\b|d['’])(\D.*)", re.IGNORECASE)
_NUMBER_ONLY = re.compile(rf"(?:n[.ºo°]*\s*)?({_HOUSE})", re.IGNORECASE)
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_MONTH = re.compile(
    r"(?:ene|gen|jan|feb|fev|mar|maerz|abr|apr|avr|may|mai|jun|juin|jul|juil|ago|aug|aout|sep|set|oct|okt|nov|dic|dec|des|dez)"
    r"[a-z]*"
)
_POSTCODE = re.compile(r"\b\d{4,5}\b")


def read_addresses(data: bytes, *, filename: str, options: ReadOptions | None = None) -> AddressResult:
    """The addresses of a GeoJSON or CSV file (at most 64 MB and 200,000 rows), and every refused row.

    Streets and numbers come from their own columns, else from one address column (`Calle Colón, 12, Valencia`,
    `12 rue de la Loge`, `Rotteckring 3, 79098 Freiburg`). Of `options`, `near`, `near_km` and `columns` are used.
    Raises BadBayFile when the file as a whole cannot be used.
    """
    options = options or ReadOptions()
    source = load(data, filename)
    columns = find_columns(source, options.columns)
    located, notes = settle([columns.locate(record) for record in source.records], options, source.crs)
    addresses: list[AddressDraft] = []
    refused: list[RefusedRow] = []
    seen: dict[tuple[str, str, str, float, float], int] = {}
    for record, found in zip(source.records, located, strict=True):
        address = found if isinstance(found, Refusal) else _address(record, columns, found)
        if isinstance(address, AddressDraft):
            other = seen.setdefault(_key(address), record.row)
            if other == record.row:
                addresses.append(address)
                continue
            address = refusal("duplicate_address", other=other)
        refused.append(record.refuse(address))
    return AddressResult(addresses=addresses, refused=refused, notes=[*source.notes, *notes])


def _key(address: AddressDraft) -> tuple[str, str, str, float, float]:
    words = (folded(address.street), folded(address.number), folded(address.place))
    return (*words, round(address.lon, 6), round(address.lat, 6))


def _address(record: Record, columns: Columns, shape: Shape) -> AddressDraft | Refusal:
    street, number, place = street_of(record, columns), number_of(record, columns), columns.get(record, "place")
    if not street:
        street, number, inner = split_address(columns.get(record, "address"))
        place = place or inner
    if not street:
        return refusal("street_missing")
    return AddressDraft(street=street, number=number, place=place, lon=shape.lon, lat=shape.lat)


def split_address(text: str) -> tuple[str, str, str]:
    """Street, number and place of an address in one text; what is not there is empty.

    `Rotteckring 3, 79098 Freiburg, Germany` → (`Rotteckring`, `3`, `Freiburg`); `9 de Octubre` keeps its 9.
    """
    first, *rest = [part.strip() for part in text.split(",")]
    street, number = first, ""
    if last := _NUMBER_LAST.fullmatch(first):
        street, number = last[1].strip(), last[2]
    elif ahead := _NUMBER_FIRST.fullmatch(first):
        street, number = ahead[2].strip(), ahead[1]
    elif rest and (alone := _NUMBER_ONLY.fullmatch(rest[0])):
        number, rest = alone[1], rest[1:]
    if _YEAR.fullmatch(number) and _MONTH.fullmatch(folded(street).rpartition("_")[2]):  # “Rue du 8 Mai 1945”
        street, number = first, ""
    places = [name for part in rest if (name := _POSTCODE.sub("", part).strip(" -")) and not name[0].isdigit()]
    return street, number, places[0] if places else ""
