"""The nearest bays, and those in a box: exact everywhere on the earth, while bays come, move and change."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siga.contract.parking import CATEGORIES
from siga.kit.geo import Box, distance_m
from siga.services.parking.kinds import WORDS, flags, is_hidden, kind_of, kinds_of, word_of
from siga.services.parking.nearby import Nearby, map_reach, mercator
from siga.services.parking.places import Places

Position = tuple[float, float]


def anywhere(rnd: random.Random, where: str) -> Position:
    """A position in a town, in the world, about the pole, or about the antimeridian."""
    if where == "town":
        return rnd.gauss(-3.7, 0.05), rnd.gauss(40.4, 0.05)
    if where == "world":
        return rnd.uniform(-180, 180), math.degrees(math.asin(rnd.uniform(-1, 1)))
    if where == "pole":
        return rnd.uniform(-180, 180), rnd.uniform(84, 90)
    return (rnd.gauss(180, 0.5) + 180) % 360 - 180, rnd.gauss(-17, 0.5)


def indexed(rnd: random.Random, where: str, count: int) -> tuple[Nearby, list[Position], bytearray]:
    """Bays of which some came or moved after the tree was built."""
    near, positions, kinds = Nearby(), [anywhere(rnd, where) for _ in range(count)], bytearray()
    near.filling = False
    for place, position in enumerate(positions):
        near.put(place, *position)
        kinds.append(rnd.choice([0, 1, 1, 2]))
        if place == count // 2:
            near.rebuild()
    for _ in range(rnd.randrange(5)):
        place = rnd.randrange(count)
        positions[place] = anywhere(rnd, where)
        near.put(place, *positions[place])
    return near, positions, kinds


@pytest.mark.parametrize("where", ["town", "world", "pole", "antimeridian"])
def test_the_nearest_are_found_exactly(where: str) -> None:
    rnd = random.Random(where)
    for count in (1, 5, 50, 300, 2000):
        near, positions, kinds = indexed(rnd, where, count)
        for _ in range(30):
            here, limit, most = anywhere(rnd, where), rnd.choice([1, 10, 50]), rnd.choice([None, 100.0, 5000.0, 3e5])
            wanted = bytes([0, 1, 0] if rnd.random() < 0.7 else [0, 0, 1]).ljust(256, b"\0")
            many = sum(wanted[kind] for kind in kinds)
            found = near.nearest(*here, limit, kinds, wanted, many, most)
            brute = sorted((distance_m(*here, *p), i) for i, p in enumerate(positions) if wanted[kinds[i]])
            brute = [hit for hit in brute if most is None or hit[0] <= most][:limit]
            assert [d for d, _ in found] == pytest.approx([d for d, _ in brute], abs=1e-3)


@pytest.mark.parametrize("where", ["town", "world", "pole", "antimeridian"])
def test_a_box_holds_what_lies_in_it(where: str) -> None:
    rnd = random.Random(where)
    for count in (1, 40, 1500):
        near, positions, _ = indexed(rnd, where, count)
        for _ in range(30):
            (west, a), (east, b) = anywhere(rnd, where), anywhere(rnd, where)
            box = Box(min_lon=west, max_lon=east, min_lat=min(a, b), max_lat=max(a, b))
            inside = [place for place, position in enumerate(positions) if box.holds(*position)]
            assert near.within(box).tolist() == inside


@settings(max_examples=150, deadline=None)
@given(st.floats(0, 1), st.floats(-1.5, 1.5), st.floats(0, 2 * math.pi))
def test_what_is_near_on_the_earth_lies_within_reach_on_the_map(far: float, phi: float, bearing: float) -> None:
    """Vincenty's direct formula on the sphere gives a point `far` radians away."""
    there = math.asin(math.sin(phi) * math.cos(far) + math.cos(phi) * math.sin(far) * math.cos(bearing))
    x = math.atan2(math.sin(bearing) * math.sin(far) * math.cos(phi), math.cos(far) - math.sin(phi) * math.sin(there))
    assert math.hypot(x, mercator(there) - mercator(phi)) <= map_reach(far, phi) * (1 + 1e-9) + 1e-12


def test_reads_go_on_while_an_index_is_built_beside_them() -> None:
    near, kinds, every = Nearby(), bytearray(), bytes(256).replace(b"\0", b"\1")
    near.filling = False
    for place in range(100):
        near.put(place, place / 1000, 0.0)
        kinds.append(0)
    plan = near.plan()
    tree = near.built(plan)
    near.put(7, 1.0, 1.0)  # moves after the plan was made
    near.put(100, 1.001, 1.0)
    kinds.append(0)
    near.install(plan, tree)
    assert near.loose == 2
    assert [place for _, place in near.nearest(1.0, 1.0, 2, kinds, every, 101)] == [7, 100]
    assert [place for _, place in near.nearest(0.007, 0.0, 2, kinds, every, 101)] != [7, 6]


@given(st.sampled_from(WORDS), st.sampled_from(CATEGORIES), st.booleans(), st.booleans())
def test_a_kind_says_what_it_was_made_of(word: str, category: str, simulated: bool, hidden: bool) -> None:
    kind = kind_of(word, category, simulated=simulated, hidden=hidden)  # type: ignore[arg-type]
    assert word_of(kind) == word
    assert is_hidden(kind) is hidden
    assert bool(flags((word,), category)[kind]) is not hidden  # type: ignore[arg-type]
    assert flags(None, None, hidden=True)[kind]
    assert (kind in kinds_of((word,), category)) is not hidden  # type: ignore[arg-type]


def test_every_bay_has_its_place_and_no_other() -> None:
    fragments: list[bytes] = []
    places = Places(fragments)
    ids = [f"01a20c36-2056-7ed7-bad7-{n:012x}" for n in range(3000)]
    for place, bay_id in enumerate(ids):
        fragments.append(f'{{"bay_id":"{bay_id}","code":"x",'.encode())
        places.add(bay_id, place)
    again = Places.restored(fragments, places.dump())
    for table in (places, again):
        assert [table.get(bay_id) for bay_id in ids] == list(range(3000))
        assert table.get("01a20c36") is None
        assert table.get(ids[0] + "0") is None
