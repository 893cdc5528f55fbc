"""The register of processing of a municipality, made from what is declared of every table. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from siga.contract.personal import ACTIVITIES, DECLARATIONS, Held, Said
from siga.contract.settings import Setting
from siga.contract.subjects import Register, RegisterActivity, RegisterData
from siga.contract.users import Municipality

ValueOf = Callable[[Setting], int]
_TRANSFERS: Said = {
    "es": "Ninguna: los datos no salen del Espacio Económico Europeo por obra de este programa.",
    "en": "None: this software moves no data out of the European Economic Area.",
}


def register_of(town: Municipality, value_of: ValueOf, now: datetime) -> Register:
    """The register as of now; `value_of` is what a setting says in that municipality."""
    return Register(
        municipality_id=town.municipality_id, municipality=town.name, contact=town.contact, made_at=now,
        activities=[
            RegisterActivity(
                activity=key, title=about.title, purpose=about.purpose, legal_basis=about.basis,
                subjects=about.subjects, recipients=about.recipients, transfers=_TRANSFERS, measures=about.measures,
                data=[
                    RegisterData(service=one.service, what=held.what, until=_until(held, value_of))
                    for one in DECLARATIONS
                    for held in one.held
                    if held.activity == key and held.table not in ("events", "dead_events")
                ],
            )
            for key, about in ACTIVITIES.items()
        ],
    )  # fmt: skip


def _until(held: Held, value_of: ValueOf) -> Said:
    if held.setting is None:
        return held.ends
    number = str(value_of(held.setting))
    return {language: text.replace("{n}", number) for language, text in held.ends.items()}
