"""The simulator's own routes: commands by a long poll, what happened in batches; by the token it was started with."""

from __future__ import annotations

import hmac

import msgspec
from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.base import Ask, Word
from siga.kit.problem import Invalid, Malformed, NotFound
from siga.services.gateway.pages.demo.backstage import Backstage
from siga.services.gateway.pages.demo.stage import Command
from siga.services.gateway.pages.demo.stories import Happening
from siga.services.gateway.pages.web import AnyRequest

_LONGEST_WAIT_S = 25.0
_MOST_NEWS = 1_000


class Commands(Word):
    """What the visitor wants done."""

    commands: list[Command]


class News(Ask):
    """What happened, oldest first."""

    happened: list[Happening]


def handlers(backstage: Backstage) -> list[ControllerRouterHandler]:
    """Both ways of the wire."""
    stage = backstage.stage

    def check(request: AnyRequest) -> None:
        token = request.headers.get("x-demo-token", "")
        if not hmac.compare_digest(token.encode(), backstage.token.encode()):
            raise NotFound("There is nothing at this address.")

    @get("/demo/api/commands")
    async def commands(request: AnyRequest, wait_s: float = 0.0) -> Commands:
        """Commands that wait, after up to `wait_s` seconds for the first."""
        check(request)
        return Commands(commands=await stage.commands(min(max(wait_s, 0.0), _LONGEST_WAIT_S)))

    @post("/demo/api/happened", status_code=204)
    async def happened(request: AnyRequest) -> None:
        """Steps for the stories on Street."""
        check(request)
        try:
            news = msgspec.json.decode(await request.body(), type=News)
        except msgspec.ValidationError as fault:
            raise Invalid(str(fault)) from fault
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            raise Malformed("The body is not JSON.") from fault
        for one in news.happened[:_MOST_NEWS]:
            stage.hear(one)

    return [commands, happened]
