"""Addresses for the search."""

from __future__ import annotations

import pytest

from siga.kit.bay_files import AddressDraft, BadBayFile, read_addresses
from siga.kit.bay_files.addresses import split_address


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Calle Colón, 12, Valencia", ("Calle Colón", "12", "Valencia")),
        ("Calle Colón, 12, 3º B, 46004 Valencia", ("Calle Colón", "12", "Valencia")),
        ("Plaza Mayor s/n", ("Plaza Mayor", "s/n", "")),
        ("Rotteckring 3, 79098 Freiburg im Breisgau, Germany", ("Rotteckring", "3", "Freiburg im Breisgau")),
        ("Straße des 17. Juni 135", ("Straße des 17. Juni", "135", "")),
        ("Straße des 17. Juni", ("Straße des 17. Juni", "", "")),
        ("Kirchstraße 20-22", ("Kirchstraße", "20-22", "")),
        ("12 bis rue de la Loge", ("rue de la Loge", "12 bis", "")),
        ("Rue du 8 Mai 1945", ("Rue du 8 Mai 1945", "", "")),
        ("9 de Octubre", ("9 de Octubre", "", "")),
        ("", ("", "", "")),
    ],
)
def test_split_address(text, parts):
    assert split_address(text) == parts


def test_a_national_address_file():
    text = (
        "id;numero;rep;nom_voie;code_postal;nom_commune;x;y;lon;lat\n"
        "1;12;bis;Rue de la Loge;34000;Montpellier;770000.1;6279000.2;3.8767;43.6108\n"
        "2;12;bis;Rue de la Loge;34000;Montpellier;770000.1;6279000.2;3.8767;43.6108\n"
        "3;4;;;34000;Montpellier;;;3.8768;43.6108\n"
        "4;4;;Rue Foch;34000;Montpellier;;;;\n"
    )
    result = read_addresses(text.encode(), filename="ban.csv")
    assert result.addresses == [
        AddressDraft(street="Rue de la Loge", number="12 bis", place="Montpellier", lon=3.8767, lat=43.6108)
    ]
    assert [(row.row, row.slug) for row in result.refused] == [
        (3, "duplicate_address"), (4, "street_missing"), (5, "position_missing"),
    ]  # fmt: skip


def test_buildings_with_osm_tags():
    text = """{"type": "FeatureCollection", "features": [{"type": "Feature", "properties":
      {"addr:street": "Carrer Major", "addr:housenumber": "7", "addr:city": "Gandia", "building": "yes"}, "geometry":
      {"type": "Polygon", "coordinates": [[[-0.18, 38.96], [-0.1799, 38.96], [-0.1799, 38.9601], [-0.18, 38.96]]]}}]}"""
    (address,) = read_addresses(text.encode(), filename="b.geojson").addresses
    assert (address.street, address.number, address.place) == ("Carrer Major", "7", "Gandia")


def test_a_file_without_positions():
    with pytest.raises(BadBayFile, match="no_position"):
        read_addresses(b"street,number\nMayor,1\n", filename="a.csv")
