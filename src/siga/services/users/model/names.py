"""A holder's name as words by which it is found: folded, without accents, short particles left out."""

from __future__ import annotations

import re
import unicodedata

_PARTICLES = frozenset({"de", "del", "la", "las", "los", "el", "da", "do", "dos", "das", "van", "von", "y", "i", "e"})
_MOST = 20


def holder_words(name: str) -> frozenset[str]:
    """The words of a name, at most twenty: `María de la O Gómez-Ruiz` → maria, o, gomez, ruiz."""
    spelt = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    plain = "".join(c for c in spelt if not unicodedata.combining(c)).casefold()
    words = [word for word in re.split(r"[\W_]+", plain) if word]
    kept = [word for word in words if word not in _PARTICLES] or words
    return frozenset(list(dict.fromkeys(kept))[:_MOST])
