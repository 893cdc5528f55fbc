"""Who asks: people and guests at public routes, nobody else."""

from __future__ import annotations

from siga.contract.auth import Claims
from siga.kit.http import need
from siga.kit.problem import Forbidden
from siga.services.drivers.service.tools import Someone


def anyone(caller: Claims) -> Someone:
    """The person or guest; Forbidden for services and devices."""
    if caller.kind not in ("person", "guest"):
        raise Forbidden("This address is for people.")
    return Someone(sub=caller.sub, signed_in=caller.kind == "person")


def driver(caller: Claims) -> Someone:
    """The signed-in driver; Unauthenticated for guests, Forbidden for who is no driver."""
    need(caller, "driver.act")
    return anyone(caller)


def page_size(limit: int) -> int:
    """How many entries a page may have: 1 to 200."""
    return min(max(limit, 1), 200)
