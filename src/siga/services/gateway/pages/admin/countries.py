"""Countries whose parking cards a clerk meets: those that issue the European model, and Spain's other neighbours."""

from __future__ import annotations

from siga.services.gateway.pages.admin.desk import Desk
from siga.services.gateway.pages.admin.lookups import Options

ISSUING: tuple[str, ...] = (
    "AD", "AL", "AT", "BA", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR", "HR",
    "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MA", "MC", "MD", "ME", "MK", "MT", "NL", "NO", "PL", "PT", "RO",
    "RS", "SE", "SI", "SK", "SM", "TR", "UA",
)  # fmt: skip


def country_words(desk: Desk, code: str) -> str:
    """A country's name, its code where SIGA has no name for it."""
    return desk.t.either(f"admin.country.{code}", "admin.country.other", code=code)


def country_options(desk: Desk, chosen: str = "") -> Options:
    """Countries to choose from by name; one that is not among them is there if it was chosen already."""
    codes = {*ISSUING, chosen} - {""}
    return sorted(((code, country_words(desk, code)) for code in codes), key=lambda pair: pair[1])
