"""What a new password must be: long enough, not among the ones everybody tries, not the address itself.

No rules of composition (NIST SP 800-63B, 3.1.1.2): length is what counts.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from siga.services.users.model.problems import WeakPassword

SHORTEST, LONGEST = 8, 256
_SHORTEST_LOCAL_PART = 3


@cache
def _common() -> frozenset[str]:
    """The passwords everybody tries first (as lists of leaked ones show), 8 characters or longer."""
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text("utf-8").split())


def tidy_password(text: str) -> str:
    """A password in the one form it is hashed in (NFC), the same from every keyboard."""
    return unicodedata.normalize("NFC", text)


def check_password(text: str, email: str) -> str:
    """A new password in the form it is hashed in; WeakPassword says what is wrong with it."""
    password = tidy_password(text)
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"A password has {SHORTEST} to {LONGEST} characters.")
    folded = password.casefold()
    if folded in _common() or len(set(folded)) == 1:
        raise WeakPassword("That is one of the passwords everybody tries first. Three unrelated words make a good one.")
    local_part = email.partition("@")[0].casefold()
    if len(local_part) >= _SHORTEST_LOCAL_PART and local_part in folded:
        raise WeakPassword("The password must not contain the first part of the e-mail address.")
    return password
