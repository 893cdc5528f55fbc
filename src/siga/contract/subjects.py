"""Words about a person's own data: what is gathered of them, what is erased, the register, proofs of deletion."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from siga.contract.base import Ask, Word
from siga.contract.personal import Activity, Said

Row = dict[str, Any]
SUBJECT_SERVICES: tuple[str, ...] = ("drivers", "history", "parking", "enforcement", "images", "logs")
"""Who is asked about a person besides Users, in this order: what one finds leads the next."""

# --- between Users and the others ------------------------------------------------------------------------------------


class Plate(Word):
    """A plate of the person, in clear, and where it is registered."""

    municipality_id: str
    plate: str


class Links(Word):
    """Ids of things of the person that one service found and others know too."""

    stay_ids: tuple[str, ...] = ()
    report_ids: tuple[str, ...] = ()
    photo_ids: tuple[str, ...] = ()

    def with_more(self, other: Links) -> Links:
        """Both together, each id once."""
        return Links(
            stay_ids=_joined(self.stay_ids, other.stay_ids), report_ids=_joined(self.report_ids, other.report_ids),
            photo_ids=_joined(self.photo_ids, other.photo_ids),
        )  # fmt: skip


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


class SubjectAsk(Ask):
    """Whose data are meant. Travels in bodies between services, never in a URL or a log.

    `accreditation_ids` and `credentials` (HMACs) are the pseudonyms under which the person parks; `surrendered`: they
    are given up and must not be known any more. `municipality_ids` narrows an export to what a clerk may see; None =
    everything.
    """

    user_id: str
    accreditation_ids: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    plates: tuple[Plate, ...] = ()
    links: Links = Links()
    municipality_ids: tuple[str, ...] | None = None
    surrendered: bool = False


class SubjectSection(Word):
    """Rows of one kind that a service holds of the person. `key` names the kind, e.g. `drivers.favourites`."""

    key: str
    rows: list[Row]


class SubjectPart(Word):
    """All that one service holds of the person."""

    sections: list[SubjectSection]
    links: Links = Links()


KeptWhy = Literal["open_case", "procedure", "parked_now", "official_act", "valid_accreditation"]
"""A case is still open; a sanctioning procedure may follow (blocked, LOPDGDD 32); the car still stands there; it is a
step of an official act; the administration's own file of an accreditation that goes on."""


class Kept(Word):
    """Something that the law or the moment keeps from being erased now; `until` where it is known."""

    what: str
    why: KeptWhy
    count: int = 1
    until: datetime | None = None


class ErasedPart(Word):
    """What one service erased, by kind, and what it kept."""

    erased: dict[str, int] = {}
    kept: tuple[Kept, ...] = ()
    links: Links = Links()


# --- what a person is told -------------------------------------------------------------------------------------------


class SubjectExport(Word):
    """Everything that is held of one person. `missing`: services that could not be asked; then ask again."""

    user_id: str
    made_at: datetime
    sections: list[SubjectSection]
    missing: tuple[str, ...] = ()


PartState = Literal["waiting", "done"]
ErasureState = Literal["running", "second_look", "done"]


class ErasureAsk(Ask):
    """Erase one's account and data. `surrender`: also give up the accreditations one has claimed."""

    surrender: bool = False


class ErasurePart(Word):
    """How far one service has come."""

    state: PartState = "waiting"
    erased: dict[str, int] = {}
    kept: tuple[Kept, ...] = ()


class ErasureView(Word):
    """How far an erasure has come. It is done after a second look, a minute after the first.

    `proof` is a signed record (JWT, type `siga-erasure+jwt`) without anything about the person.
    """

    erasure_id: str
    state: ErasureState
    asked_at: datetime
    parts: dict[str, ErasurePart]
    erased_at: datetime | None = None
    done_at: datetime | None = None
    proof: str | None = None


class ErasureList(Word):
    """Erasures, newest first."""

    erasures: list[ErasureView]


class ErasureBegun(Word):
    """An erasure that has begun. `follow_code` is told this once: send it in `X-Follow-Code` to see how far it is."""

    erasure: ErasureView
    follow_code: str


# --- the register and proofs -----------------------------------------------------------------------------------------


class RegisterData(Word):
    """One kind of data of an activity: which service holds it and until when."""

    service: str
    what: Said
    until: Said


class RegisterActivity(Word):
    """One activity of processing (GDPR 30.1, LOPDGDD 31.2)."""

    activity: Activity
    title: Said
    purpose: Said
    legal_basis: Said
    subjects: Said
    recipients: Said
    transfers: Said
    measures: Said
    data: list[RegisterData]


class Register(Word):
    """The register of processing of one municipality, made from what the software does there now."""

    municipality_id: str
    municipality: str
    contact: str
    made_at: datetime
    activities: list[RegisterActivity]


class DeletionProof(Word):
    """A signed record that something was destroyed: what kind, how many, when, under which key. Nothing personal.

    `statement` is a JWT (type `siga-deletion+jwt`) signed by the service; `previous` in it is the SHA-256 of the one
    before, so that none can be taken away unseen.
    """

    service: str
    number: int
    kind: str
    key_id: str
    count: int
    at: datetime
    statement: str


class DeletionProofs(Word):
    """Proofs, newest first."""

    proofs: list[DeletionProof]
