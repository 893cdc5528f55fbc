"""How Parking starts: from the store, or from a snapshot and what changed since; both end in the same picture."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from parking_town import START, Street, street
from siga.kit.clock import HandClock
from siga.services.parking import service
from siga.services.parking.picture import Picture
from siga.services.parking.service import Parking
from support import run

FILE = "picture.snapshot"


def parking_of(s: Street) -> Parking:
    """The use cases behind the street."""
    found: Parking = s.system.system.services["parking"].extra["parking"]
    return found


def shown(picture: Picture) -> list[tuple[Any, ...]]:
    """Everything memory holds of each bay."""
    columns = picture.columns
    return [
        (
            picture.bay_at(n), columns.state(n, columns.bay_id(n)), columns.kinds[n], columns.due[n],
            columns.periods[n], picture.groups.key(columns.groups[n]), picture.encoded(n, START, START.timestamp()),
        )
        for n in range(len(columns))
    ]  # fmt: skip


async def busy(s: Street) -> list[tuple[str, str]]:
    """(bay, sensor) of bays in several states, some with things that change without an event."""
    zone = (await s.zone())["zone_id"]
    found = []
    for n in range(20):
        bay = await s.bay(zone, f"S-{n}", lon=-0.37 + n / 1000, category=("disabled", "taxi")[n % 2])
        found.append((bay["bay_id"], await s.sensor(bay["bay_id"], period_s=600 + n)))
        await s.say(found[-1][1], 1, n % 3 == 0, credential="c0ffee" if n % 6 == 0 else None)
    return found


async def change(s: Street, pairs: list[tuple[str, str]]) -> None:
    """What happens after the snapshot was written."""
    for _, sensor in pairs[:5]:
        await s.say(sensor, 2, True)
    await s.say(pairs[6][1], 2, False)
    reader = await s.sensor(pairs[8][0], kind="card_reader")
    await s.say(reader, 1, True, credential="beef")  # a card alone is no event
    assert (await s.admin.ask("PATCH", f"/api/v1/bays/{pairs[9][0]}", {"version": 1, "lon": 1.5})).status_code == 200
    await s.sensor((await s.bay((await s.zone(name="New"))["zone_id"], "LATE"))["bay_id"])
    await s.admin.post(f"/api/v1/devices/{pairs[10][1]}/revoke")


@pytest.mark.parametrize("after", ["stopped", "killed", "damaged", "of another store"])
def test_a_start_from_a_snapshot_ends_in_the_same_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    monkeypatch.setattr(service, "_SNAPSHOT_FROM", 1)
    run(_compare(tmp_path, after))


async def _compare(tmp_path: Path, after: str) -> None:
    clock = HandClock(START)
    async with street(tmp_path / "a", None, clock) as s:
        pairs = await busy(s)
        await parking_of(s).save()
        snapshot = (tmp_path / "a" / "parking" / FILE).read_bytes()
        await change(s, pairs)
        expected, position = shown(parking_of(s).picture), parking_of(s).picture.position
    file = tmp_path / "a" / "parking" / FILE
    if after == "killed":
        file.write_bytes(snapshot)
    elif after == "damaged":
        file.write_bytes(snapshot[:2000] + bytes([snapshot[2000] ^ 1]) + snapshot[2001:])
    elif after == "of another store":
        async with street(tmp_path / "other", None, clock) as other:
            await busy(other)
        shutil.copy(tmp_path / "other" / "parking" / FILE, file)
    assert file.exists()
    async with street(tmp_path / "a", None, clock) as again:
        picture = parking_of(again).picture
        assert shown(picture) == expected
        assert picture.position >= position  # what was audited since stands in the journal too
        assert set(picture.bays_with("c0ffee")) == {pairs[0][0], pairs[12][0], pairs[18][0]}
        again.nonce = 1000
        await again.say(pairs[3][1], 9, True)
        assert (await again.seen(pairs[3][0]))["occupancy"] == "occupied"
