"""`siga import devices` puts a town's inventory of sensors upon its bays, by the command as a person types it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from siga.bench.device import Device
from siga.bench.started import started
from support import run

BAYS = "id;lon;lat;calle\n1;-3,70;40,41;Mayor\n2;-3,71;40,41;Mayor\n"
SENSORS = "sensor;id_plaza;periodo_s;pasarela\nS-1;1;600;G-1\nS-2;2;600;\nS-3;77;600;G-1\nG-1;;;\n"


async def siga(*words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "siga", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()


def test_an_inventory_is_previewed_imported_once_and_its_sensors_are_heard(tmp_path: Path) -> None:
    bays, sensors, data = tmp_path / "bays.csv", tmp_path / "sensors.csv", tmp_path / "data"
    bays.write_text(BAYS)
    sensors.write_text(SENSORS)
    where = ("--data", str(data))

    async def work() -> None:
        async with started(data) as town:
            code, _, err = await siga("import", "bays", str(bays), "--category", "disabled", *where)
            assert code == 0, err
            code, out, err = await siga("import", "devices", str(sensors), *where, "--dry-run")
            assert (code, err) == (1, "")
            assert "3 devices would be created" in out
            assert "refused, row 4: There is no bay '77'" in out
            code, out, err = await siga("import", "devices", str(sensors), *where, "--json")
            assert (code, err) == (1, ""), err
            made = json.loads(out)
            assert (made["created"], [row["row"] for row in made["refused"]]) == (3, [4])
            ids = {one["external_id"]: one["device_id"] for one in made["devices"]}
            code, out, _ = await siga("import", "devices", str(sensors), *where)
            assert "0 devices created, 0 updated, 3 unchanged, 1 rows refused" in out
            codes = {one["external_id"]: one["code"] for one in made["devices"] if one.get("code")}
            assert set(codes) == {"G-1", "S-2"}
            gateway = await Device.enrol(town.sensors, codes["G-1"])
            ack = (await gateway.send([{"device_id": ids["S-1"], "epoch": 1, "sequence": 1, "occupied": False}]))[0]
            assert (ack["status"], ack["occupancy"]) == ("applied", "free")
            seen = (await town.users.get("/api/v1/bays/nearest?lon=-3.70&lat=40.41&limit=1")).json()["bays"][0]
            assert (seen["bay_id"], seen["occupancy"]) == (ack["bay_id"], "free")
        bad = tmp_path / "bad.csv"
        bad.write_text("colour;size\nred;3\n")
        code, _, err = await siga("import", "devices", str(bad), *where)
        assert code == 1
        assert "external_id" in err

    run(work(), 120)
