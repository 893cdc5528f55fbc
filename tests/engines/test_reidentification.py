"""With a full dump of every database but without the keys nobody learns who had parked where (issue 4, D13)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from attacker import Attacker, Row, Victim, dump
from personal_town import NOW, STORES, PersonalTown, Somebody, own_request, personal_town, until
from siga.contract.parking import MatchedReport, ReportBatch
from siga.kit.clock import HandClock
from siga.kit.columns import micros
from siga.kit.proofs import broken_link
from siga.services.history.tables import proofs
from support import run, running

PEOPLE, STAYS_EACH = 20, 50
_MINUTES = 12


async def _park_all(town: PersonalTown, everybody: list[Somebody]) -> dict[tuple[str, int], str]:
    """A thousand stays of ten minutes; (bay, beginning in microseconds) → who it was."""
    truth: dict[tuple[str, int], str] = {}
    own_request()
    town.clock.forward(3600)
    parking = town.system.system.services["parking"].extra["parking"]
    began = town.clock()
    town.clock.forward(STAYS_EACH * _MINUTES * 60 + 600)
    for number, owner in enumerate(everybody):
        reports = []
        for turn in range(STAYS_EACH):
            who = everybody[(number + turn) % PEOPLE]
            came = began + timedelta(minutes=turn * _MINUTES)
            truth[(owner.bay_id, micros(came))] = who.email
            for place, (at, card) in enumerate(((came, who.card), (came + timedelta(minutes=10), None))):
                reports.append(MatchedReport(
                    device_id=owner.device_id, epoch=1, sequence=turn * 2 + place + 1, occupied=card is not None,
                    observed_at=at, credential=card,
                ))  # fmt: skip
        batch = ReportBatch(device_id=owner.device_id, nonce=None, received_at=town.clock(), reports=reports)
        acks = await parking.take_reports(batch)
        assert {ack.status for ack in acks} == {"applied"}
    await town.caught_up()
    return truth


def _victims(everybody: list[Somebody], *, with_ids: bool) -> list[Victim]:
    return [
        Victim(one.name, one.email, (
            one.uid, one.plate, one.document, one.name, one.holder, one.email,
            *((one.accreditation_id, one.user_id) if with_ids else ()),
        ))
        for one in everybody
    ]  # fmt: skip


def _identified(attacker: Attacker, data: dict[tuple[str, str], list[Row]], truth: dict[tuple[str, int], str]) -> int:
    bays = {row["bay_no"]: row["bay_id"] for row in data[("history", "bays")]}
    right = tried = 0
    for row in data[("history", "stays")]:
        bay_id, started = bays[row["bay_no"]], row["started_at"]
        if (bay_id, started) in truth:
            tried += 1
            right += attacker.who(bay_id, started, row) == truth[(bay_id, started)]
    assert tried == PEOPLE * STAYS_EACH
    return right


def _with_open_claims(data: dict[tuple[str, str], list[Row]], everybody: list[Somebody]
                      ) -> dict[tuple[str, str], list[Row]]:  # fmt: skip
    """The dump as if accreditations still named the accounts that claimed them, as an earlier release had it."""
    claims = {one.accreditation_id: one.user_id for one in everybody}
    rows = [{**row, "claimed_by": claims[row["accreditation_id"]]} for row in data[("users", "accreditations")]]
    return {**data, ("users", "accreditations"): rows}


async def _forgotten(data: Path, clock: HandClock) -> None:
    """A later start lets go of who parked; Parking's own sweep comes every hour."""
    async with running(*STORES, data=data, clock=clock) as system:
        await system.system.services["parking"].extra["parking"].sweep()
        history: Any = system.system.services["history"].database

        async def is_forgotten() -> bool:
            from siga.services.history import forgetting

            return not await history.read(forgetting.months_used)

        await until(is_forgotten)


def test_of_a_thousand_stays_none_is_known_again_from_a_dump_without_keys(tmp_path: Path) -> None:
    clock = HandClock(NOW)
    salts = ("siga", "2026-11", "plate", "card")

    async def live() -> tuple[list[Somebody], dict[tuple[str, int], str], str]:
        async with personal_town(tmp_path, clock=clock) as town:
            everybody = [await town.person(n) for n in range(PEOPLE)]
            for one in everybody:
                await town.bay(one)
            return everybody, await _park_all(town, everybody), town.municipality_id

    everybody, truth, municipality_id = run(live(), 240)
    salts = (*salts, municipality_id)
    data = dump(tmp_path)
    attacker = Attacker(data, _victims(everybody, with_ids=False), salts)
    assert _identified(attacker, data, truth) == 0, "not even while pseudonyms are still kept"
    keys = {path.stem: path.read_bytes() for path in (tmp_path / "history" / "pseudonym-keys").glob("*.key")}
    attacker.also_knows(keys, {one.email: one.card for one in everybody})
    assert _identified(attacker, data, truth) == PEOPLE * STAYS_EACH, "a control: with the keys all are found"
    opened = _with_open_claims(data, everybody)
    joining = Attacker(opened, _victims(everybody, with_ids=False))
    assert _identified(joining, opened, truth) > PEOPLE * STAYS_EACH // 2, "a control: it does follow what leads on"

    clock.forward(timedelta(hours=73).total_seconds())
    run(_forgotten(tmp_path, clock), 120)
    data = dump(tmp_path)
    after = Attacker(data, _victims(everybody, with_ids=True), salts)
    assert _identified(after, data, truth) == 0
    after.also_knows(keys, {one.email: one.card for one in everybody})
    assert _identified(after, data, truth) == 0, "not even with a key that somebody had copied in time"


def test_a_months_key_ends_with_a_proof_though_a_stay_of_it_never_does(tmp_path: Path) -> None:
    clock = HandClock(NOW)
    key_files = tmp_path / "history" / "pseudonym-keys"

    async def live() -> None:
        async with personal_town(tmp_path, clock=clock) as town:
            me = await town.person(1)
            await town.bay(me)
            await town.report(me, 1, True)
            await town.caught_up()

    async def later() -> None:
        async with running(*STORES, data=tmp_path, clock=clock) as system:
            history: Any = system.system.services["history"].database

            async def stated() -> bool:
                return bool(await history.read(lambda conn: proofs.newest(conn, 10)))

            await until(stated)
            found = await history.read(lambda conn: proofs.newest(conn, 10))
            assert [(one.kind, one.key_id[:7], one.count) for one in found] == [("history.month_key", "2026-11", 1)]
            assert broken_link(system.keys, found) is None

    run(live(), 60)
    assert [path.stem for path in key_files.glob("*.key")] == ["2026-11"]
    clock.forward(timedelta(days=30).total_seconds())

    async def too_soon() -> None:
        async with running(*STORES, data=tmp_path, clock=clock):
            pass

    run(too_soon(), 60)
    assert "2026-11" in [path.stem for path in key_files.glob("*.key")], "the car still stands there"
    clock.forward(timedelta(days=10).total_seconds())
    run(later(), 60)
    assert "2026-11" not in [path.stem for path in key_files.glob("*.key")]
