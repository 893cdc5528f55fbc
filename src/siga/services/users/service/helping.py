"""Where no mail is sent, people hand over the link to a new password: on the page of people, or at the console."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from siga.contract.accounts import HelpAsked, HelpLink, HelpList
from siga.contract.auth import Grant
from siga.kit.log import logger
from siga.kit.problem import NotFound
from siga.services.users.model.links import LIVES, Helper, Link, helper_of
from siga.services.users.model.people import Account
from siga.services.users.service.mail import Mail
from siga.services.users.service.means import Means
from siga.services.users.store import mail as mail_store
from siga.services.users.store import people as store

log = logger("users")


class Helping:
    """Shows links to those who may help, each once. No link is ever logged; who showed whose is."""

    def __init__(self, means: Means, mail: Mail) -> None:
        self._means, self._mail = means, mail

    async def waiting(self, scope: Sequence[str], *, platform: bool, but: str) -> HelpList:
        """Who waits for one of these municipalities' administrators, or for those who run the installation."""
        now = self._means.clock()

        def find(conn: Connection) -> list[HelpAsked]:
            return [
                HelpAsked(
                    link_id=link.link_id, user_id=account.user_id, name=account.name, email=account.email,
                    asked_at=link.created_at, ends_at=link.ends_at,
                )
                for link, account, helper in self._asks(conn, now)
                if _may_help(helper, scope, platform) and account.user_id != but
            ]  # fmt: skip

        return HelpList(asks=await self._means.db.read(find))

    async def show(self, scope: Sequence[str], link_id: str, *, platform: bool, by: str) -> HelpLink:
        """The link of one who waits, this once; NotFound for others' and for one that was shown."""
        now = self._means.clock()

        def take(conn: Connection) -> tuple[HelpLink, str]:
            for link, account, helper in self._asks(conn, now):
                if link.link_id == link_id and _may_help(helper, scope, platform) and account.user_id != by:
                    address = self._mail.opened(conn, link, now)
                    if address:
                        until = now + LIVES[link.kind]
                        return HelpLink(link=address, name=account.name, ends_at=until), account.user_id
            raise NotFound("Nobody waits for that link, or it was shown already.")

        shown, user_id = await self._means.db.write(take)
        log.info("recovery_link_shown", user_id=user_id, by=by)
        return shown

    async def console(self) -> list[str]:
        """The links for whom the console is the only helper: who runs the installation. Shown at this start alone."""
        now = self._means.clock()

        def take(conn: Connection) -> list[tuple[str, str]]:
            waiting = [(link, account) for link, account, helper in self._asks(conn, now) if helper.kind == "console"]
            opened = [(self._mail.opened(conn, link, now), account.user_id) for link, account in waiting]
            return [(address, user_id) for address, user_id in opened if address]

        shown = await self._means.db.write(take)
        for _, user_id in shown:
            log.info("recovery_link_shown", user_id=user_id, by="console")
        return [address for address, _ in shown]

    @staticmethod
    def _asks(conn: Connection, now: datetime) -> list[tuple[Link, Account, Helper]]:
        found: list[tuple[Link, Account, Helper]] = []
        for link in mail_store.asks_by_hand(conn, now):
            account = store.account_by_id(conn, link.user_id)
            if account is not None:
                grants = store.grants_of(conn, link.user_id)
                found.append((link, account, helper_of(grants, alone=_alone(conn, grants))))
        return found


def _alone(conn: Connection, grants: Sequence[Grant]) -> bool:
    """Whether a municipality has no other administrator than this person."""
    homes = [grant.municipality_id for grant in grants if grant.role == "administrator"]
    return any(store.roles_in(conn, home).get("administrator", 0) < 2 for home in homes)


def _may_help(helper: Helper, scope: Sequence[str], platform: bool) -> bool:
    return (helper.kind == "administrator" and helper.municipality_id in scope) or (
        helper.kind == "platform" and platform
    )
