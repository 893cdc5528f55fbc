"""New passwords: length counts, and what everybody tries or knows is refused, offline."""

from __future__ import annotations

import unicodedata

import pytest

from siga.services.users.model.passwords import LONGEST, check_password
from siga.services.users.model.problems import WeakPassword

EMAIL = "maria.lopez@town.example"
TOWNS = ("Villanueva del Río", "Ávila")


@pytest.mark.parametrize("password", [
    "three unrelated words", "correcto caballo pila", "tortuga lámpara viernes", "azul-marino-tostado-42", "kx9!rT2q",
    "a b c d e f g h", "nosotras cenamos pronto", "密码很长也可以用吗",
])  # fmt: skip
def test_anything_long_and_not_obvious_is_taken_as_it_is(password: str) -> None:
    assert check_password(password, EMAIL, known_here=TOWNS) == unicodedata.normalize("NFC", password)


@pytest.mark.parametrize(("password", "staff", "good"), [
    ("w7#kfu2z", False, True), ("w7#kfu2", False, False), ("w7#kfu2z", True, False), ("w7#kfu2zpq4", True, False),
    ("w7#kfu2zpq4m", True, True),
])  # fmt: skip
def test_staff_need_twelve_characters_and_drivers_eight(password: str, staff: bool, good: bool) -> None:
    if good:
        assert check_password(password, EMAIL, staff=staff) == password
    else:
        with pytest.raises(WeakPassword):
            check_password(password, EMAIL, staff=staff)


def test_two_hundred_characters_are_taken_and_not_one_more() -> None:
    long = ("unas cuantas palabras sueltas " * 7)[:LONGEST]
    assert len(check_password(long, EMAIL)) == 200
    with pytest.raises(WeakPassword):
        check_password(long + "x", EMAIL)


@pytest.mark.parametrize("password", [
    "iloveyou1", "Iloveyou1", "1qaz2wsx3edc", "polniypizdec0211", "football1",  # from leaks
    "contraseña", "ayuntamiento", "siga12345",  # from our own list
    "Enero2026", "verano2025!", "¡Bienvenidos2026!", "P@ssw0rd2026", "Contraseña.1", "Admin#2026", "policia2026",
    "aaaaaaaa", "abababab", "abcabcabc", "12341234123", "qwertyuiop", "poiuytrewq", "asdfghjklñ", "qwertyasdfgh",
    "123456qwerty", "abcdefgh1234", "zxcvbnm,"[:7] + "1234", "01021990", "31-12-1999", "1999-12-31",
])  # fmt: skip
def test_what_everybody_tries_first_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_password(password, EMAIL)


@pytest.mark.parametrize("password", [
    "villanueva del rio", "VillanuevaDelRio26", "villanueva-del-río", "2026 Siga Siga", "avila2026", "siga.1234.siga",
    "x-maria.lopez-x", "MARIA.LOPEZ!",
])  # fmt: skip
def test_what_everybody_knows_here_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_password(password, EMAIL, known_here=TOWNS)


def test_a_towns_name_among_other_words_does_no_harm() -> None:
    assert check_password("en ávila llueve poco", EMAIL, known_here=TOWNS)
    assert check_password("sigamos cuesta arriba", EMAIL, known_here=TOWNS)
