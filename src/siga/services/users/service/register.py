"""The public register of processing, and the proofs of deletion of all services."""

from __future__ import annotations

from siga.contract.settings import Setting
from siga.contract.subjects import DeletionProof, DeletionProofs, Register
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.peers import Peers
from siga.kit.problem import NotFound, Problem
from siga.services.users.model.register import register_of
from siga.services.users.service.means import Means
from siga.services.users.store import municipalities as town_store

log = logger("users")
PROVING = ("history", "images")
"""Who destroys keys and proves it."""


class Registers:
    """What anyone, and what auditors may see of how personal data are treated."""

    def __init__(self, means: Means, peers: Peers, settings: LiveSettings) -> None:
        self._means, self._peers, self._settings = means, peers, settings

    async def of(self, municipality_id: str) -> Register:
        """The register of a municipality, by id or short name; NotFound when there is none."""
        town = await self._means.db.read(lambda conn: town_store.municipality(conn, municipality_id))
        if town is None:
            raise NotFound("There is no such municipality.")

        def value_of(setting: Setting) -> int:
            return self._settings.int_of(setting, town.municipality_id)

        return register_of(town, value_of, self._means.clock())

    async def deletions(self, municipality_ids: tuple[str, ...], limit: int) -> DeletionProofs:
        """Proofs about the whole installation and about these municipalities, newest first."""
        found: list[DeletionProof] = []
        for name in PROVING:
            try:
                part = await self._peers[name].get("/internal/v1/deletion-proofs", DeletionProofs)
            except (Problem, KeyError) as fault:
                log.warning("proofs_not_read", asked=name, why=type(fault).__name__)
                continue
            found += part.proofs
        mine = [one for one in found if ":" in one.key_id or one.key_id in municipality_ids]
        return DeletionProofs(proofs=sorted(mine, key=lambda one: one.at, reverse=True)[:limit])
