"""Cards, plates and numbers as keyed matches: one normal form each, one HMAC, the same at the door and in Users."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from typing import Literal

from siga.kit.problem import Invalid

MatchKind = Literal["card", "tag", "plate", "number"]

UID_BYTES = (4, 7, 10)
"""Lengths of a card's UID: single, double and triple size (ISO/IEC 14443-3, 6.5.4)."""

_SEPARATORS = re.compile(r"[\s:.\-]")
_HEX = re.compile(r"[0-9A-F]*")
_TWINS = str.maketrans("АВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXIJSABEZHIKMNOPTYX")
_NUMBER_MAX = 40


class UidLength(Invalid):
    """A card's UID has 4, 7 or 10 bytes"""

    slug, status = "uid-length", 422


class UidForm(Invalid):
    """That is no card's UID"""

    slug, status = "uid-form", 422


class PlateForm(Invalid):
    """That is no number plate"""

    slug, status = "plate-form", 422


class NumberForm(Invalid):
    """That is no number of an accreditation"""

    slug, status = "number-form", 422


def normalise_uid(text: str) -> str:
    """A UID in hex as upper-case hex without separators; UidForm or UidLength for anything but 4, 7 or 10 bytes."""
    plain = _SEPARATORS.sub("", text).upper()
    if not _HEX.fullmatch(plain):
        raise UidForm("Give the UID in hexadecimal: digits and the letters A to F.")
    if len(plain) not in [2 * size for size in UID_BYTES]:
        raise UidLength(f"The UID has {len(plain)} hexadecimal digits; it must have 8, 14 or 20.")
    return plain


def uid_from_decimal(text: str) -> str:
    """A UID as a reader types it in decimal, as upper-case hex of the shortest size that holds it.

    UidForm for what is no number, UidLength for one of more than 10 bytes.
    """
    plain = _SEPARATORS.sub("", text)
    if not (plain.isascii() and plain.isdigit()):
        raise UidForm("Give the UID in decimal: digits only.")
    number = int(plain[:40])
    size = next((size for size in UID_BYTES if number < 1 << 8 * size), None)
    if size is None or len(plain) > 40:
        raise UidLength("The number is larger than 10 bytes can hold.")
    return f"{number:0{2 * size}X}"


def reverse_uid(uid: str) -> str:
    """The same UID with its bytes in the other order, as readers of another make show it."""
    return bytes.fromhex(uid)[::-1].hex().upper()


def normalise_plate(text: str) -> str:
    """A plate as A–Z and 0–9: separators gone, accents folded, Greek and Cyrillic twins made Latin.

    PlateForm for what is not 3 to 12 such characters with a digit among them.
    """
    folded = unicodedata.normalize("NFKD", text.upper()).translate(_TWINS)
    plain = "".join(c for c in folded if not unicodedata.combining(c) and c not in " -.·\t/")
    if not re.fullmatch(r"[A-Z0-9]{3,12}", plain) or not re.search(r"[0-9]", plain):
        raise PlateForm("A number plate has 3 to 12 letters and digits, with a digit among them.")
    return plain


def normalise_number(text: str) -> str:
    """An accreditation's number as upper-case letters and digits; NumberForm for none or more than 40 of them."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())
    if not 1 <= len(plain) <= _NUMBER_MAX:
        raise NumberForm(f"The number has 1 to {_NUMBER_MAX} letters and digits.")
    return plain


def match(key: bytes, kind: MatchKind, value: str) -> str:
    """HMAC-SHA-256 under a municipality's match key, 64 characters of lower-case hex, by which a value is found.

    Signed are the ASCII bytes of the normal form: a UID's upper-case hex alone (cards and tags share one reader), a
    plate as `plate:1234RBC`, a number as `number:VS120001`. Raises what the normal forms raise.
    """
    if kind in ("card", "tag"):
        message = normalise_uid(value)
    elif kind == "plate":
        message = f"plate:{normalise_plate(value)}"
    else:
        message = f"number:{normalise_number(value)}"
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()
