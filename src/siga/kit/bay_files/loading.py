"""From bytes to a source: GeoJSON or a table, told apart by what the file begins with."""

from __future__ import annotations

from siga.kit.bay_files.columns import understands
from siga.kit.bay_files.features import read_features
from siga.kit.bay_files.model import BadBayFile
from siga.kit.bay_files.source import Source
from siga.kit.bay_files.tables import read_table
from siga.kit.bay_files.texts import decode

_JSON_NAMES = (".geojson", ".json")


def load(data: bytes, filename: str) -> Source:
    """The records of a file; `filename` serves messages, and tells a broken JSON from a table.

    Raises BadBayFile with the slugs of texts.decode, features.read_features and tables.read_table, and `not_a_table`
    for XML (GML, KML, GPX) and web pages.
    """
    text, notes = decode(data, filename)
    begin = text.lstrip("\ufeff \t\r\n")[:1]
    if begin == "<":
        detail = f"{filename} is XML or a web page: convert it with ogr2ogr -t_srs EPSG:4326 new.geojson <this file>."
        raise BadBayFile("not_a_table", detail)
    if begin in ("{", "[") or filename.casefold().endswith(_JSON_NAMES):
        return read_features(text, filename, notes)
    return read_table(text, filename, notes, understands)
