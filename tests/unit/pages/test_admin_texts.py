"""The administration's texts: there in each language, used, and every one that is asked for is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from siga.contract.parking import Authorisation, DeviceKind, Identify, Life, ZoneMode
from siga.contract.settings import DECLARED
from siga.kit.bay_files import REASONS
from siga.services.gateway import pages
from siga.services.gateway.pages import app
from siga.services.gateway.pages.admin.device_words import WANTS
from siga.services.gateway.pages.admin.sections import GROUPS, SECTIONS
from siga.services.gateway.pages.i18n import merged, places_in

PAGES = Path(pages.__file__).parent
ALL = merged(room.texts for room in app.ROOMS)
OWN = app.ADMIN.texts
ES, EN = OWN["es"], OWN["en"]
_ASKED = re.compile(r"""\bt(?P<how>\.html|\.n)?\(\s*["'](?P<key>[a-z_]+\.[\w.-]+)["']\s*[,)]""")
_QUOTED = re.compile(r"""["'](admin\.[\w.-]*|problem\.[\w.-]*)""")
_BY_NAME = ("admin.fault.", "admin.told.", "problem.", "admin.refused.", "admin.name_of.", "admin.problem.")
"""Asked for by a name that comes from elsewhere: a field, a query, a refusal, a slug, a setting."""


def _sources() -> list[str]:
    places = (*(PAGES / "admin").rglob("*.py"), *(PAGES / "templates" / "admin").rglob("*.html"))
    return [path.read_text() for path in places]


def test_both_languages_say_the_same_keys_with_the_same_places() -> None:
    assert ES.keys() == EN.keys()
    assert not [key for key in ES if places_in(ES[key]) != places_in(EN[key])]


def test_every_text_that_is_asked_for_is_there() -> None:
    missing = set()
    for source in _sources():
        for asked in _ASKED.finditer(source):
            key = f"{asked['key']}.other" if asked["how"] == ".n" else asked["key"]
            missing |= {key} - ALL["es"].keys()
    assert not missing


def test_every_text_is_used() -> None:
    quoted = {found for source in _sources() for found in _QUOTED.findall(source)}
    begun = tuple(found for found in quoted if found.endswith((".", "_")))
    unused = {
        key
        for key in ES
        if key not in quoted and not key.startswith((*begun, *_BY_NAME)) and key.rpartition(".")[0] not in quoted
    }
    assert not unused


def test_texts_of_several_words_differ_between_the_languages() -> None:
    assert not {key for key in ES if ES[key] == EN[key] and " " in ES[key] and "{" not in ES[key]}


def test_every_word_of_the_contract_has_its_text() -> None:
    families: dict[str, tuple[str, ...]] = {
        "admin.life": get_args(Life), "admin.mode": get_args(ZoneMode), "admin.device": get_args(DeviceKind),
        "admin.identify": get_args(Identify), "admin.authorisation": get_args(Authorisation),
        "admin.device.wants": WANTS, "admin.device.do": WANTS, "admin.name_of": tuple(DECLARED),
        "admin.settings.group": tuple({key.split(".")[0] for key in DECLARED}), "admin.refused": tuple(REASONS),
        "admin.section": tuple(one.name for one in SECTIONS), "admin.group": GROUPS,
        "admin.unit": tuple({one.unit for one in DECLARED.values() if one.unit}),
    }  # fmt: skip
    assert not [f"{family}.{word}" for family, words in families.items() for word in words
                if f"{family}.{word}" not in ES]  # fmt: skip


def test_the_administration_calls_nothing_an_infringement() -> None:
    """D9, D10: it says that a missing card is none, and accuses nobody."""
    accusing = re.compile(r"sanci|delito|culpable|ilegal|illegal|guilty", re.IGNORECASE)
    assert not {key for words in OWN.values() for key, text in words.items() if accusing.search(text)}
