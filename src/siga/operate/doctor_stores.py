"""The doctor looks into the stores: their files, pages, schema, journals, and the photos beside them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from siga.engines import guard, schema
from siga.engines.guard import StoreDamaged
from siga.engines.ledger import Ledger
from siga.engines.sqlite_copy import Snapshot
from siga.operate import folder as places
from siga.operate.findings import Finding, bad, note, ok
from siga.operate.manifest import sha256_of

_SAMPLE = 50
_RESTORE = "stop SIGA, keep a copy of the folder, then `siga restore DIR` (docs/operate.md)"
_MIGRATE = "the next start upgrades it, or `siga migrate` now"


def look(data: Path, *, full: bool, at_rest: bool) -> Iterator[Finding]:
    """All stores and photos of a folder. `at_rest`: nobody runs it, so the files themselves are looked at as well.

    In a running SIGA this is done by its own process: no other may open its files.
    """
    opened: dict[str, Snapshot] = {}
    try:
        ledger = Ledger(data)
    except OSError as fault:
        yield bad("stores.json", str(fault), "remove it if all stores are there")
        return
    for name in places.stores():
        path = places.store_of(data, name)
        if not path.exists() and not ledger.expects(name):
            continue
        try:
            if at_rest:
                guard.is_there(path, expected=True)
                guard.check(path)
            opened[name] = Snapshot(path, at_rest=at_rest)
        except StoreDamaged as fault:
            yield bad(f"store of {name}", fault.what, _RESTORE)
            continue
        yield _store(name, opened[name], full=full)
        yield from _schema(name, opened[name])
        yield from _dead(name, opened[name])
    yield from _agreement(opened)
    yield from _photos(data, opened.get("images"), full=full)
    for store in opened.values():
        store.close()


def _store(name: str, store: Snapshot, *, full: bool) -> Finding:
    faults = store.faults(full=full)
    if faults:
        return bad(f"store of {name}", "; ".join(faults[:3]), _RESTORE)
    checked = "every page's checksum fits" if store.checked_pages else "its pages carry no checksums yet"
    return ok(f"store of {name}", f"{store.path.stat().st_size / 1e6:.1f} MB, whole; {checked}")


def _schema(name: str, store: Snapshot) -> Iterator[Finding]:
    package = f"siga.services.{name}.migrations"
    now, newest = store.revision or schema.BASELINE, schema.head(package)
    if now not in schema.revisions(package):
        yield bad(f"schema of {name}", f"{now}, and this SIGA knows up to {newest}", "start the newer SIGA")
    elif now != newest:
        yield note(f"schema of {name}", f"{now}; this SIGA works with {newest}", _MIGRATE)


def _dead(name: str, store: Snapshot) -> Iterator[Finding]:
    for source, count, reason in store.rows("SELECT source, count(*), max(reason) FROM dead_events GROUP BY source"):
        yield note(
            f"events of {name}", f"{count} of {source} could not be handled and were set aside: {str(reason)[:100]}",
            "report it: with the release that handles them they can be taken again",
        )  # fmt: skip


def _agreement(opened: dict[str, Snapshot]) -> Iterator[Finding]:
    """Nobody has read further in another's journal than it goes."""
    wrong, behind = [], 0
    for name, store in opened.items():
        for source, position in store.cursors.items():
            if source not in opened:
                continue
            head = opened[source].head
            behind = max(behind, head - position)
            if position > head:
                wrong.append(f"{name} has read {source} up to {position}, whose journal ends at {head}")
    if wrong:
        yield bad("journals", "; ".join(wrong), "a store is older than the others: " + _RESTORE)
    elif opened:
        yield ok("journals", f"nobody is ahead of what it follows; {behind} events behind at most")


def _photos(data: Path, images: Snapshot | None, *, full: bool) -> Iterator[Finding]:
    files = list(places.photos(data))
    looked = files if full or len(files) <= _SAMPLE else random.sample(files, _SAMPLE)
    changed = []
    for path in looked:
        try:
            if sha256_of(data / path) != path.name:
                changed.append(path)
        except FileNotFoundError:  # destroyed in time
            continue
    kept = {str(row[0]) for row in images.rows("SELECT name FROM photos")} if images is not None else set()
    there = {str(path.relative_to(places.PHOTOS)) for path in files}
    missing = kept - there if files or kept else set()
    if changed:
        names = ", ".join(path.name[:12] for path in changed[:3])
        yield bad("photos", f"{len(changed)} of {len(looked)} are not as they were kept: {names}…",
                  "bring them back from a backup's data/images/photos; SIGA shows none that was changed")  # fmt: skip
    if missing:
        yield note(
            "photos", f"{len(missing)} of {len(kept)} have no file here", "if they are in an object store all is well"
        )
    if not changed and files:
        yield ok(
            "photos",
            f"{len(files)}; {'all' if len(looked) == len(files) else len(looked)} looked at, as they were kept",
        )
