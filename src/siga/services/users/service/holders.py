"""A holder's name: sealed to be shown again, and as keyed words to be found by."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from siga.services.users.model.accreditations import AccreditationRow
from siga.services.users.model.names import holder_words
from siga.services.users.service.means import Means
from siga.services.users.store import holder_words as store

_AT_ONCE = 500


class Holder(NamedTuple):
    """What is kept of a name."""

    sealed: bytes
    words: tuple[str, ...]


def place_of_holder(accreditation_id: str) -> str:
    """Where a holder's name is sealed for."""
    return f"accreditations.holder:{accreditation_id}"


def hashed_words(means: Means, municipality_id: str, name: str) -> tuple[str, ...]:
    """The words of a name as they are kept in a municipality's index."""
    return tuple(means.vault.blind(f"holder-word:{municipality_id}", word) for word in sorted(holder_words(name)))


def kept_holder(means: Means, municipality_id: str, accreditation_id: str, name: str) -> Holder:
    """What is kept of the name of an accreditation's holder."""
    tidy = name.strip()
    sealed = means.vault.seal(tidy.encode(), place_of_holder(accreditation_id))
    return Holder(sealed, hashed_words(means, municipality_id, tidy))


def opened_holder(means: Means, row: AccreditationRow) -> str:
    """The holder's name."""
    return means.vault.open(row.holder_sealed, place_of_holder(row.accreditation_id)).decode()


def with_holder(row: AccreditationRow, holder: Holder) -> AccreditationRow:
    """The accreditation with another name; its words are kept apart."""
    return msgspec.structs.replace(row, holder_sealed=holder.sealed, holder_words=max(1, len(holder.words)))


def index_missing(means: Means, note: Callable[[Connection, AccreditationRow], None], conn: Connection) -> int:
    """Index holders of an earlier release, at most 500 at once; how many. `note` keeps a changed row."""
    rows = store.not_indexed(conn, _AT_ONCE)
    for row in rows:
        words = hashed_words(means, row.municipality_id, opened_holder(means, row))
        store.put_words(conn, row, words)
        note(conn, msgspec.structs.replace(row, holder_words=max(1, len(words))))
    return len(rows)
