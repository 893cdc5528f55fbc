"""Erasing a person: the account at once, then every other service until all have done it, and a minute later again.

The job lies in the store, sealed, so that a service that is away or a restart only makes it take longer. What is left
at the end is a signed proof without anything about the person.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from siga.contract.subjects import ErasedPart, ErasureBegun, ErasureView, Kept, SubjectAsk
from siga.kit.clock import rfc3339
from siga.kit.ids import new_code, new_id
from siga.kit.log import logger
from siga.kit.peers import Peers
from siga.kit.problem import Conflict, NotFound, Problem
from siga.services.users.model.people import DRIVER
from siga.services.users.model.problems import LastAdministrator
from siga.services.users.model.subjects import PROOF_KEPT, Erasure, after_round, begun, view, waiting, with_part
from siga.services.users.service.accounts import known_account, tell_grants
from siga.services.users.service.doorman import Doorman
from siga.services.users.service.means import Means
from siga.services.users.service.sessions import end_sessions_of
from siga.services.users.service.subjects import check_is_theirs, subject_of
from siga.services.users.service.telling import tell_accreditation, tell_all
from siga.services.users.store import accreditations as card_store
from siga.services.users.store import erasures as store
from siga.services.users.store import municipalities as town_store
from siga.services.users.store import people as people_store
from siga.services.users.store import sessions as session_store
from siga.services.users.store.subjects import drop_by

log = logger("users")
PROOF_TYPE = "siga-erasure+jwt"
_PATIENCE_S = 30.0
_REST_S = 1.0


class Erasures:
    """Begins erasures, carries them through, tells how far they are."""

    def __init__(self, means: Means, doorman: Doorman, peers: Peers) -> None:
        self._means, self._doorman, self._peers = means, doorman, peers
        self._wake = asyncio.Event()

    # --- begin -------------------------------------------------------------------------------------------------------

    async def begin(self, user_id: str, surrender: bool, clerk: str | None = None,
                    municipality_ids: tuple[str, ...] | None = None) -> ErasureBegun:  # fmt: skip
        """Erase the account now and begin with the rest; with `surrender` the claimed accreditations as well.

        LastAdministrator for who must first be followed by somebody. A clerk may do it for people of theirs (else
        NotFound) who have nothing to do with another municipality (else Conflict).
        """
        now, code, erasure_id = self._means.clock(), new_code(), new_id()

        def work(conn: Connection) -> Erasure:
            account = known_account(conn, user_id)
            if municipality_ids is not None:
                _check_only_theirs(self._means, conn, user_id, municipality_ids)
            _check_not_last(conn, user_id)
            subject = msgspec.structs.replace(subject_of(self._means, conn, user_id), surrendered=surrender)
            home = (municipality_ids or (_home_of(conn, user_id, subject),))[0]
            erasure = begun(erasure_id, home, clerk or "self", subject, now)
            end_sessions_of(self._means, conn, user_id, now)
            for key in (self._doorman.account(account.email).key, self._doorman.claims(user_id).key):
                session_store.put_failures(conn, key, [])
            erasure = with_part(erasure, "users", self._leave(conn, subject, now))
            tell_grants(self._means, conn, user_id, "", now)
            store.add(conn, erasure, self._means.code_match("erasure", code), self._sealed(erasure) or b"")
            return erasure

        erasure = await self._means.db.write(work)
        await self._means.db.scour()
        log.info("erasure_begun", erasure_id=erasure_id, surrender=surrender, by_clerk=clerk is not None)
        self._wake.set()
        return ErasureBegun(erasure=view(erasure), follow_code=code)

    def _leave(self, conn: Connection, subject: SubjectAsk, now: datetime) -> ErasedPart:
        """Take the person out of Users' own tables; the accreditations too, if they are given up."""
        erased = drop_by(conn, "user_id", [subject.user_id])
        kept: tuple[Kept, ...] = ()
        for row in card_store.claimed_by(conn, self._means.claimant(subject.user_id)):
            values: dict[str, Any] = {"claimed_by": None, "version": row.version + 1}
            if subject.surrendered:
                values |= {"status": "revoked", "claim_match": None}
            left = msgspec.structs.replace(row, **values)
            card_store.change_accreditation(conn, left)
            (tell_all if subject.surrendered else tell_accreditation)(self._means, conn, left, now)
        if subject.surrendered:
            erased |= drop_by(conn, "accreditation_id", subject.accreditation_ids)
        elif subject.accreditation_ids:
            kept = (Kept(what="users.accreditations", why="valid_accreditation",
                         count=len(subject.accreditation_ids)),)  # fmt: skip
        return ErasedPart(erased=erased, kept=kept)

    # --- carry through -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """For ever: whatever is due, then rest until something is asked for or a second has passed."""
        while True:
            self._wake.clear()
            await self.turn()
            try:
                await asyncio.wait_for(self._wake.wait(), _REST_S)
            except TimeoutError:
                continue

    async def turn(self) -> None:
        """One look at every erasure that is due."""
        now = self._means.clock()
        for erasure in await self._means.db.read(lambda conn: store.due(conn, now, self._opened)):
            await self._look(erasure)

    async def _look(self, erasure: Erasure) -> None:
        """Ask every service that is still to do its part, in order; one that is away does not keep the others."""
        for name in waiting(erasure):
            done = await self._part(name, erasure)
            if done is not None:
                erasure = with_part(erasure, name, done)
                await self._keep(erasure)
        erasure = after_round(erasure, self._means.clock())
        if erasure.state == "done":
            erasure = msgspec.structs.replace(erasure, proof=self._proof(erasure))
        await self._keep(erasure)
        if erasure.state == "done":
            await self._means.db.scour()
            log.info("erasure_done", erasure_id=erasure.erasure_id)

    async def _part(self, name: str, erasure: Erasure) -> ErasedPart | None:
        subject = erasure.subject
        if subject is None:
            return None
        if name == "users":
            return await self._again(subject)
        try:
            return await self._peers[name].post(
                "/internal/v1/subjects/erase", subject, ErasedPart, timeout_s=_PATIENCE_S
            )
        except (Problem, KeyError) as fault:
            log.warning("erasure_waits", asked=name, erasure_id=erasure.erasure_id, why=type(fault).__name__)
            return None

    async def _again(self, subject: SubjectAsk) -> ErasedPart:
        """The second look here: what came in between, and the ids in the journal, which all have followed by now."""
        now = self._means.clock()
        ids = [subject.user_id]
        if subject.surrendered:
            ids += [*subject.accreditation_ids, *subject.credentials]

        def work(conn: Connection) -> ErasedPart:
            done = self._leave(conn, subject, now)
            blotted = self._means.journal.blot(conn, ids)
            return msgspec.structs.replace(done, erased={**done.erased, "users.events": blotted})

        done = await self._means.db.write(work)
        await self._means.db.scour()
        return done

    async def _keep(self, erasure: Erasure) -> None:
        await self._means.db.write(lambda conn: store.put(conn, erasure, self._sealed(erasure)))

    def _sealed(self, erasure: Erasure) -> bytes | None:
        if erasure.subject is None:
            return None
        return self._means.vault.seal(msgspec.json.encode(erasure.subject), _place_of(erasure.erasure_id))

    def _opened(self, erasure_id: str, sealed: bytes) -> SubjectAsk:
        return msgspec.json.decode(self._means.vault.open(sealed, _place_of(erasure_id)), type=SubjectAsk)

    def _proof(self, erasure: Erasure) -> str:
        done_at = erasure.done_at or self._means.clock()
        return self._means.keys.sign_document(
            "users", PROOF_TYPE,
            {
                "erasure_id": erasure.erasure_id, "municipality_id": erasure.municipality_id,
                "asked_at": rfc3339(erasure.asked_at), "done_at": rfc3339(done_at),
                "parts": msgspec.to_builtins(erasure.parts),
            },
        )  # fmt: skip

    # --- tell --------------------------------------------------------------------------------------------------------

    async def seen(self, erasure_id: str, follow_code: str) -> ErasureView:
        """How far an erasure is, for whoever has its code; NotFound for all others."""
        match = self._means.code_match("erasure", follow_code)
        found = await self._means.db.read(lambda conn: store.one(conn, erasure_id))
        if found is None or found[1] != match:
            raise NotFound("There is no such erasure under this code.")
        return view(found[0])

    async def page(self, municipality_ids: tuple[str, ...], limit: int) -> list[ErasureView]:
        """The newest erasures of these municipalities: numbers and proofs, no people."""
        return [view(one) for one in await self._means.db.read(lambda c: store.page(c, municipality_ids, limit))]

    async def sweep(self) -> int:
        """Forget proofs that nobody can ask for any more."""
        before = self._means.clock() - PROOF_KEPT
        return await self._means.db.write(lambda conn: store.forget(conn, before))


def _place_of(erasure_id: str) -> str:
    return f"erasures.subject:{erasure_id}"


def _home_of(conn: Connection, user_id: str, subject: SubjectAsk) -> str:
    """The municipality whose register shows the erasure: that of an accreditation or role; "" for neither."""
    rows = [card_store.accreditation(conn, one) for one in subject.accreditation_ids]
    towns = [row.municipality_id for row in rows if row is not None]
    towns += [grant.municipality_id for grant in people_store.grants_of(conn, user_id) if grant.municipality_id]
    return towns[0] if towns else ""


def _check_only_theirs(means: Means, conn: Connection, user_id: str, municipality_ids: tuple[str, ...]) -> None:
    check_is_theirs(means, conn, user_id, municipality_ids)
    grants = [grant for grant in people_store.grants_of(conn, user_id) if grant != DRIVER]
    towns = {grant.municipality_id for grant in grants}
    towns |= {row.municipality_id for row in card_store.claimed_by(conn, means.claimant(user_id))}
    if towns - set(municipality_ids):
        raise Conflict("This person has to do with another municipality too: only they can have it all erased.")


def _check_not_last(conn: Connection, user_id: str) -> None:
    for grant in people_store.grants_of(conn, user_id):
        if grant.role not in ("administrator", "platform"):
            continue
        if grant.municipality_id:
            town_store.lock_municipality(conn, grant.municipality_id)
        if people_store.roles_in(conn, grant.municipality_id).get(grant.role, 0) <= 1:
            raise LastAdministrator("Give the role to somebody else first.")
