"""Text as it is searched by: without case, accents and punctuation, pure."""

from __future__ import annotations

import unicodedata


def fold_text(text: str) -> str:
    """Text to search by: lower case, without accents and punctuation, one blank between words."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split())
