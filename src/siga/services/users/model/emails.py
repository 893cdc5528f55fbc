"""E-mail addresses in one normal form, so that one person is one account."""

from __future__ import annotations

import re
import unicodedata

from siga.services.users.model.problems import BadEmail

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = re.compile(rf"[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")
_LONGEST = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets


def folded_email(text: str) -> str:
    """An address in the form it is kept and compared in: NFKC, no blanks around, lower case. Whatever it is."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def tidy_email(text: str) -> str:
    """A new account's address in normal form; BadEmail for what is none."""
    email = folded_email(text)
    if len(email) > _LONGEST or not _ADDRESS.fullmatch(email):
        raise BadEmail("Give an e-mail address such as maria@example.org.")
    return email
