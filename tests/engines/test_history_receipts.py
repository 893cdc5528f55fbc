"""Receipts that anyone can check, and letting go of who had parked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Connection, select

from history_street import BAY, Journal, a_day, at, body, history, staff
from history_street import stays as stays_of
from siga.contract.history import Receipt, ReceiptAnswer
from siga.kit.clock import HandClock
from siga.services.history.tables import changes, stays
from support import Running, run


async def receipt(system: Running, **ask: Any) -> httpx.Response:
    caller = system.as_service("history", "drivers")
    return await caller.post("/internal/v1/receipts", {"check_in_id": "check-in-1", **ask})


async def verified(system: Running, text: str) -> ReceiptAnswer:
    answer = await system.as_guest("history").post("/api/v1/history/receipts/verify", {"receipt": text})
    found: ReceiptAnswer = body(answer, ReceiptAnswer)
    return found


def test_a_stay_that_is_over_has_a_receipt_that_anyone_can_check(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            made: Receipt = body(await receipt(system, stay_id="S1", accreditation_id="acc-1"), Receipt)
            claims = made.claims
            assert (claims.municipality, claims.bay, claims.started_at, claims.ended_at, claims.authorisation) == (
                "Villaclara", "BAY-1", at(10), at(40), "authorised",
            )  # fmt: skip
            assert (claims.issued_at, claims.check_in_id, claims.accreditation_id) == (at(600), "check-in-1", "acc-1")
            assert await verified(system, made.receipt) == ReceiptAnswer(valid=True, claims=claims)
            by_span = {"bay_id": BAY, "from_at": at(12), "to_at": at(45)}
            assert body(await receipt(system, **by_span), Receipt).claims.stay_id == "S1"
        async with history(tmp_path, journal) as system:
            assert (await verified(system, made.receipt)).valid

    run(work())


def test_a_receipt_that_was_changed_or_is_none_is_not_valid(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            text = body(await receipt(system, stay_id="S1"), Receipt).receipt
            head, claims, signature = text.split(".")
            other = system.keys.sign_document("drivers", "siga-receipt+jwt", {"bay": "BAY-1"})
            token = system.keys.service_token("history", "history")
            for bad in ("", "x", f"{head}.{claims[:-2]}AA.{signature}", text[:-6], other, token, f"{head}.{claims}."):
                found = await verified(system, bad)
                assert not found.valid, bad
                assert found.reason
            answer = await system.as_guest("history").get("/api/v1/history/statistics")
            assert answer.status_code == 422
            caller = system.as_service("history", "drivers")
            caller._headers["authorization"] = f"Bearer {text}"
            assert (
                await caller.post("/internal/v1/receipts", {"check_in_id": "x", "stay_id": "S1"})
            ).status_code == 401

    run(work())


def test_no_receipt_without_a_stay_that_is_over(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal()
        a_day(journal)
        async with history(tmp_path, journal) as system:
            assert (await receipt(system, stay_id="S2")).status_code == 409
            assert (await receipt(system, stay_id="S9")).status_code == 404
            assert (await receipt(system)).status_code == 422
            assert (await receipt(system, bay_id=BAY)).status_code == 422
            assert (await receipt(system, bay_id=BAY, from_at=at(41), to_at=at(42))).status_code == 404
            assert (await receipt(system, bay_id="nowhere", from_at=at(0), to_at=at(42))).status_code == 404
            person = staff(system, "administrator")
            answer = await person.post("/internal/v1/receipts", {"check_in_id": "x", "stay_id": "S1"})
            assert answer.status_code == 403

    run(work())


async def pseudonyms(system: Running) -> set[str]:
    """All pseudonyms that are kept."""
    database = system.system.services["history"].database
    assert database is not None

    def work(conn: Connection) -> set[str]:
        found = [*conn.scalars(select(stays.c.subject)), *conn.scalars(select(changes.c.subject))]
        return {subject for subject in found if subject is not None}

    return await database.read(work)


async def until_forgotten(system: Running) -> None:
    """Wait for the sweep that runs at the start."""
    for _ in range(400):
        if not await pseudonyms(system):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("the pseudonyms are still there")


def test_who_had_parked_is_a_pseudonym_and_ends_with_its_key(tmp_path: Path) -> None:
    async def work() -> None:
        journal, clock = Journal(), HandClock(at(600))
        a_day(journal)
        keys = tmp_path / "history" / "pseudonym-keys"
        async with history(tmp_path, journal, clock) as system:
            (pseudonym,) = await pseudonyms(system)
            assert pseudonym.startswith("2026-11:")
            assert "card-1" not in pseudonym
        (key,) = keys.iterdir()
        assert (key.name, key.stat().st_mode & 0o777) == ("2026-11.key", 0o600)
        clock.forward(73 * 3600)
        async with history(tmp_path, journal, clock) as system:
            await until_forgotten(system)
            assert (await stays_of(staff(system)))[1].authorisation == "authorised"
        assert list(keys.iterdir()) == [key]  # its month still runs
        clock.forward(30 * 86400)
        async with history(tmp_path, journal, clock):
            for _ in range(400):
                await asyncio.sleep(0.005)
                if not list(keys.iterdir()):
                    break
        assert list(keys.iterdir()) == []

    run(work())


def test_who_had_parked_is_kept_while_the_stay_lasts_and_the_same_within_a_month(tmp_path: Path) -> None:
    async def work() -> None:
        journal, clock = Journal(), HandClock(at(600))
        journal.bay(BAY)
        journal.occupied(0, "S1", subject="card-1")
        journal.free(10, "S1")
        journal.occupied(20, "S2", subject="card-1")
        async with history(tmp_path, journal, clock) as system:
            assert len(await pseudonyms(system)) == 1
        clock.forward(30 * 86400)
        async with history(tmp_path, journal, clock) as system:
            await asyncio.sleep(0.1)
            assert len(await pseudonyms(system)) == 1

    run(work())
