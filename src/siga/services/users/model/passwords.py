"""What a new password must be: long enough, not among those everybody tries, not made of what everybody knows.

No rules of composition (NIST SP 800-63B, 3.1.1.2; ASVS 5.0, 6.2): length is what counts. Two lists are asked offline:
`common_passwords.txt`, our own, Spanish and English; and `breached.bin`, the first 6 bytes of the SHA-256 of each of
the 11,611 passwords of 8 characters or more among the 30,000 most used ones in public leaks, as zxcvbn 4.5.0 lists them
(MIT licence, `breached.LICENSE.txt`), folded to lower case. Guesses that rules can make are refused by rules.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from siga.services.users.model.problems import WeakPassword

SHORTEST, SHORTEST_OF_STAFF, LONGEST = 8, 12, 200
_SHORTEST_LOCAL_PART = 3
_REST = 6
"""So many characters must be left of a password without a word that everybody knows here."""
_HASH_BYTES = 6
_LEET = str.maketrans("013457@$!", "oieastasi")
_ROWS = ("1234567890", "qwertyuiop", "asdfghjklñ", "asdfghjkl", "zxcvbnm", "qazwsxedcrfvtgbyhnujmik",
         "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "qwertzuiop", "azertyuiop")  # fmt: skip
_RUNS = tuple(row[::step] for row in _ROWS for step in (1, -1))
_SHORTEST_RUN = 3
_DATE = re.compile(r"(0?[1-9]|[12]\d|3[01])[-./]?(0?[1-9]|1[0-2])[-./]?(19|20)?\d\d|(19|20)\d\d[-./]?\d\d[-./]?\d\d")
_BASES = frozenset(
    [
        "siga",
        "password",
        "passwort",
        "contraseña",
        "contrasena",
        "clave",
        "secreto",
        "secret",
        "admin",
        "administrador",
        "administrator",
        "usuario",
        "user",
        "welcome",
        "bienvenido",
        "bienvenida",
        "bienvenidos",
        "hola",
        "hello",
        "prueba",
        "test",
        "cambiame",
        "cambiar",
        "changeme",
        "letmein",
        "entrar",
        "acceso",
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "setiembre",
        "octubre",
        "noviembre",
        "diciembre",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "primavera",
        "verano",
        "otoño",
        "otono",
        "invierno",
        "spring",
        "summer",
        "autumn",
        "winter",
        "lunes",
        "martes",
        "miercoles",
        "miércoles",
        "jueves",
        "viernes",
        "sabado",
        "sábado",
        "domingo",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "policia",
        "policía",
        "police",
        "ayuntamiento",
        "municipal",
        "concejal",
        "alcaldia",
        "alcaldía",
        "aparcamiento",
        "aparcar",
        "parking",
        "plaza",
        "madrid",
        "barcelona",
        "sevilla",
        "valencia",
        "españa",
        "espana",
        "spain",
    ]
)


@cache
def _common() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text("utf-8").split())


@cache
def _breached() -> frozenset[bytes]:
    data = Path(__file__).with_name("breached.bin").read_bytes()
    return frozenset(data[n : n + _HASH_BYTES] for n in range(0, len(data), _HASH_BYTES))


def tidy_password(text: str) -> str:
    """A password in the one form it is hashed in (NFC), the same from every keyboard."""
    return unicodedata.normalize("NFC", text)


def check_password(text: str, email: str, *, staff: bool = False, known_here: Iterable[str] = ()) -> str:
    """A new password in the form it is hashed in; WeakPassword says what is wrong with it.

    `known_here` are names everybody knows in this place, as those of its towns.
    """
    password = tidy_password(text)
    shortest = SHORTEST_OF_STAFF if staff else SHORTEST
    if not shortest <= len(password) <= LONGEST:
        raise WeakPassword(f"A password has {shortest} to {LONGEST} characters here.")
    folded = password.casefold()
    if _is_listed(folded) or _is_easy(folded):
        raise WeakPassword("That is one of the passwords everybody tries first. Three unrelated words make a good one.")
    local_part = email.partition("@")[0].casefold()
    if len(local_part) >= _SHORTEST_LOCAL_PART and local_part in folded:
        raise WeakPassword("The password must not contain the first part of the e-mail address.")
    if _leans_on(folded, known_here):
        raise WeakPassword("The password is little more than a name that everybody knows here.")
    return password


def _is_listed(folded: str) -> bool:
    return folded in _common() or hashlib.sha256(folded.encode()).digest()[:_HASH_BYTES] in _breached()


def _is_easy(folded: str) -> bool:
    """Whether a rule makes it: repetitions, runs of keys, dates, a listed or usual word between digits and signs."""
    if _repeats(folded) or _all_runs(folded) or _DATE.fullmatch(folded):
        return True
    core = folded.strip("0123456789!¡?¿.,;:-_*+#@$%&/()= ")
    if len(folded) - len(core) > _REST:
        return False
    return any(word in _BASES or _is_listed(word) for word in (core, core.translate(_LEET)))


def _repeats(folded: str) -> bool:
    """Whether it is one piece of up to 4 characters again and again, the last time perhaps cut short."""
    return any((folded[:size] * len(folded)).startswith(folded) for size in range(1, 5))


def _all_runs(folded: str) -> bool:
    """Whether it is nothing but neighbours on a keyboard or in the alphabet, 3 or more each time."""
    at = 0
    while at < len(folded):
        length = max((_run_at(folded, at, run) for run in _RUNS), default=0)
        if length < _SHORTEST_RUN:
            return False
        at += length
    return True


def _run_at(folded: str, at: int, run: str) -> int:
    place, length = run.find(folded[at]), 0
    while place >= 0 and place + length < len(run) and at + length < len(folded):
        if run[place + length] != folded[at + length]:
            break
        length += 1
    return length


def _leans_on(folded: str, known_here: Iterable[str]) -> bool:
    """Whether hardly anything is left without one of these names, blanks and accents aside."""
    plain = _plain(folded)
    names = (_plain(name) for name in ("siga", *known_here))
    return any(len(name) > 2 and name in plain and len(plain.replace(name, "")) < _REST for name in names)


def _plain(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in spread if c.isalnum())
