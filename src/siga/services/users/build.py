"""Builds the users service: store, vault, hashing child, use cases, app, and the code of the first run."""

from __future__ import annotations

from typing import Any

from litestar.di import Provide

from siga.kit.http import service_app
from siga.kit.log import logger
from siga.kit.service import Context, Service, every
from siga.ports import Database
from siga.services.users.api import HANDLERS
from siga.services.users.hashing import Hasher
from siga.services.users.service.accounts import Accounts
from siga.services.users.service.accreditations import Accreditations
from siga.services.users.service.credentials import Credentials
from siga.services.users.service.doorman import Doorman
from siga.services.users.service.means import Means
from siga.services.users.service.municipalities import Municipalities
from siga.services.users.service.people import People
from siga.services.users.service.sessions import Sessions
from siga.services.users.service.setup import Setup
from siga.services.users.service.tokens import Tokens
from siga.services.users.store.secrets import MASTER_CHECK, put_secret, secret
from siga.services.users.store.tables import journal, metadata
from siga.services.users.vault import Vault, open_vault

MASTER_KEY_FILE = "master.key"
_SWEEP_S = 60.0

log = logger("users")


async def build(ctx: Context) -> Service:
    """The users service. `extra["setup_code"]` holds the one-time code while there is no account, else None."""
    db = ctx.database(metadata)
    vault = await _vault(ctx, db)
    hasher = Hasher()
    means = Means(db=db, journal=journal, vault=vault, hasher=hasher, keys=ctx.keys, clock=ctx.clock)
    doorman = Doorman(means)
    sessions, people, setup = Sessions(means, doorman), People(means), Setup(means, doorman)
    use_cases: dict[str, Any] = {
        "accounts": Accounts(means, doorman), "tokens": Tokens(means, doorman), "sessions": sessions, "setup": setup,
        "people": people, "municipalities": Municipalities(means), "credentials": Credentials(means),
        "accreditations": Accreditations(means, doorman),
    }  # fmt: skip
    feed = ctx.local_feed(journal, db)

    async def sweep() -> None:
        await sessions.sweep()
        await people.sweep()
        await doorman.sweep()

    async def sweeping() -> None:
        await every(_SWEEP_S, sweep, lambda fault: log.error("sweep_failed", exc_info=fault))

    return Service(
        name="users",
        app=service_app("users", HANDLERS, keys=ctx.keys, feed=feed, dependencies=_provided(use_cases)),
        feed=feed,
        database=db,
        background=[sweeping],
        close=hasher.close,
        extra={"setup_code": await setup.make_code()},
    )


async def _vault(ctx: Context, db: Database) -> Vault:
    now = ctx.clock()
    check = await db.read(lambda conn: secret(conn, MASTER_CHECK, now))
    vault = open_vault(ctx.data / MASTER_KEY_FILE, check)
    if check is None:
        await db.write(lambda conn: put_secret(conn, MASTER_CHECK, vault.check()))
    return vault


def _provided(use_cases: dict[str, Any]) -> dict[str, Provide]:
    def giver(value: Any) -> Provide:
        return Provide(lambda: value, sync_to_thread=False)

    return {name: giver(value) for name, value in use_cases.items()}
