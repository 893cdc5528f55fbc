"""One record and its shape to one place: whom it is for, how many bays, where it says it is."""

from __future__ import annotations

from collections import Counter

import msgspec

from siga.kit.bay_files.attributes import Attributes, read_attributes
from siga.kit.bay_files.columns import Columns
from siga.kit.bay_files.counts import Count, read_count
from siga.kit.bay_files.identity import external_id, id_column, identifier_of
from siga.kit.bay_files.kinds import kind_column, kinds_of
from siga.kit.bay_files.model import Category, ReadOptions
from siga.kit.bay_files.osm import TagReading, Tags, read_tags
from siga.kit.bay_files.reasons import Refusal, refusal
from siga.kit.bay_files.shapes import Shape
from siga.kit.bay_files.source import Record, Source


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place of one or more bays, as one record describes it."""

    record: Record
    shape: Shape
    external_id: str
    category: Category
    bays: int
    address: str
    district: str
    town: str
    attributes: Attributes


class RowReader:
    """Reads the records of one file; keeps a tally of what its notes must say."""

    def __init__(self, source: Source, columns: Columns, category: Category | None, options: ReadOptions) -> None:
        """Choose the columns of kind, number and identity, once for the whole file."""
        self._columns = columns
        self._category = category
        self._options = options
        self._kind = options.columns.get("kind") or kind_column(
            source, columns.roles["kind"], required=category is None
        )
        self._counts = _count_columns(source, columns.roles["capacity"])
        self._id, self.notes = self._identity(source)
        self.tally: Counter[str] = Counter()

    def _identity(self, source: Source) -> tuple[str | None, list[str]]:
        if self._options.identity == "place":
            return None, ["Position, kind and address identify the places, as asked."]
        if header := self._options.columns.get("id"):
            return header, [f"Column “{header}” identifies the places, as asked."]
        return id_column(source, self._columns.roles["id"])

    def read(self, record: Record, shape: Shape) -> Place | Refusal:
        """The place a record describes, or why it is refused."""
        tags = read_tags(self._tags(record), forced=self._options.force_category)
        if isinstance(tags, Refusal):
            return tags
        category = self._category_of(record, tags)
        if isinstance(category, Refusal):
            return category
        count = self._count_of(record, tags)
        if isinstance(count, Refusal):
            return count
        return self._place(record, shape, category, count)

    def _place(self, record: Record, shape: Shape, category: Category, count: Count) -> Place:
        address = address_of(record, self._columns)
        own = self._own_id(record)
        town = self._columns.get(record, "place")
        district = self._columns.get(record, "zone") or ("" if town else self._columns.get(record, "street"))
        return Place(
            record=record,
            shape=shape,
            external_id=external_id(own, shape.lon, shape.lat, category, address),
            category=category,
            bays=count.bays,
            address=address,
            district=district,
            town=town,
            attributes=read_attributes(record, self._columns, self.tally),
        )

    def _own_id(self, record: Record) -> str:
        if self._id is None:
            return ""
        return identifier_of(record.cells.get(self._id, "") if self._id else record.feature_id)

    def _tags(self, record: Record) -> Tags:
        get = self._columns.get
        return Tags(
            amenity=get(record, "amenity"),
            parking_space=get(record, "parking_space"),
            capacity=get(record, "capacity"),
            capacity_disabled=get(record, "capacity_disabled"),
            disabled=get(record, "disabled"),
        )

    def _category_of(self, record: Record, tags: TagReading | None) -> Category | Refusal:
        """The row's own kind, else the category given; a forced category is not asked about."""
        if self._category and self._options.force_category:
            return self._category
        words = tags.kind if tags else record.cells.get(self._kind or "", "")
        kinds = kinds_of(words)
        if len(kinds) == 1:
            return kinds[0]
        if self._category:
            self.tally["kind"] += bool(words)
            return self._category
        if kinds:
            return refusal("kind_ambiguous", text=words, kinds=", ".join(kinds))
        return refusal("kind_unknown", text=words) if words else refusal("kind_missing")

    def _count_of(self, record: Record, tags: TagReading | None) -> Count | Refusal:
        text = tags.count if tags else next((cell for h in self._counts if (cell := record.cells.get(h))), "")
        count = read_count(text, self._options.max_bays_per_place)
        if isinstance(count, Count) and count.said != "stated" and (text or self._counts):
            self.tally[count.said] += 1
        return count


def _count_columns(source: Source, candidates: tuple[str, ...]) -> tuple[str, ...]:
    """The candidates that hold at least one number of bays: `type_places` holds none."""

    def counts(value: str) -> bool:
        count = read_count(value, 1_000_000)
        return isinstance(count, Count) and count.said != "unstated"

    return tuple(header for header in candidates if any(counts(value) for value in source.values(header)))


def address_of(record: Record, columns: Columns) -> str:
    """The address a person reads: the address column, else kind of street, street and number."""
    if address := columns.get(record, "address"):
        return address
    return " ".join(part for part in (street_of(record, columns), number_of(record, columns)) if part)


def street_of(record: Record, columns: Columns) -> str:
    """The street with its kind before it where the file keeps that apart (Spain's `tipo_via`)."""
    street, kind = columns.get(record, "street"), columns.get(record, "street_type")
    return f"{kind} {street}" if kind and street else street


def number_of(record: Record, columns: Columns) -> str:
    """The house number with its suffix; 0, which some towns write for “none”, is empty; only where a street is."""
    number = columns.get(record, "number")
    if number in ("", "0") or not columns.get(record, "street"):
        return ""
    return " ".join(part for part in (number, columns.get(record, "number_suffix")) if part)
