"""Every text is there in each language, is used, and has the same places to be filled."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from pages_made_up import CATALOGUE

from siga.services.gateway import pages
from siga.services.gateway.pages import app
from siga.services.gateway.pages.i18n import merged, places_in

PAGES = Path(pages.__file__).parent
ES, EN = CATALOGUE["es"], CATALOGUE["en"]
_ASKED = re.compile(r"""\bt(\.html|\.n)?\(\s*["']([a-z_]+\.[\w.-]+)["']\s*[,)]""")
_QUOTED = re.compile(r"""["']([a-z_]+\.[\w.-]*)""")
_FAULT = re.compile(r"(account|mail|setup|stay|report|rate|claim|police)\.fault\.")  # asked for by forms.faults_of


@cache
def _sources() -> tuple[tuple[str, str], ...]:
    files = [*PAGES.rglob("*.py"), *PAGES.rglob("*.html"), *PAGES.rglob("*.txt")]
    return tuple((str(path.relative_to(PAGES)), path.read_text()) for path in files if "texts" not in path.parts)


def _ours(name: str) -> bool:
    return "admin" not in name and "demo" not in name


def test_both_languages_say_the_same_keys() -> None:
    assert ES.keys() == EN.keys()


def test_both_languages_fill_the_same_places() -> None:
    assert not [key for key in ES if places_in(ES[key]) != places_in(EN[key])]


def test_every_text_that_is_asked_for_is_there() -> None:
    missing = {
        (name, key)
        for name, source in _sources()
        if _ours(name)
        for how, key in _ASKED.findall(source)
        if (f"{key}.other" if how == ".n" else key) not in ES
    }
    assert not missing


def test_every_text_is_used() -> None:
    quoted = {found for _, source in _sources() for found in _QUOTED.findall(source)}
    begun = tuple(found for found in quoted if found.endswith("."))
    unused = {
        key
        for key in ES
        if key not in quoted
        and not key.startswith(begun)
        and key.rpartition(".")[0] not in quoted
        and not _FAULT.match(key)
    }
    assert not unused


def test_no_text_is_empty_or_has_blanks_about_it() -> None:
    for words in CATALOGUE.values():
        assert not [key for key, text in words.items() if not text or text != text.strip()] or set(words) >= {
            "hours.and"
        }


def test_a_text_of_several_words_differs_between_the_languages() -> None:
    same = {key for key, text in ES.items() if EN[key] == text and " " in text.strip() and "{" not in text}
    assert not same


def test_every_refusal_a_page_may_meet_is_said_in_words() -> None:
    for status in (400, 401, 403, 404, 405, 409, 422, 429, 503, 507):
        assert f"problem.status.{status}" in ES


def test_no_word_of_the_police_calls_a_suspicion_an_infringement() -> None:
    """D9, D10: only an officer's own outcome may."""
    accusing = re.compile(r"infracci|sanci|delito|culpable|ilegal|offence|infring|illegal|guilty", re.IGNORECASE)
    found = {key for words in CATALOGUE.values() for key, text in words.items() if accusing.search(text)}
    assert not found
    assert ES["suspicion.unverified"] == "Sin identificar: mire el parabrisas"


def test_no_two_rooms_say_the_same_key() -> None:
    assert merged(room.texts for room in app.ROOMS)
