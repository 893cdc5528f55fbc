"""Builds the users service: store, vault, hashing child, use cases, app, and the code of the first run."""

from __future__ import annotations

from typing import Any

from litestar.di import Provide

from siga.kit.audit import AuditDesk
from siga.kit.consumer import Consumer, transactional
from siga.kit.http import service_app
from siga.kit.log import logger
from siga.kit.service import Context, Service, every
from siga.ports import Database
from siga.services.users.api import HANDLERS
from siga.services.users.api.common import Freshness
from siga.services.users.hashing import Hasher
from siga.services.users.service.accounts import Accounts
from siga.services.users.service.accreditation_import import AccreditationLists
from siga.services.users.service.accreditations import Accreditations
from siga.services.users.service.card_alarms import HEEDED, CardAlarms
from siga.services.users.service.credentials import Credentials
from siga.services.users.service.doorman import Doorman
from siga.services.users.service.erasures import Erasures
from siga.services.users.service.factors import SecondFactors
from siga.services.users.service.helping import Helping
from siga.services.users.service.letters import LetterDesk
from siga.services.users.service.mail import Mail
from siga.services.users.service.means import Means
from siga.services.users.service.municipalities import Municipalities
from siga.services.users.service.people import People
from siga.services.users.service.proofs import Proofs
from siga.services.users.service.recovery import Recovery
from siga.services.users.service.register import Registers
from siga.services.users.service.registering import Registering
from siga.services.users.service.renewals import Renewals
from siga.services.users.service.sessions import Sessions
from siga.services.users.service.setup import Setup
from siga.services.users.service.subjects import Subjects, blind_claims
from siga.services.users.service.tickets import Tickets
from siga.services.users.service.token_keys import TokenKeys
from siga.services.users.service.tokens import Tokens
from siga.services.users.store.secrets import MASTER_CHECK, put_secret, secret
from siga.services.users.store.tables import journal, metadata
from siga.services.users.vault import Vault, open_vault

MASTER_KEY_FILE = "master.key"
_SWEEP_S = 60.0
_WATCH_S = 600.0

log = logger("users")


async def build(ctx: Context) -> Service:
    """The users service. `extra["setup_code"]` holds the one-time code while there is no account, else None;
    `extra["recovery_links"]` links to new passwords that only the console may show."""
    db = ctx.database(metadata)
    vault = await _vault(ctx, db)
    hasher = Hasher()
    means = Means(db=db, journal=journal, vault=vault, hasher=hasher, keys=ctx.keys, clock=ctx.clock,
                  audit=AuditDesk("users", journal, db, ctx.clock))  # fmt: skip
    while await db.write(lambda conn: blind_claims(means, conn)):
        pass
    doorman, mail = Doorman(means), Mail(means, ctx.mail, str(ctx.options.get("public_url") or ""))
    tickets = Tickets(means)
    proofs = Proofs(means, doorman, tickets)
    sessions, people, setup = Sessions(means, doorman, proofs, ctx.settings), People(means, mail), Setup(means, doorman)
    recovery, helping = Recovery(means, doorman, mail), Helping(means, mail)
    token_keys = TokenKeys(means)
    await token_keys.load()
    erasures = Erasures(means, doorman, ctx.peers)
    card_alarms, renewals = CardAlarms(means), Renewals(means, ctx.settings)
    use_cases: dict[str, Any] = {
        "accounts": Accounts(means, doorman, mail), "tokens": Tokens(means, doorman, proofs, ctx.settings),
        "sessions": sessions, "setup": setup,
        "proofs": proofs, "factors": SecondFactors(means, tickets, ctx.settings), "freshness": Freshness(ctx.clock),
        "people": people, "municipalities": Municipalities(means, mail), "credentials": Credentials(means),
        "registering": Registering(means, doorman, mail), "recovery": recovery, "helping": helping,
        "token_keys": token_keys,
        "accreditations": Accreditations(means, doorman, ctx.settings), "letter_desk": LetterDesk(means),
        "accreditation_lists": AccreditationLists(means), "card_alarms": card_alarms,
        "subjects": Subjects(means, ctx.peers), "erasures": erasures,
        "registers": Registers(means, ctx.peers, ctx.settings),
    }  # fmt: skip
    feed = ctx.local_feed(journal, db)

    async def sweep() -> None:
        await sessions.sweep()
        await people.sweep()
        await doorman.sweep()
        await tickets.sweep()
        await recovery.sweep()
        await token_keys.sweep()
        await erasures.sweep()

    async def sweeping() -> None:
        await every(_SWEEP_S, sweep, lambda fault: log.error("sweep_failed", exc_info=fault))

    async def watch_cards() -> None:
        await renewals.sweep()
        await card_alarms.sweep()

    async def watching_cards() -> None:
        try:
            await watch_cards()
        except Exception as fault:
            log.error("sweep_failed", exc_info=fault)
        await every(_WATCH_S, watch_cards, lambda fault: log.error("sweep_failed", exc_info=fault))

    followers = [
        Consumer(
            name=ctx.name, feed=ctx.feed("parking"), database=db, journal=journal, kinds=HEEDED,
            handle=transactional(db, card_alarms.follow),
        ).run
    ] if "parking" in ctx.apps else []  # fmt: skip

    return Service(
        name="users",
        app=service_app(
            "users", HANDLERS, keys=ctx.keys, feed=feed, audit=means.audit, dependencies=_provided(use_cases)
        ),
        feed=feed,
        database=db,
        background=[sweeping, watching_cards, *followers, mail.run, means.audit.run, erasures.run],
        close=hasher.close,
        extra={"setup_code": await setup.make_code(), "recovery_links": await helping.console()},
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
