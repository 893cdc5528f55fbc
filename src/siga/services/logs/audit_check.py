"""Is the audit whole? Every chain is reckoned anew from its start and held against its signed heads, kept and exported.

Pure: it is given rows and lines, and says in sentences what is wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from siga.contract.audit import Head, SignedHead
from siga.contract.base import Word
from siga.kit.columns import micros
from siga.services.logs.audit_chain import (
    canonical,
    digest_of,
    first_link,
    head_in,
    is_signed,
    key_name,
    link,
    record_in,
)

Rows = Callable[[str], Iterable[Sequence[Any]]]
"""Runs one of the queries below on the store; nothing where its table is not there."""
RECORDS = (
    "SELECT municipality_id, number, event_id, at, who, action, thing, thing_id, outcome, record, hash "
    "FROM audit_records ORDER BY municipality_id, number"
)
CHAINS = "SELECT municipality_id, number, hash FROM audit_chains ORDER BY municipality_id"
HEADS = "SELECT municipality_id, head, number, body, signature FROM audit_heads ORDER BY municipality_id, head"
_MOST_FAULTS = 50
_ON_ITS_WAY = timedelta(minutes=5)
"""So old may a head be that was signed and is not exported yet."""


class CheckedChain(Word):
    """One chain as it was found."""

    municipality_id: str
    records: int = 0
    heads: int = 0
    head_at: datetime | None = None
    exported_heads: int = 0
    faults: list[str] = []


class Checked(Word):
    """What a check found; `keys` are the short names of the keys that signed heads."""

    chains: list[CheckedChain]
    faults: list[str] = []
    """What concerns no chain in particular, e.g. an unreadable line."""
    keys: list[str] = []

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults and not any(chain.faults for chain in self.chains)


class _Found:
    """What is being found of one chain."""

    def __init__(self, municipality_id: str) -> None:
        self.municipality_id = municipality_id
        self.records, self.link = 0, first_link(municipality_id)
        self.kept: list[tuple[Head, SignedHead]] = []
        self.exported: dict[int, tuple[Head, SignedHead]] = {}
        self.wanted: dict[int, set[str]] = defaultdict(set)
        self.faults: list[str] = []

    def fault(self, says: str) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(says)

    def chain(self) -> CheckedChain:
        return CheckedChain(
            municipality_id=self.municipality_id, records=self.records, heads=len(self.kept),
            head_at=self.kept[-1][0].at if self.kept else None, exported_heads=len(self.exported), faults=self.faults,
        )  # fmt: skip


def check(rows: Rows, now: datetime, exported: Iterable[str] | None = None, *, live: bool = False) -> Checked:
    """Go through the whole audit. `exported` are the lines of head files that lay elsewhere, if there are any.

    The queries are asked in the order heads, ends, records. With `live` they need not see one instant: the audit may
    grow meanwhile, and what was added after its ends were read is passed.
    """
    found: dict[str, _Found] = {}

    def of(municipality_id: str) -> _Found:
        return found.setdefault(municipality_id, _Found(municipality_id))

    _read_heads(rows(HEADS), of)
    faults = _read_exported(exported, of) if exported is not None else []
    ends = {str(municipality_id): (number, hash_) for municipality_id, number, hash_ in rows(CHAINS)}
    for municipality_id in ends:
        of(municipality_id)
    for one in found.values():
        _check_heads(one, now, against=exported is not None)
        for head, _ in (*one.kept, *one.exported.values()):
            one.wanted[head.number].add(head.hash)
    _check_records(_until(rows(RECORDS), ends) if live else rows(RECORDS), of)
    for one in found.values():
        _check_end(one, ends.get(one.municipality_id))
    heads = [head for one in found.values() for head, _ in (*one.kept, *one.exported.values())]
    keys = sorted({key_name(head.key) for head in heads})
    if len(keys) > 1:
        faults.append(f"heads were signed by {len(keys)} different keys ({', '.join(keys)}): SIGA has one")
    chains = [found[name].chain() for name in sorted(found)]
    return Checked(chains=chains, faults=faults[:_MOST_FAULTS], keys=keys)


def _until(rows: Iterable[Sequence[Any]], ends: dict[str, tuple[Any, Any]]) -> Iterator[Sequence[Any]]:
    """Records that were there when the ends were read."""
    for row in rows:
        end = ends.get(str(row[0]))
        if end is not None and (not isinstance(row[1], int) or row[1] <= end[0]):
            yield row


def _read_heads(rows: Iterable[Sequence[Any]], of: Callable[[str], _Found]) -> None:
    for municipality_id, number_of, number, body, signature in rows:
        one, signed = of(str(municipality_id)), SignedHead(body=str(body), signature=str(signature))
        try:
            head = head_in(signed)
        except (msgspec.MsgspecError, ValueError):
            one.fault(f"kept head {number_of} cannot be read")
            continue
        if (head.municipality_id, head.head, head.number) != (municipality_id, number_of, number):
            one.fault(f"kept head {number_of} says another chain, place or count than its row")
        one.kept.append((head, signed))


def _read_exported(lines: Iterable[str], of: Callable[[str], _Found]) -> list[str]:
    faults, torn = [], ""
    for at, line in enumerate((line.rstrip("\n") for line in lines), start=1):
        if torn and not line.startswith(torn):
            faults.append(f"line {at - 1} of the exported heads cannot be read")
        torn = ""
        if not line:
            continue
        try:
            signed = msgspec.json.decode(line, type=SignedHead)
            head = head_in(signed)
        except (msgspec.MsgspecError, ValueError):
            torn = line  # a line that a crash cut short is written again whole: no fault then
            continue
        if canonical(signed) != line:
            faults.append(f"line {at} of the exported heads is not as SIGA wrote it")
        known = of(head.municipality_id).exported.setdefault(head.head, (head, signed))
        if known[1] != signed:
            of(head.municipality_id).fault(f"exported head {head.head} comes twice, with different contents")
    if torn:
        faults.append("the last line of the exported heads is cut")
    return faults


def _check_heads(one: _Found, now: datetime, *, against: bool) -> None:
    _check_row("kept", one, one.kept)
    exported = [one.exported[number] for number in sorted(one.exported)]
    _check_row("exported", one, exported)
    if not against:
        return
    kept = {head.head: signed for head, signed in one.kept}
    for head, signed in exported:
        if head.head not in kept:
            one.fault(f"exported head {head.head} ({head.number} records) is not in the store: the audit was cut")
        elif kept[head.head] != signed:
            one.fault(f"exported head {head.head} and the one in the store differ: the audit was rewritten")
    told = exported[-1][0].head if exported else 0
    late = [head for head, _ in one.kept if head.head > told and head.at < now - _ON_ITS_WAY]
    if late:
        signed_too = f"the store had signed {late[-1].head} long since"
        one.fault(f"the exported heads end at {told}, and {signed_too}: lines were cut, or the export stands still")


def _check_row(which: str, one: _Found, heads: Sequence[tuple[Head, SignedHead]]) -> None:
    """Heads in their order: signed, none missing, each naming the one before, never fewer records."""
    before: tuple[Head, SignedHead] | None = None
    for head, signed in heads:
        if not is_signed(signed, head.key) or canonical(head) != signed.body:
            one.fault(f"{which} head {head.head} does not bear its signature")
        expected = before[0].head + 1 if before else 1
        if head.head != expected:
            one.fault(f"{which} head {expected} is missing before {head.head}")
        elif head.previous != (digest_of(before[1]) if before else ""):
            one.fault(f"{which} head {head.head} does not follow from the one before")
        if before is not None and head.number <= before[0].number:
            one.fault(f"{which} head {head.head} counts no more records than the one before")
        before = (head, signed)


def _check_records(rows: Iterable[Sequence[Any]], of: Callable[[str], _Found]) -> None:
    for municipality_id, number, event_id, at, who, action, thing, thing_id, outcome, text, hash_ in rows:
        one = of(str(municipality_id))
        if not isinstance(number, int):
            one.fault(f"a record after number {one.records} has no number")
            continue
        if number != one.records + 1:
            missing = f"record {one.records + 1} is" if number == one.records + 2 else (
                f"records {one.records + 1} to {number - 1} are"
            )  # fmt: skip
            one.fault(f"{missing} missing")
        one.records, one.link = number, link(one.link, str(text))
        if one.link != hash_:
            one.fault(f"record {number} is not as it was written, or one before it is not")
            one.link = str(hash_) if _is_hash(hash_) else one.link
        if problem := _disagrees(text, (municipality_id, number, event_id, at, who, action, thing, thing_id, outcome)):
            one.fault(f"record {number} {problem}")
        told = one.wanted.get(one.records)
        if told and told != {hash_}:
            one.fault(f"record {number} is not the one that a signed head names: the audit was rewritten")


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and all(c in "0123456789abcdef" for c in value)


def _disagrees(text: Any, row: tuple[Any, ...]) -> str:
    try:
        record = record_in(text)
    except (msgspec.MsgspecError, ValueError, TypeError):
        return "cannot be read"
    told = (
        record.municipality_id, record.number, record.event_id, micros(record.at), record.who, record.action,
        record.thing, record.thing_id, record.outcome,
    )  # fmt: skip
    return "" if told == row else "and the columns by which it is found differ"


def _check_end(one: _Found, end: tuple[Any, Any] | None) -> None:
    if end is None:
        one.fault("the row that says where the chain stands is missing")
    elif end != (one.records, one.link):
        one.fault(
            f"the chain should stand at {end[0]} records, and {one.records} were found: its end was cut or changed"
        )
    for number in sorted(one.wanted):
        if number > one.records:
            one.fault(f"a signed head counts {number} records, and {one.records} are left: the end was cut")


def files_lines(paths: Iterable[Any]) -> Iterator[str]:
    """The lines of head files one after the other, a file's last line whole or not."""
    for path in paths:
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from file
