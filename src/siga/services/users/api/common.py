"""Who asks, from where, and for which municipalities."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.params import Parameter

from siga.contract.accounts import ADDRESS_HEADER
from siga.contract.auth import Claims, municipalities_of
from siga.contract.factors import ORIGIN_HEADER
from siga.kit import audit
from siga.kit.clock import Clock
from siga.kit.http import need, need_fresh
from siga.kit.problem import FieldFault, Forbidden, Invalid, NotFound, Unauthenticated

Limit = Annotated[int, Parameter(ge=1, le=200, description="At most so many, 1 to 200.")]
Cursor = Annotated[str, Parameter(max_length=60, description="`next` of the page before.")]
AnyRequest = Request[Any, Any, Any]


def person_of(caller: Claims) -> str:
    """The id of the person who asks; Unauthenticated for a guest, Forbidden for services and devices."""
    if caller.kind == "guest":
        raise Unauthenticated("Sign in first.")
    if caller.kind != "person":
        raise Forbidden("This address is for people.")
    return caller.sub


def not_a_service(caller: Claims) -> None:
    """Refuse services and devices: signing in is for people, known or not yet."""
    if caller.kind not in ("person", "guest"):
        raise Forbidden("This address is for people.")


def address_of(request: AnyRequest, caller: Claims) -> str:
    """The client's address as the gateway saw it, else whom the gateway takes the caller for.

    Only the gateway speaks for people and guests (`siga.kit.auth`), so the header is its word.
    """
    return request.headers.get(ADDRESS_HEADER) or caller.sub


class Freshness:
    """Refuses sensitive acts to whoever has not shown who they are within the last 5 minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def need(self, caller: Claims) -> None:
        """StepUp, or Unauthenticated for a guest."""
        need_fresh(caller, self._clock())


def origin_of(request: AnyRequest) -> str:
    """The web origin the person came by, as the gateway saw it; empty where nobody says."""
    return str(request.headers.get(ORIGIN_HEADER, ""))


def scope_of(caller: Claims, action: str, municipality_id: str | None = None) -> tuple[str, ...]:
    """The municipalities in which the caller may do `action`, or the one asked for.

    Refuses whoever may do it nowhere; another municipality than one's own does not exist (NotFound).
    """
    mine = municipalities_of(caller, action)
    if not mine:
        need(caller, action)
    if municipality_id is None:
        return mine
    if municipality_id not in mine:
        raise NotFound("There is no such municipality among yours.")
    audit.within(municipality_id)
    return (municipality_id,)


def home_of(caller: Claims, action: str, municipality_id: str | None) -> str:
    """The one municipality to act in: the one asked for, else the caller's only one; Invalid if that is not clear."""
    mine = scope_of(caller, action, municipality_id)
    if len(mine) != 1:
        raise Invalid("Say for which municipality.", errors=[FieldFault("/municipality_id", "is needed")])
    audit.within(mine[0])
    return mine[0]
