"""The forms of number plates: Spain's since 2000, provincial and special ones, then the rest of Europe.

A form is written slot by slot: `9` a digit, `L` a letter of the country's own set, `A` any letter, `X` a letter of
the set or a digit, `[...]` one of these characters, a lower-case letter that very letter in capitals, `@` a district
code of the list, `-` a gap where a seal or a coat of arms may stand, and `{m,n}` after a slot a repetition.

Sources: Reglamento General de Vehículos (RD 2822/1998) annex XVIII for Spain; the national registration rules as
summarised by the public "Vehicle registration plates of ..." articles for the others.
"""

from __future__ import annotations

from typing import NamedTuple

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


def _forms(
    country: str, patterns: str, rarity: float = 0.0, letters: str = ALPHABET, districts: str = "", kind: str = "ordinary"
) -> list[Form]:
    return [Form(country, kind, pattern, letters, districts, rarity) for pattern in patterns.split()]


_ES_LETTERS = _without("AEIOUQ")
_ES_PROVINCES = (
    "A AB AL AV B BA BI BU C CA CC CE CO CR CS CU GC GE GI GR GU H HU IB J L LE LO LU M MA ML MU NA O OR OU P PM PO "
    "S SA SE SG SH SO SS T TE TF TO V VA VI Z ZA"
)
_SK_DISTRICTS = (
    "BA BB BC BJ BL BN BR BS BT BY CA DK DS DT GA GL HC HE IL KA KE KI KK KM KN KS LC LE LM LV MA MI ML MT MY NM NO NR "
    "NZ PB PD PE PK PN PO PP PT PU PV RA RK RS RV SA SB SC SE SI SK SL SN SO SP SV TA TC TN TO TR TS TT TV VK VT ZA ZC "
    "ZH ZM ZV"
)
_HR_CITIES = "BJ BM CK DA DE DJ DU GS IM KA KC KR KT KZ MA NA NG OG OS PU PZ RI SB SI SK SL ST VK VT VU VZ ZD ZG ZU"
_RS_CITIES = (
    "AC AL AR BB BC BG BK BO BP BT BU VA VB VG VL VM VP VR VS GL GM DE DA ZA ZR IN IC JA KA KV KG KI KL KM KO KS KC LB "
    "LE LO LU ME MI MM MT NV NG NI NP NS PA PB PE PZ PI PK PN PO PP PR PT RA RU SA SV SD SJ SM SO SP ST SU TO TS TT TU "
    "CU UB UE UR SI"
)
_ME_CITIES = "AN BA BD BP BR CT DG GS HN KL KO MK NK PG PL PT PV RO SN TV TZ UL ZB"
_MK_CITIES = "BE BT DB DE DH DK GE GV KA KI KO KP KR KS KU MB MK MS NE OH PE PP PS RA RE SK SN SR SS ST SU TE VE VI VV"
_RO_COUNTIES = (
    "AB AG AR BC BH BN BR BT BV BZ CJ CL CS CT CV DB DJ GJ GL GR HD HR IF IL IS MH MM MS NT OT PH SB SJ SM SV TL TM TR "
    "VL VN VS"
)
_SI_DISTRICTS = "CE GO KK KP KR LJ MB MS NM PO SG"
_IE_COUNTIES = "C CE CN CW D DL G KE KK KY L LD LH LK LM LS MH MN MO OY RN SO T TN TS W WD WH WW WX"
_CH_CANTONS = "AG AI AR BE BL BS FR GE GL GR JU LU NE NW OW SG SH SO SZ TG TI UR VD VS ZG ZH"
_PL_FIRST = "[BCDEFGKLNOPRSTWZ]"
_PL_LETTERS = _without("BDIOQZ")
_CZ_REGIONS = "[ABCEHJKLMPSTUZ]"
_CYRILLIC_TWINS = "ABCEHIKMOPTXY"

SPAIN: list[Form] = [
    *_forms("ES", "9999-LLL", letters=_ES_LETTERS),
    *_forms("ES", "@-9999-L{1,2}", 0.04, _without("Q"), _ES_PROVINCES, "provincial"),
    *_forms("ES", "@-9{5,6}", 0.1, districts=_ES_PROVINCES, kind="provincial"),
    *_forms("ES", "@-9{3,4}", 0.25, districts=_ES_PROVINCES, kind="provincial"),
    *_forms("ES", "[CEHPRSTV]-9999-LLL", 0.12, _ES_LETTERS, kind="special"),
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
    *_forms("GB", "L9{1,3}-LLL", 0.06, _without("IQ")),
    *_forms("GB", "LLL-9{1,3}L", 0.1, _without("IQ")),
    *_forms("GB", "A{1,3}-9{1,4} 9{1,4}-A{1,3}", 0.15),
    *_forms("IE", "9{2,3}-@-9{1,6}", 0.02, districts=_IE_COUNTIES),
    *_forms("NL", "LL-99-99 99-99-LL 99-LL-99 LL-99-LL LL-LL-99 99-LL-LL", 0.02, _without("AEIOUCQY")),
    *_forms("NL", "99-LLL-9 9-LLL-99 LL-999-L L-999-LL LLL-99-L L-99-LLL 9-LL-999 999-LL-9", 0.0, _without("AEIOUCQY")),
    *_forms("BE", "9-LLL-999"),
    *_forms("BE", "LLL-999 999-LLL", 0.06),
    *_forms("LU", "LL-9999", 0.06),
    *_forms("CH", "@-9{4,6}", 0.02, districts=_CH_CANTONS),
    *_forms("CH", "@-9{2,3}", 0.15, districts=_CH_CANTONS),
    *_forms("LI", "fl-9{3,5}", 0.06),
    *_forms("AT", "A{1,2}-9{3,5}L{1,2} A{1,2}-9{2,3}LLL", 0.06, _without("Q")),
    *_forms("AD", "L-9999", 0.1),
    *_forms("MC", "X999", 0.25),
    *_forms("PL", f"{_PL_FIRST}A-99999 {_PL_FIRST}A-9999L {_PL_FIRST}A-999LL", 0.0, _PL_LETTERS),
    *_forms("PL", f"{_PL_FIRST}A-9L999 {_PL_FIRST}A-9LL99 {_PL_FIRST}A-99L99", 0.02, _PL_LETTERS),
    *_forms("PL", f"{_PL_FIRST}AA-L999 {_PL_FIRST}AA-99LL {_PL_FIRST}AA-9L99 {_PL_FIRST}AA-99L9", 0.0, _PL_LETTERS),
    *_forms("PL", f"{_PL_FIRST}AA-9LL9 {_PL_FIRST}AA-LL99 {_PL_FIRST}AA-L99L {_PL_FIRST}AA-L9LL", 0.02, _PL_LETTERS),
    *_forms("PL", f"{_PL_FIRST}AA-99999 {_PL_FIRST}AA-9999L {_PL_FIRST}AA-999LL", 0.02, _PL_LETTERS),
    *_forms("PL", "AAA-9999 AAA-999L", 0.1),
    *_forms("CZ", f"9{_CZ_REGIONS}X-9999", 0.0, _without("GIOQW")),
    *_forms("CZ", "AAA-99-99", 0.04),
    *_forms("CZ", "AA-99-99 el-999-AA", 0.1),
    *_forms("SK", "@-999LL", 0.0, districts=_SK_DISTRICTS),
    *_forms("SK", "AA-999LL", 0.08),
    *_forms("HU", "LLL-999 LL-LL-999", 0.02),
    *_forms("RO", "@-99-LLL", 0.0, _without("Q"), _RO_COUNTIES),
    *_forms("RO", "b-9{2,3}-LLL", 0.0, _without("Q")),
    *_forms("BG", "L{1,2}-9999-L{1,2}", 0.04, "ABEKMHOPCTYX"),
    *_forms("GR", "LLL-9999", 0.02, "ABEHIKMNOPTXYZ"),
    *_forms("HR", "@-9{3,4}-L{1,2}", 0.0, districts=_HR_CITIES),
    *_forms("SI", "@-LL-999 @-99-9LL @-L9-99L @-9L-99L", 0.04, districts=_SI_DISTRICTS),
    *_forms("RS", "@-9{3,4}-LL", 0.04, districts=_RS_CITIES),
    *_forms("BA", "[AEJKMOT]99-[AEJKMOT]-999", 0.02),
    *_forms("ME", "@-LL999", 0.04, districts=_ME_CITIES),
    *_forms("MK", "@-9999-LL", 0.04, districts=_MK_CITIES),
    *_forms("XK", "99-999-LL", 0.08),
    *_forms("AL", "LL-999-LL", 0.06, _without("IOQ")),
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
    *_forms("BY", "9999-LL-9", 0.04, _CYRILLIC_TWINS),
    *_forms("RU", "L999LL-9{2,3}", 0.04, _CYRILLIC_TWINS),
    *_forms("TR", "99-L{1,3}-9{2,4}", 0.04),
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
