"""The real files of five towns, by their counts; they live outside the project (see conftest.real_file)."""

from __future__ import annotations

from collections import Counter

import pytest

from siga.kit.bay_files import BadBayFile, ReadOptions, read_addresses, read_bays

MONTPELLIER = "montpellier-reserved-bays/VilleMTP_MTP_PlacesReserv"
KINDS = {"disabled": 150, "delivery": 145, "taxi": 6, "authority": 5, "other": 2, "bus": 1}


def read(data, name, category="disabled", **options):
    return read_bays(data, filename=name, category=category, options=ReadOptions(**options))


def refused(result):
    return dict(Counter(row.slug for row in result.refused))


def places(result):
    return sum(draft.capacity_index == 1 for draft in result.drafts)


def unique(result):
    codes, ids = {d.code for d in result.drafts}, {d.external_id for d in result.drafts}
    return len(codes) == len(ids) == len(result.drafts)


def test_valencia(real_file):
    """2438 places, two of which count 0 bays."""
    data = real_file("valencia-disabled-bays/valencia_pmr.csv")
    result = read(data, "valencia_pmr.csv", near=(-0.3763, 39.4699))
    assert places(result) + len(result.refused) == 2438
    assert refused(result) == {"no_bays": 2}
    assert len(result.drafts) == 2276 * 1 + 125 * 2 + 19 * 3 + 7 * 4 + 6 * 5 + 3 * 6 == 2659
    assert unique(result)
    assert (result.drafts[0].external_id, result.drafts[0].code) == ("256347", "D-256347")
    lines = data.decode("utf-8-sig").splitlines()
    again = read("\n".join([lines[0], *reversed(lines[1:])]).encode(), "turned.csv")
    assert {(d.external_id, d.code, d.lon, d.lat) for d in again.drafts} == {
        (d.external_id, d.code, d.lon, d.lat) for d in result.drafts
    }


def test_freiburg(real_file):
    """312 outlines: 182 of them “k von n”, one bay each; two count 2 and one counts 3, so 316 bays. 20 with sensors."""
    result = read(real_file("german-bays/freiburg_disabled_static.geojson"), "static.geojson")
    assert (places(result), len(result.drafts), refused(result)) == (312, 316, {})
    assert any(note.startswith("182 rows say “k of n”") for note in result.notes)
    assert all(draft.outline and draft.zone_name for draft in result.drafts)
    assert unique(result)
    sensors = read(real_file("german-bays/freiburg_disabled_sensors.geojson"), "sensors.geojson")
    assert (len(sensors.drafts), refused(sensors)) == (20, {})


def test_karlsruhe(real_file):
    """693 places: 688 count 1165 bays, 4 do not say (one each), 1 counts none."""
    data = real_file("german-bays/karlsruhe_disabled_static.geojson")
    result = read(data, "karlsruhe.geojson")
    assert (places(result), refused(result)) == (692, {"no_bays": 1})
    assert len(result.drafts) == 1165 + 4
    assert any(note.startswith("4 rows do not say how many") for note in result.notes)
    assert max(draft.capacity_index for draft in result.drafts) == 73
    hours = {d.row for d in result.drafts if "source_hours" in d.attributes}
    stays = {d.row for d in result.drafts if "source_max_stay" in d.attributes}
    assert (len(hours), len(stays)) == (693 - 655, 693 - 676)
    assert {"Weststadt (Karlsruhe)", "Weststadt (Baden-Baden)"} <= {draft.zone_name for draft in result.drafts}
    assert unique(result)
    addresses = read_addresses(data, filename="karlsruhe.geojson")
    assert (len(addresses.addresses), len(addresses.refused)) == (693, 0)


def test_heidelberg(real_file):
    """214 bays whose kind stands in a column cut to ten letters."""
    result = read(real_file("german-bays/heidelberg_disabled.geojson"), "heidelberg.geojson", category=None)
    assert (len(result.drafts), refused(result)) == (214, {})
    assert {draft.category for draft in result.drafts} == {"disabled"}
    assert unique(result)


@pytest.mark.parametrize("ending", ["csv", "geojson"])
def test_montpellier(real_file, ending):
    """309 places of six kinds, Latin-1 with decimal commas in quotes, or GeoJSON."""
    result = read(real_file(f"{MONTPELLIER}.{ending}"), f"m.{ending}", category=None)
    assert (len(result.drafts), refused(result)) == (309, {})
    assert Counter(draft.category for draft in result.drafts) == KINDS
    assert unique(result)


def test_montpelliers_two_files_agree(real_file):
    """Their ids do not (1…309 and 0…308), the places do."""
    table = read(real_file(f"{MONTPELLIER}.csv"), "m.csv", category=None, identity="place")
    features = read(real_file(f"{MONTPELLIER}.geojson"), "m.geojson", category=None)
    assert {(d.external_id, d.code, d.category) for d in table.drafts} == {
        (d.external_id, d.code, d.category) for d in features.drafts
    }


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("montpellier-reserved-bays/VilleMTP_MTP_InfractGIG_2011.csv", "no_position"),
        ("german-bays/karlsruhe_sensor_readings_redacted.json", "not_geojson"),
        ("german-bays/ulm_sensors_realtime.json", "not_geojson"),
    ],
)
def test_files_that_hold_no_bays(real_file, name, slug):
    with pytest.raises(BadBayFile, match=slug):
        read(real_file(name), name)
