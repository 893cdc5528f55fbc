"""How a service declares the personal data that its tables hold: what, for what, how long, and what ends it."""

from __future__ import annotations

from typing import Literal

import msgspec

from siga.contract.settings import Setting

Nature = Literal["clear", "sealed", "keyed", "id"]
"""`clear`: readable; `sealed`: encrypted under a key outside the store; `keyed`: an HMAC or a hash under such a key, or
the hash of a long random secret; `id`: a random id that leads to a person only through another table."""
Activity = Literal["accounts", "accreditations", "parking", "past", "enforcement", "drivers", "security", "rights"]
Erasure = Literal["deleted", "emptied", "kept", "with_other"]
"""What an erasure does to a person's rows; `with_other`: they hang on rows of another table and go with those."""
Said = dict[str, str]
"""The same in every language of the pages."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One table with personal data. Every column of it is in `columns` or in `rest`.

    `ends` says how long it is kept and what ends it; `{n}` in it stands for the value of `setting`.
    """

    table: str
    activity: Activity
    columns: dict[str, Nature]
    rest: tuple[str, ...]
    what: Said
    ends: Said
    setting: Setting | None = None
    erasure: Erasure = "deleted"
    link: str = ""
    """The column that holds the id of the person or accreditation whose rows they are."""


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """What one service says of all its tables. `free`: tables without anything about a person."""

    service: str
    held: tuple[Held, ...]
    free: tuple[str, ...]


def held(table: str, activity: Activity, columns: dict[str, Nature], rest: str, *, what: tuple[str, str],
         ends: tuple[str, str], setting: Setting | None = None, erasure: Erasure = "deleted",
         link: str = "") -> Held:  # fmt: skip
    """A `Held` with its texts as (Spanish, English) and the other columns as words."""
    return Held(
        table=table, activity=activity, columns=columns, rest=tuple(rest.split()), what=_said(what), ends=_said(ends),
        setting=setting, erasure=erasure, link=link,
    )  # fmt: skip


def _said(texts: tuple[str, str]) -> Said:
    return {"es": texts[0], "en": texts[1]}


def journal(what: tuple[str, str], ends: tuple[str, str]) -> tuple[Held, Held]:
    """The tables of a service's journal: ids are all that its events say of people."""
    return (
        held(
            "events", "parking", {"subject_id": "id", "data": "id"},
            "position event_id kind version municipality_id sequence occurred_at recorded_at traceparent",
            what=what, ends=ends, erasure="emptied",
        ),
        held(
            "dead_events", "parking", {"event": "id"}, "event_id source position reason recorded_at",
            what=("Hechos que no se pudieron tratar, con los mismos identificadores",
                  "Events that could not be handled, with the same ids"),
            ends=("Hasta que se resuelven a mano", "Until they are dealt with by hand"), erasure="emptied",
        ),
    )  # fmt: skip
