"""Which roles may be told which personal or secret fields: data, held true by the generated test.

A field is written `Schema.field` as in OpenAPI; `Schema.*` is every field of it. `roles` are those whose operations
may answer with it. The person themself, who is told what is their own, comes by an operation that reaches `self`.
"""

from __future__ import annotations

from siga.contract.auth import Role
from siga.contract.base import Word


class Guarded(Word):
    """One kind of data that not everybody may see."""

    what: str
    roles: frozenset[Role]
    fields: tuple[str, ...]
    own: bool = False
    """Whether operations that reach only `self` answer with it too: to whom it belongs."""


_ADMINISTRATOR: frozenset[Role] = frozenset({"administrator"})
_POLICE: frozenset[Role] = frozenset({"police"})
_INSTALLING: frozenset[Role] = frozenset({"administrator", "installer"})

GUARDED: tuple[Guarded, ...] = (
    Guarded(what="the holder of an accreditation", roles=_ADMINISTRATOR, fields=("Accreditation.holder",)),
    Guarded(
        what="numbers of cards and plates of an accreditation", roles=_ADMINISTRATOR, own=True,
        fields=("UidForms.*", "Card.ends_with", "Plate.plate"),
    ),
    Guarded(
        what="codes by which an accreditation is claimed", roles=_ADMINISTRATOR,
        fields=("AccreditationIssued.claim_code", "ClaimCode.claim_code", "Letter.claim_code"),
    ),
    Guarded(
        what="names and e-mail addresses of staff", roles=frozenset({"administrator", "platform"}),
        fields=("Person.email", "Person.name", "HelpAsked.email", "HelpAsked.name", "HelpLink.name"),
    ),
    Guarded(
        what="codes by which people of staff get in", roles=frozenset({"administrator", "platform"}),
        fields=("Invited.code", "HelpLink.link"),
    ),
    Guarded(
        what="codes by which an erasure is followed", roles=_ADMINISTRATOR, own=True,
        fields=("ErasureBegun.follow_code",),
    ),
    Guarded(
        what="one's own account", roles=frozenset(), own=True,
        fields=(
            "Me.email", "Me.name", "Registered.email", "Registered.name", "SessionView.*", "TokenPair.access_token",
            "TokenPair.refresh_token", "OwnAccreditation.*", "CheckInView.*", "Favourite.*", "ReportSent.follow_code",
            "TotpStart.secret", "RecoveryCodes.codes",
        ),
    ),
    Guarded(
        what="cases and their evidence", roles=_POLICE,
        fields=(
            "CaseView.*", "CaseStep.*", "CasePlate.*", "PlateCandidate.*", "EvidencePhoto.*", "PhotoReading.*",
            "CaseEvidence.*", "Declaration.*", "ReportNote.*", "PhotoKept.*",
        ),
    ),
    Guarded(what="what passers-by wrote to the administration", roles=_ADMINISTRATOR, fields=("ReportWork.note",)),
    Guarded(
        what="keys and codes of devices and network servers", roles=_INSTALLING,
        fields=("DeviceWithCode.code", "IntegrationWithSecret.secret"),
    ),
    Guarded(
        what="records of the audit", roles=frozenset({"auditor", "platform"}), fields=("AuditRecord.*",),
    ),
    Guarded(
        what="log records", roles=frozenset({"operator", "auditor", "platform"}), fields=("LogRecord.*",),
    ),
)  # fmt: skip
"""Deny by default here too: a field of an answer whose name tells of a person or a secret and that is not listed
fails the test (`SUSPECT_NAMES`)."""

SUSPECT_NAMES: frozenset[str] = frozenset({
    "holder", "email", "plate", "plates", "uid", "uid_hex", "card_number", "claim_code", "follow_code", "secret", "key",
    "password", "access_token", "refresh_token", "csrf", "codes", "note", "user_agent", "address_of", "phone", "link",
})  # fmt: skip
"""Names of fields that tell of a person or open something: each must be guarded, or be named in `HARMLESS`."""

HARMLESS: dict[str, str] = {
    "Accreditation.plates": "the list; `Plate.plate` is guarded",
    "PhotoReading.plates": "the list; `PlateCandidate.plate` is guarded",
    "SettingChange.key": "the name of a setting",
    "SettingView.key": "the name of a setting",
    "SessionShown.csrf": "the caller's own, good only with the caller's cookie",
    "Head.key": "a public key",
    "SubjectSection.key": "the name of a section",
}
"""Fields of a suspect name that tell nothing, and why."""


def guard_of(schema: str, field: str) -> Guarded | None:
    """What guards a field of an answer, None if nobody does."""
    for guarded in GUARDED:
        if f"{schema}.{field}" in guarded.fields or f"{schema}.*" in guarded.fields:
            return guarded
    return None
