"""Bytes to text, text to plain words and numbers: tolerant of BOMs, Latin-1, accents and decimal commas."""

from __future__ import annotations

import codecs
import math
import re
import unicodedata
from functools import lru_cache

from siga.kit.bay_files.model import MAX_BYTES, BadBayFile

_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "·": ""})
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d*)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_EMPTY = frozenset({"", "null", "<null>", "nan", "none", "n/a", "#n/a", "-"})
_BINARY = (
    (b"PK\x03\x04", "spreadsheet", "an Excel, LibreOffice or zip file: save the sheet as “CSV UTF-8”, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "spreadsheet", "an old Excel file: save the sheet as “CSV UTF-8”"),
    (b"\x1f\x8b", "compressed", "compressed: unpack it first (gunzip)"),
    (
        b"SQLite format 3",
        "geopackage",
        "a GeoPackage: convert it with ogr2ogr -t_srs EPSG:4326 new.geojson <this file>",
    ),
    (b"%PDF", "not_a_table", "a PDF: ask its author for the table as CSV or GeoJSON"),
)


def decode(data: bytes, filename: str) -> tuple[str, list[str]]:
    """The file as text, and notes about it.

    UTF-8 with or without BOM, UTF-16 with BOM, else windows-1252 (which holds Latin-1's letters), else Latin-1.
    Raises BadBayFile: `too_large`, `empty`, or what kind of file it is when it is no text.
    """
    if len(data) > MAX_BYTES:
        raise BadBayFile("too_large", f"{filename} has {len(data):,} bytes, more than {MAX_BYTES:,}: split it.")
    if not data.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise BadBayFile("empty", f"{filename} is empty: export it again.")
    for magic, slug, what in _BINARY:
        if data.startswith(magic):
            raise BadBayFile(slug, f"{filename} is {what}.")
    text, notes = _text(data, filename)
    if "\x00" in text:
        raise BadBayFile("not_a_table", f"{filename} is not text: export it as CSV or GeoJSON in UTF-8.")
    return text, notes


def _text(data: bytes, filename: str) -> tuple[str, list[str]]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace"), []
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        note = f"{filename} is not UTF-8 and was read as Latin-1 (windows-1252): check the accents."
    try:
        return data.decode("cp1252"), [note]
    except UnicodeDecodeError:
        return data.decode("latin-1"), [note]


def folded(text: str) -> str:
    """Lower-case ASCII words joined by `_`, no accents; German umlauts spelt out: `Número Plazas` → `numero_plazas`."""
    if text.isascii():
        return _NOT_WORD.sub("_", text.lower()).strip("_")
    spelt = unicodedata.normalize("NFC", text).casefold().translate(_SPELT_OUT)
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode("ascii")
    return _NOT_WORD.sub("_", plain).strip("_")


@lru_cache(maxsize=4096)
def header_words(header: str) -> str:
    """A header folded, with camelCase taken apart: `nbPlaces` → `nb_places`."""
    return folded(_CAMEL.sub(" ", header))


def tidy(text: str) -> str:
    """One line without control characters or double blanks; what programs write for “nothing” becomes empty."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text.translate(_INVISIBLE))
    line = " ".join(text.split())
    return "" if line.casefold() in _EMPTY else line


def shortened(text: str, limit: int) -> str:
    """One line of at most `limit` characters, the last one `…` when something was left out."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def to_number(value: object) -> float | None:
    """A finite number from JSON or from text with decimal point or comma; None when it is not one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    if not isinstance(value, str):
        return None
    text = value.strip().replace("\N{MINUS SIGN}", "-")
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text.replace(",", "."))
    return number if math.isfinite(number) else None
