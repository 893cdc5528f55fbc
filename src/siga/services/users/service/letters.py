"""Claim codes and the letters that carry them: one anew, or for many that have none yet."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from siga.contract.accreditation_lists import Letter, Letters
from siga.contract.accreditations import ClaimCode
from siga.kit.ids import new_code
from siga.kit.log import logger
from siga.services.users.model.accreditations import AccreditationRow, check_alive
from siga.services.users.service.credentials import known_accreditation
from siga.services.users.service.means import Means
from siga.services.users.service.views import full
from siga.services.users.store import accreditation_lists as lists
from siga.services.users.store import accreditations as store

log = logger("users")
Scope = Sequence[str]


class LetterDesk:
    """Makes claim codes. Each is told once; kept is only its keyed hash."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def new_claim_code(self, scope: Scope, accreditation_id: str) -> ClaimCode:
        """A new claim code in the place of the old one; who has claimed it keeps it until the new code is used."""

        def keep(conn: Connection) -> str:
            row = check_alive(known_accreditation(conn, scope, accreditation_id, lock=True))
            return self._coded(conn, row)[1]

        code = await self._means.db.write(keep)
        log.info("claim_code_made", accreditation_id=accreditation_id)
        return ClaimCode(claim_code=code)

    async def letters(self, municipality_id: str, limit: int) -> Letters:
        """Letters for those that nobody has claimed and that have no code: after an import, say."""

        def keep(conn: Connection) -> Letters:
            made = [self._coded(conn, row) for row in lists.without_letter(conn, municipality_id, limit)]
            letters = [Letter(accreditation=full(self._means, conn, row), claim_code=code) for row, code in made]
            return Letters(letters=letters, remaining=lists.count_without_letter(conn, municipality_id))

        made = await self._means.db.write(keep)
        log.info("letters_made", municipality_id=municipality_id, letters=len(made.letters))
        return made

    async def due(self, scope: Scope) -> int:
        """How many accreditations of these municipalities nobody has claimed and no letter was made for."""
        return await self._means.db.read(lambda conn: sum(lists.count_without_letter(conn, one) for one in scope))

    def _coded(self, conn: Connection, row: AccreditationRow) -> tuple[AccreditationRow, str]:
        code = new_code()
        fresh = self._means.code_match("claim-code", code)
        coded = msgspec.structs.replace(row, claim_match=fresh, version=row.version + 1)
        store.change_accreditation(conn, coded)
        return coded, code
