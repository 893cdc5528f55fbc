"""Whom a bay is for: words of five languages to SIGA's categories."""

from __future__ import annotations

import re
from functools import lru_cache

from siga.kit.bay_files.model import Category
from siga.kit.bay_files.source import Source
from siga.kit.bay_files.texts import folded

_WORDS: dict[Category, str] = {
    "disabled": r"gig|gic|pmr|handi\w*|disab\w*|wheelchair\w*|accessible|blue badge|reduced mobility|discapaci\w*"
    r"|minusvali\w*|movilidad reducida|mobilitat reduida|mobilite reduite|diversidad funcional|diversitat funcional"
    r"|adaptad[oa]s?|adaptat|adaptada|\w*behinder\w*|rollstuhl\w*|mobilitaetseinge\w*",
    "ambulance": r"ambulan\w*|rettung\w*|krankenwagen\w*|krankentransport\w*|emergency|urgencias|urgences|urgencies"
    r"|transportes? sanitarios?|transports? sanitaires?|transport sanitari|samu",
    "authority": r"authority|authorities|services? publics?|servicios? publicos?|serveis? publics?|police|policia\w*"
    r"|polizei\w*|autoridad\w*|autorit\w*|oficial|oficiales|oficials|official|government|gobierno|ayuntamiento"
    r"|ajuntament|mairie|behoerde\w*|diplomat\w*|guardia civil|guardia urbana|bomber\w*|pompiers|feuerwehr\w*"
    r"|fire brigade|fire service|juzgados?|jutjats?|administracion|administracio|administration",
    "delivery": r"delivery|deliveries|livraisons?|carga(?: [yeio])? descarga|carrega(?: i)? descarrega|carga|loading"
    r"|ladezonen?|liefer\w*|mercancias|mercaderies|marchandises|goods|dum",
    "taxi": r"taxi\w*",
    "bus": r"bus|buses|autobus\w*|autocars?|autocares|busse|omnibus\w*|reisebus\w*|linienbus\w*|coach|coaches"
    r"|transports? (?:publics?|publicos?|en commun)",
}
_PATTERNS = {category: re.compile(rf"\b(?:{words})\b") for category, words in _WORDS.items()}
_OTHER = re.compile(r"others?|autres?|otr[oa]s?|altres?|andere[nrs]?|sonstige[nrs]?|varios|divers")
_NEGATED = re.compile(r"(?:no|not|non|sin|sense|nicht|kein|keine|ohne|without|sans)\b")
_CHARGING = re.compile(r"\b(?:recarga|recarrega|electri\w*|elektro\w*|charging|recharge)\b")


@lru_cache(maxsize=4096)
def kinds_of(text: str) -> tuple[Category, ...]:
    """The categories that `text` names: one when it is clear, none when unknown, several when it is ambiguous.

    `GIG/GIC` → disabled, `Livraison` → delivery, `Autre` → other; “no PMR” and charging points name none.
    """
    words = folded(text).replace("_", " ")
    if _OTHER.fullmatch(words):
        return ("other",)
    if _NEGATED.match(words) or _CHARGING.search(words):
        return ()
    return tuple(category for category, pattern in _PATTERNS.items() if pattern.search(words))


def kind_column(source: Source, candidates: tuple[str, ...], *, required: bool) -> str | None:
    """The candidate whose different values name kinds most often; None when none names any.

    `TYP` with “öffentlich” is thereby no kind, `PARKPLATZ_` with “Behinderte” is. When a kind is `required` (no
    category was given), the best name is taken all the same, so that its unknown words are shown.
    """
    best, best_share = None, 0.0
    for header in candidates:
        values = source.values(header)
        share = sum(len(kinds_of(value)) == 1 for value in values) / len(values) if values else 0.0
        if share > best_share:
            best, best_share = header, share
    return best or (candidates[0] if required and candidates else None)
