"""Lists of accreditations as towns keep them are read; what cannot be is refused row by row without naming anybody."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siga.kit.accreditation_files import read_accreditations
from siga.kit.bay_files import BadBayFile

CSV = """numero;titular;categoria;clase;emisor;pais;desde;hasta;idioma;matricula;uid
VN-1;Ana Gil;movilidad reducida;permanente;;;2026-01-01;31/12/2030;es;1234 BCD|5678-FGH;04A2B3C4
VN-2;Luis Paz;disabled;provisional;Câmara de Lisboa;pt;01.02.2026;2026-12-31;inglés;;
VN-3;Taxi SL;taxi;colectiva;;;2026-01-01;2026-12-31;;9999 ZZZ;
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_a_spreadsheet_of_a_town_is_read_in_any_encoding(encoding: str) -> None:
    found = read_accreditations(CSV.encode(encoding), filename="list.csv")
    assert not found.refused
    ana, luis, taxi = found.drafts
    assert (ana.number, ana.holder, ana.category, ana.kind) == ("VN-1", "Ana Gil", "disabled", "personal")
    assert (ana.valid_from, ana.valid_to) == (date(2026, 1, 1), date(2030, 12, 31))
    assert (ana.plates, ana.cards, ana.issuer) == (("1234 BCD", "5678-FGH"), ("04A2B3C4",), None)
    assert (luis.issuer, luis.issuer_country, luis.language) == ("Câmara de Lisboa", "PT", "en")
    assert (luis.valid_from, luis.kind, luis.plates) == (date(2026, 2, 1), "provisional", None)
    assert (taxi.category, taxi.kind, taxi.row) == ("taxi", "collective", 4)


def test_json_is_read_like_a_table() -> None:
    text = """{"accreditations": [{"number": "A-100", "holder": "Ana", "category": "disabled",
    "valid_from": "2026-01-01", "valid_to": "2026-12-31", "plates": ["1234BCD"]}, {"holder": "Nobody"}, 7]}"""
    found = read_accreditations(text.encode(), filename="list.json")
    assert [draft.plates for draft in found.drafts] == [("1234BCD",)]
    assert [(row.row, row.slug) for row in found.refused] == [(2, "number_missing"), (3, "malformed")]


@pytest.mark.parametrize(
    ("row", "slug"),
    [
        (";Ana Gil;disabled;2026-01-01;2026-12-31;", "number_missing"),
        ("VN-00001;Ana Gil;;2026-13-01;2026-12-31;", "day_unreadable"),
        ("VN-00001;Ana Gil;spaceship;2026-01-01;2026-12-31;", "category_unknown"),
        ("VN-00001;Ana Gil;disabled;2026-01-01;2026-12-31;??", "plate-form"),
        ("VN-00009;Ana Gil;disabled;2026-01-01;2026-12-31;1234BCD", "twice"),
        ("VN 00000;Ana Gil;disabled;2026-01-01;2026-12-31;", "twice"),
        ("VN-00001;Ana Gil;disabled;2026-01-01;2026-12-31;1;2;3", "too_many_cells"),
    ],
)  # fmt: skip
def test_a_row_is_refused_with_its_reason_and_shows_no_name_and_no_plate(row: str, slug: str) -> None:
    head = "number;holder;category;from;until;plate\nVN-00000;Eva Sanz;disabled;2026-01-01;2026-12-31;1234 BCD\n"
    found = read_accreditations(f"{head}{row}\n".encode(), filename="list.csv")
    (refused,) = found.refused
    assert (refused.slug, refused.row, len(found.drafts)) == (slug, 3, 1)
    told = f"{refused.reason} {refused.excerpt}"
    assert "Ana" not in told
    assert "1234" not in told
    assert refused.excerpt in ("", "…001", "…009", "…000")


@pytest.mark.parametrize(
    ("data", "slug"),
    [(b"titular;categoria\nAna;disabled\n", "no_number"), (b"[1, 2", "not_json"), (b"[]", "no_rows"),
     (b"numero;titular\n", "no_rows")],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused_whole(data: bytes, slug: str) -> None:
    with pytest.raises(BadBayFile) as fault:
        read_accreditations(data, filename="list.csv")
    assert fault.value.slug == slug


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail_otherwise_than_by_refusing(data: bytes) -> None:
    try:
        found = read_accreditations(data, filename="list")
    except BadBayFile:
        return
    assert all(draft.number for draft in found.drafts)
