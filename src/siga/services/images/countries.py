"""The forms of number plates: Spain's since 2000, provincial and special ones, then the rest of Europe.

A form is written slot by slot: `9` a digit, `L` a letter of the country's own set, `A` any letter, `X` a letter of
the set or a digit, `[...]` one of these characters, a lower-case letter that very letter in capitals, `@` a district
code of the list, `-` a gap where a seal or a coat of arms may stand, and `{m,n}` after a slot a repetition.

Sources: Reglamento General de Vehículos (RD 2822/1998) annex XVIII for Spain; the national registration rules as
summarised by the public "Vehicle registration plates of ..." articles for the others.
"""

from __future__ import annotations

from typing import NamedTuple

from siga.services.images import districts as codes

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Form(NamedTuple):
    """One row of the table; `rarity` is a cost, 0 for a country's everyday plates."""

    country: str
    kind: str
    pattern: str
    letters: str = ALPHABET
    districts: str = ""
    rarity: float = 0.0


def _without(missing: str) -> str:
    return "".join(letter for letter in ALPHABET if letter not in missing)


def _of_length(districts: str, length: int) -> str:
    return " ".join(code for code in districts.split() if len(code) == length)


def _forms(
    country: str,
    patterns: str,
    rarity: float = 0.0,
    letters: str = ALPHABET,
    districts: str = "",
    kind: str = "ordinary",
) -> list[Form]:
    return [Form(country, kind, pattern, letters, districts, rarity) for pattern in patterns.split()]


_ES_LETTERS = _without("AEIOUQ")
_PL_LETTERS = _without("BDIOQZ")
_PL_CITIES, _PL_COUNTIES = _of_length(codes.POLAND, 2), _of_length(codes.POLAND, 3)
_AT_CAPITALS, _AT_DISTRICTS = _of_length(codes.AUSTRIA, 1), _of_length(codes.AUSTRIA, 2)
_CZ_REGIONS = "[ABCEHJKLMPSTUZ]"
_CYRILLIC_TWINS = "ABCEHIKMOPTXY"

SPAIN: list[Form] = [
    *_forms("ES", "9999-LLL", letters=_ES_LETTERS),
    *_forms("ES", "@-9999-L{1,2}", 0.0, _without("Q"), codes.SPAIN, "provincial"),
    *_forms("ES", "@-9{5,6}", 0.1, districts=codes.SPAIN, kind="provincial"),
    *_forms("ES", "@-9{3,4}", 0.25, districts=codes.SPAIN, kind="provincial"),
    *_forms("ES", "@-99999-ve @-99999-r", 0.15, districts=codes.SPAIN, kind="special"),
    *_forms("ES", "[CEHPRSTV]-9999-LLL", 0.15, _ES_LETTERS, kind="special"),
    *_forms("ES", "cnp-9999-L{1,2} pgc-9999-L cme-9999 cgpc-9999 dgp-9999-L", 0.1, kind="police"),
    *_forms("ES", "et-9{5,6} ea-9{5,6} fn-9{5,6} pme-9999-L pmm-9{4,5} mf-9{4,5} mma-9{4,5}", 0.12, kind="state"),
    *_forms("ES", "cd-9{2,3}-999 cc-9{2,3}-999 ta-9{2,3}-999 oi-9{2,3}-999", 0.12, kind="diplomatic"),
]

EUROPE: list[Form] = [
    *_forms("PT", "LL-99-LL 99-LL-99 99-99-LL LL-99-99", 0.0),
    *_forms("FR", "[A-H]L-999-LL", 0.0, _without("IOU")),
    *_forms("FR", "9{2,4}-L{2,3}-99", 0.12, _without("IOU")),
    *_forms("IT", "[A-H]L-999LL", 0.0, _without("IOQU")),
    *_forms("IT", "LL-99999", 0.08, _without("IOQU"), kind="motorcycle"),
    *_forms("DE", "A{1,3}-A{1,2}9{1,4}", 0.04),
    *_forms("DE", "A{1,3}-A{1,2}9{1,4}[EH]", 0.1),
    *_forms("GB", "LL99-LLL", 0.0, _without("IQ")),
    *_forms("GB", "L9{1,3}-LLL", 0.12, _without("IQ")),
    *_forms("GB", "LLL-9{1,3}L", 0.14, _without("IQ")),
    *_forms("GB", "A{1,3}-9{1,4} 9{1,4}-A{1,3}", 0.22),
    *_forms("IE", "9{2,3}-@-9{1,6}", 0.02, districts=codes.IRELAND),
    *_forms("NL", "LL-99-99 99-99-LL 99-LL-99 LL-99-LL LL-LL-99 99-LL-LL", 0.02, _without("AEIOUCQY")),
    *_forms("NL", "99-LLL-9 9-LLL-99 LL-999-L L-999-LL LLL-99-L L-99-LLL 9-LL-999 999-LL-9", 0.0, _without("AEIOUCQY")),
    *_forms("BE", "9-LLL-999"),
    *_forms("BE", "LLL-999 999-LLL", 0.06),
    *_forms("LU", "LL-9999", 0.06),
    *_forms("CH", "@-9{4,6}", 0.02, districts=codes.SWITZERLAND),
    *_forms("CH", "@-9{2,3}", 0.15, districts=codes.SWITZERLAND),
    *_forms("LI", "fl-9{3,5}", 0.06),
    *_forms("AT", "@-9{4,5}L{1,2} @-999LL", 0.04, _without("Q"), _AT_CAPITALS),
    *_forms("AT", "@-999L{1,2} @-99LLL", 0.04, _without("Q"), _AT_DISTRICTS),
    *_forms("AD", "L-9999", 0.1),
    *_forms("MC", "X999", 0.25),
    *_forms("PL", "@-99999 @-9999L @-999LL @-9L999 @-9LL99", 0.0, _PL_LETTERS, _PL_CITIES),
    *_forms("PL", "@-L999 @-99LL @-9L99 @-99L9 @-9LL9 @-LL99 @-L99L @-L9LL", 0.0, _PL_LETTERS, _PL_COUNTIES),
    *_forms("PL", "@-99999 @-9999L @-999LL", 0.06, _PL_LETTERS, _PL_COUNTIES),
    *_forms("PL", "AAA-9999 AAA-999L", 0.12),
    *_forms("CZ", f"9{_CZ_REGIONS}X-9999", 0.0, _without("GIOQW")),
    *_forms("CZ", "AAA-99-99", 0.04),
    *_forms("CZ", "AA-99-99 el-999-AA", 0.1),
    *_forms("SK", "@-999LL", 0.0, districts=codes.SLOVAKIA),
    *_forms("SK", "AA-999LL", 0.08),
    *_forms("HU", "LLL-999 LL-LL-999", 0.02),
    *_forms("RO", "@-99-LLL", 0.0, _without("Q"), codes.ROMANIA),
    *_forms("RO", "b-9{2,3}-LLL", 0.0, _without("Q")),
    *_forms("BG", "L{1,2}-9999-L{1,2}", 0.04, "ABEKMHOPCTYX"),
    *_forms("GR", "LLL-9999", 0.02, "ABEHIKMNOPTXYZ"),
    *_forms("HR", "@-9{3,4}-L{1,2}", 0.0, districts=codes.CROATIA),
    *_forms("SI", "@-LL-999 @-99-9LL @-L9-99L @-9L-99L", 0.04, districts=codes.SLOVENIA),
    *_forms("RS", "@-9{3,4}-LL", 0.08, districts=codes.SERBIA),
    *_forms("BA", "[AEJKMOT]99-[AEJKMOT]-999", 0.02),
    *_forms("ME", "@-LL999", 0.08, districts=codes.MONTENEGRO),
    *_forms("MK", "@-9999-LL", 0.08, districts=codes.NORTH_MACEDONIA),
    *_forms("XK", "99-999-LL", 0.22),
    *_forms("AL", "LL-999-LL", 0.08, _without("IOQ")),
    *_forms("SE", "LLL-99X", 0.0, _without("IQV")),
    *_forms("NO", "LL-99999", 0.02),
    *_forms("DK", "LL-99-999", 0.02),
    *_forms("FI", "LLL-999", 0.02),
    *_forms("FI", "A{2,3}-9{1,3}", 0.15),
    *_forms("IS", "LL-X99", 0.08),
    *_forms("EE", "999-LLL", 0.02),
    *_forms("EE", "99-LLL", 0.12),
    *_forms("LV", "LL-9{3,4}", 0.04),
    *[form for country in ("LT", "MD", "MT", "CY") for form in _forms(country, "LLL-999", 0.04)],
    *_forms("UA", "LL-9999-LL", 0.02, _CYRILLIC_TWINS),
    *_forms("BY", "9999-LL-9", 0.12, _CYRILLIC_TWINS),
    *_forms("RU", "L999LL-9{2,3}", 0.1, _CYRILLIC_TWINS),
    *_forms("TR", "99-L{1,3}-9{2,4}", 0.08),
    *_forms("SM", "L-9999", 0.12),
    *_forms("VA", "scv-9{3,5} cv-9{3,5}", 0.12),
    *_forms("GI", "g-9999-L", 0.08),
    *_forms("GE", "LL-999-LL", 0.08),
    *[form for country in ("AM", "AZ") for form in _forms(country, "99-LL-999", 0.08)],
]

ELSEWHERE: list[Form] = [
    *_forms("BR", "LLL-9999 LLL-9L99", 0.08),
    *_forms("MA", "9{4,5}-L-9{1,2}", 0.2),
]

FORMS: list[Form] = [*SPAIN, *EUROPE, *ELSEWHERE]
