"""Puts the rooms together to one ASGI app: their handlers, the static files, and a page for every refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from litestar import Litestar, get
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.response.base import ASGIResponse
from litestar.types import ControllerRouterHandler

from siga.kit import metrics
from siga.kit.http import problem_of
from siga.kit.log import logger
from siga.kit.problem import Broken, NotFound, Problem, StepUp, Unauthenticated
from siga.kit.service import ASGI, Context
from siga.services.gateway.pages import texts
from siga.services.gateway.pages.account import ROOM as ACCOUNT
from siga.services.gateway.pages.account.steps import confirm_page
from siga.services.gateway.pages.admin import ROOM as ADMIN
from siga.services.gateway.pages.driver import ROOM as DRIVER
from siga.services.gateway.pages.files import Files
from siga.services.gateway.pages.forms import problem_words
from siga.services.gateway.pages.mail import ROOM as MAIL
from siga.services.gateway.pages.police import ROOM as POLICE
from siga.services.gateway.pages.police.lock import ScreenLocked
from siga.services.gateway.pages.room import Room
from siga.services.gateway.pages.web import CONFIRM_START, AnyRequest, Page, Visitor, Web
from siga.services.gateway.policies import PHOTO_BYTES
from siga.services.gateway.sessions import SignIn

COMMON = Room(name="common", handlers=lambda web: [_static_handler(web.files)], texts=texts.COMMON)
ROOMS: tuple[Room, ...] = (COMMON, DRIVER, POLICE, ACCOUNT, MAIL, ADMIN)

_FORM_EXTRA_BYTES = 64 * 1024
_log = logger("gateway")


def pages_app(ctx: Context, sign_in: SignIn) -> ASGI:
    """The app of all pages."""
    rooms = (*ROOMS, _demo_room(ctx)) if ctx.options.get("demo") else ROOMS
    web = Web(ctx, sign_in, rooms)
    handlers: list[ControllerRouterHandler] = [handler for room in rooms for handler in room.handlers(web)]
    return Litestar(
        route_handlers=handlers,
        dependencies={"visitor": Provide(_visitor_of(web))},
        exception_handlers={
            Problem: _on_problem(web),
            HTTPException: lambda request, fault: _on_problem(web)(request, problem_of(fault)),
            Exception: _on_fault(web),
        },
        openapi_config=None,
        request_max_body_size=PHOTO_BYTES + _FORM_EXTRA_BYTES,
        logging_config=None,
        debug=False,
    )


def _demo_room(ctx: Context) -> Room:
    from siga.services.gateway.pages.demo import demo_room  # only a demo pays for it

    return demo_room(ctx)


def _visitor_of(web: Web) -> Callable[..., Any]:
    async def visitor(request: AnyRequest) -> Visitor:
        return await web.visitor(request)

    return visitor


def _static_handler(files: Files) -> ControllerRouterHandler:
    @get("/static/{name:str}", sync_to_thread=False)
    def static(name: str) -> ASGIResponse:
        file = files.served.get(name)
        if file is None:
            raise NotFound("There is no such file.")
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        return ASGIResponse(body=file.body, media_type=file.media_type, headers=headers)

    return static


def _on_problem(web: Web) -> Callable[[AnyRequest, Problem], Page]:
    def handle(request: AnyRequest, problem: Problem) -> Page:
        metrics.PROBLEMS.labels("gateway", problem.slug).inc()
        tell = _log.warning if problem.status >= 500 else _log.info
        tell("page_refused", slug=problem.slug, status=problem.status, why=problem.detail)
        visitor = web.visitor_now(request)
        if isinstance(problem, StepUp) and visitor.signed_in:
            return _confirm_first(visitor)
        if isinstance(problem, ScreenLocked):
            return visitor.go("/police/locked")
        if isinstance(problem, Unauthenticated) and not visitor.signed_in:
            return visitor.go(f"/sign-in?next={quote(_where(request))}")
        return problem_page(visitor, problem)

    return handle


def _confirm_first(visitor: Visitor) -> Page:
    """Ask for a confirmation; the form that was sent is kept and sent again afterwards."""
    start, request = visitor.scope.get(CONFIRM_START), visitor.request
    if request.method == "GET" or start is None:
        return visitor.go(f"/confirm?next={quote(_where(request))}")
    return confirm_page(visitor, start, str(request.scope["path"]), again=True)


def _where(request: AnyRequest) -> str:
    """Where to come back to: this page, or for a form the page it stood on."""
    if request.method == "GET":
        query = request.scope["query_string"].decode("latin-1")
        return str(request.scope["path"]) + (f"?{query}" if query else "")
    return "/"


def _on_fault(web: Web) -> Callable[[AnyRequest, Exception], Page]:
    def handle(request: AnyRequest, fault: Exception) -> Page:
        _log.error("page_fault", route=request.method, exc_info=fault)
        return problem_page(web.visitor_now(request), Broken())

    return handle


def problem_page(visitor: Visitor, problem: Problem) -> Page:
    """The page that says what was refused, why, and what to do."""
    t, key = visitor.t, f"problem.{problem.slug}.title"
    wait = {name.lower(): value for name, value in problem.headers.items()}.get("retry-after")
    return visitor.page(
        "problem.html", status=problem.status, headers={"retry-after": wait} if wait else None, here="",
        title=t(key) if t.has(key) else t("problem.title"), words=problem_words(problem, t),
        again=problem.status in (429, 503, 500, 507), request_id=visitor.request_id,
    )  # fmt: skip
