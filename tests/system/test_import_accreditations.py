"""`siga import accreditations` brings in a town's list, by the command as a person types it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from siga.bench.started import started
from support import run

LIST = """numero;titular;categoria;clase;desde;hasta;matricula
VB-00001;Ana Gil;disabled;personal;2026-01-01;2030-12-31;1234 BCD
VB-00002;Luis Paz;movilidad reducida;provisional;2026-01-01;2026-12-31;
VB-00003;Taxi SL;taxi;colectiva;2026-01-01;2026-12-31;
VB-00004;Eva Sanz;disabled;personal;yesterday;2026-12-31;
"""


async def siga(*words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "siga", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()


def test_a_list_is_previewed_imported_once_and_says_no_name_of_a_refused_row(tmp_path: Path) -> None:
    listed, data = tmp_path / "list.csv", tmp_path / "data"
    listed.write_text(LIST)
    where = (str(listed), "--data", str(data))

    async def work() -> None:
        async with started(data):
            code, out, err = await siga("import", "accreditations", *where, "--dry-run")
            assert (code, err) == (1, "")
            assert "2 accreditations would be created, 0 would be updated, 0 unchanged, 2 rows refused" in out
            assert "refused, row 4: Add the number plate of the vehicle it is for. […003]" in out
            assert "refused, row 5: A day cannot be read" in out
            assert "Sanz" not in out
            code, out, _ = await siga("import", "accreditations", *where)
            assert "2 accreditations created" in out
            code, out, _ = await siga("import", "accreditations", *where, "--json")
            again = json.loads(out)
            assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
            assert [row["slug"] for row in again["refused"]] == ["collective-needs-plate", "day_unreadable"]

    run(work(), 120)
