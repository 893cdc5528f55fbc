"""Where somebody goes after signing in."""

from __future__ import annotations

from urllib.parse import quote

from siga.services.gateway.pages.web import Page, Visitor
from siga.services.gateway.sessions import HalfWay, SignedIn

FACTORS = "/account/factors"


def home_of(roles: frozenset[str]) -> str:
    """Where somebody with these roles starts."""
    if "police" in roles:
        return "/police"
    return "/admin" if roles - {"driver"} else "/"


def landing(opened: SignedIn, wanted: str) -> str:
    """Where they wanted to, else where their roles start; who must set up a second factor does that first."""
    if opened.principal.must_enrol:
        return FACTORS
    return wanted or home_of(frozenset(grant.role for grant in opened.principal.grants))


def arrived(visitor: Visitor, outcome: SignedIn | HalfWay, wanted: str) -> Page:
    """On to the second step, or into the session."""
    if isinstance(outcome, HalfWay):
        query = f"?next={quote(wanted)}" if wanted else ""
        return visitor.go(f"/sign-in/second{query}", cookies=[outcome.cookie])
    cookies = [outcome.cookie, visitor.web.sign_in.drop_step(visitor.scope)]
    return visitor.go(landing(outcome, wanted), cookies=cookies)
