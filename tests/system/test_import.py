"""`siga import` brings real cities' files into a running SIGA, and into one that does not run."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from siga.bench.started import Town, started
from support import run, shared

GERMAN, VALENCIA, MONTPELLIER = "german-bays", "valencia-disabled-bays", "montpellier-reserved-bays"
FILES = {
    "valencia": (VALENCIA, "valencia_pmr.csv", 2659, 2, (-0.376, 39.47)),
    "freiburg": (GERMAN, "freiburg_disabled_static.geojson", 316, 0, (7.85, 47.99)),
    "karlsruhe": (GERMAN, "karlsruhe_disabled_static.geojson", 1169, 1, (8.40, 49.01)),
    "heidelberg": (GERMAN, "heidelberg_disabled.geojson", 214, 0, (8.69, 49.41)),
    "montpellier": (MONTPELLIER, "VilleMTP_MTP_PlacesReserv.csv", 309, 0, (3.88, 43.61)),
}
"""City → folder, file, bays that it makes, rows refused with a reason, the city's centre."""


async def siga(*words: str) -> tuple[int, str, str]:
    """One `siga` command: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "siga", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, out.decode(), err.decode()


async def imported(file: Path, data: Path, *more: str) -> dict[str, Any]:
    """An import's result as JSON."""
    _, out, err = await siga(
        "import", "bays", str(file), "--data", str(data), "--category", "disabled", "--json", *more
    )
    assert out, err
    return dict(json.loads(out))


async def in_town(town: Town) -> list[dict[str, Any]]:
    """All bays, page by page."""
    bays, cursor = [], None
    while True:
        params = {"limit": 1000, **({"cursor": cursor} if cursor else {})}
        page = (await town.users.get("/api/v1/bays", params=params)).json()
        bays += page["bays"]
        cursor = page["next"]
        if cursor is None:
            return list(bays)


@pytest.mark.parametrize("city", FILES)
def test_a_real_file_is_previewed_imported_once_and_useful_without_a_sensor(tmp_path: Path, city: str) -> None:
    folder, name, count, refused, centre = FILES[city]
    file = shared("data", folder, name)

    async def work() -> None:
        async with started(tmp_path, centre=centre) as town:
            preview = await imported(file, tmp_path, "--dry-run")
            assert (preview["created"], len(preview["refused"])) == (count, refused)
            assert all(row["reason"] for row in preview["refused"])
            assert await in_town(town) == []
            assert (await imported(file, tmp_path))["created"] == count
            again = await imported(file, tmp_path)
            assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, count)
            bays = await in_town(town)
            assert len(bays) == count
            if city == "montpellier":
                assert {b["category"] for b in bays} >= {"disabled", "delivery", "taxi", "authority"}
            where = {"lon": bays[0]["lon"], "lat": bays[0]["lat"], "category": bays[0]["category"]}
            near = (await town.users.get("/api/v1/bays/nearest", params=where)).json()["bays"]
            alike = sum(bay["category"] == bays[0]["category"] for bay in bays)
            assert len(near) == min(10, alike)
            assert {b["occupancy"] for b in near} == {"unmonitored"}
            assert near[0]["distance_m"] < 1

    run(work(), 170)


def test_a_file_goes_into_a_siga_that_does_not_run_and_a_bad_one_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "bays.csv"
    file.write_text("id;lon;lat;calle\n1;-3,70;40,41;Mayor\n2;-3,71;40,41;Mayor\n")
    bad = tmp_path / "bad.csv"
    bad.write_text("name;colour\nA;red\n")

    async def work() -> None:
        data = tmp_path / "data"
        async with started(data):
            pass
        code, out, err = await siga("import", "bays", str(file), "--data", str(data), "--category", "disabled")
        assert (code, err) == (0, ""), err
        assert "2 bays created" in out
        code, _, err = await siga("import", "bays", str(bad), "--data", str(data), "--category", "disabled")
        assert code == 1
        assert "colour" in err
        code, _, err = await siga("import", "bays", str(file), "--data", str(tmp_path / "nowhere"))
        assert code == 1
        assert "siga up" in err

    run(work(), 120)
