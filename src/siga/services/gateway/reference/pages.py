"""`/api/openapi.json`, `/api/docs` and `/problems/{slug}`: self-contained, without scripts, light and dark."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import time
from base64 import b64encode
from collections.abc import Iterable
from importlib import resources

import jinja2
import msgspec

from siga.contract.policy import RULES
from siga.kit.log import logger
from siga.kit.peers import Peers
from siga.kit.problem import NotFound, Problem, problem_kinds
from siga.services.gateway.asgi import Header, Receive, Scope, Send, send_bytes
from siga.services.gateway.reference.merge import Document, merged
from siga.services.gateway.reference.own import own_document
from siga.services.gateway.reference.readable import pieces, subjects

_AGAIN_S = 5.0
_ASK_S = 20.0
_HTML = "text/html; charset=utf-8"
_log = logger("gateway")


class Reference:
    """Asks the services for their documents once, and again while some do not answer."""

    def __init__(self, peers: Peers, services: Iterable[str]) -> None:
        self._peers, self._services = peers, tuple(services)
        self._made: tuple[float, Document, list[str]] | None = None
        self._lock = asyncio.Lock()
        folder = resources.files("siga.services.gateway") / "templates"
        loader = jinja2.FunctionLoader(lambda name: (folder / name).read_text("utf-8"))
        self._templates = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
        self._templates.filters["pieces"] = pieces
        style = self._templates.get_template("reference.css").render()
        digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
        none = "; ".join(f"{what} 'none'" for what in ("default-src", "base-uri", "form-action", "frame-ancestors"))
        csp = f"{none}; style-src 'sha256-{digest}'"
        self._headers: list[Header] = [(b"content-security-policy", csp.encode())]

    async def openapi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The merged document, OpenAPI 3.1."""
        document, _ = await self._document()
        headers = [(b"cache-control", b"public, max-age=300")]
        await send_bytes(send, msgspec.json.encode(document), "application/json", headers=headers)

    async def docs(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The document as a page to read."""
        document, missing = await self._document()
        page = self._templates.get_template("reference.html").render(
            subjects=subjects(document), missing=missing,
            about=document["info"]["description"].replace("\n\n", "\0").replace("\n", " ").split("\0"),
            security=document["components"]["securitySchemes"].items(),
        )  # fmt: skip
        await send_bytes(send, page.encode(), _HTML, headers=self._headers)

    async def problem(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What a problem's `type` leads to."""
        slug = scope["path"].removeprefix("/problems/")
        kinds = list({kind.slug: kind for kind in problem_kinds()}.values())
        kind = next((kind for kind in kinds if kind.slug == slug), None)
        if kind is None:
            raise NotFound("There is no such problem.")
        more = [part.replace("\n", " ") for part in inspect.cleandoc(kind.__doc__ or "").split("\n\n")[1:]]
        page = self._templates.get_template("problem.html").render(
            title=kind.title(), slug=slug, status=kind.status, more=more, kinds=kinds
        )  # fmt: skip
        await send_bytes(send, page.encode(), _HTML, headers=self._headers)

    async def _document(self) -> tuple[Document, list[str]]:
        async with self._lock:
            if self._made is None or (self._made[2] and time.monotonic() - self._made[0] > _AGAIN_S):
                self._made = (time.monotonic(), *await self._make())
            return self._made[1], self._made[2]

    async def _make(self) -> tuple[Document, list[str]]:
        answers = await asyncio.gather(*(self._ask(name) for name in self._services))
        found = {name: one for name, one in zip(self._services, answers, strict=True) if one is not None}
        open_to_all = [name for name, rule in RULES.items() if rule.door == "anyone"]
        document = merged(found, own_document(), open_to_all)
        return document, [name for name in self._services if name not in found]

    async def _ask(self, service: str) -> Document | None:
        try:
            path = "/internal/v1/openapi/openapi.json"
            return await self._peers[service].get(path, dict, timeout_s=_ASK_S)
        except (Problem, KeyError, msgspec.MsgspecError) as fault:
            _log.warning("reference_incomplete", of=service, why=str(fault))
            return None
