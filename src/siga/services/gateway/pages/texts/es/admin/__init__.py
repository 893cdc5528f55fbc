"""All Spanish words of the administration's pages, a file for each subject."""

from __future__ import annotations

from siga.services.gateway.pages.texts.es.admin import (
    accreditations,
    audit,
    devices,
    frame,
    lorawan,
    people,
    street,
    system,
)

TEXTS: dict[str, str] = {
    **frame.TEXTS,
    **street.TEXTS,
    **devices.TEXTS,
    **lorawan.TEXTS,
    **people.TEXTS,
    **accreditations.TEXTS,
    **system.TEXTS,
    **audit.TEXTS,
}
