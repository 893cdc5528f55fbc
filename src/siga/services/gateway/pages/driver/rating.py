"""Rating a bay that was used: three big questions after leaving."""

from __future__ import annotations

from urllib.parse import quote

from litestar import get, post
from litestar.types import ControllerRouterHandler

from siga.contract.drivers import Rating, RatingAsk
from siga.kit.problem import Problem
from siga.services.gateway.pages.driver.bays import Seen, see
from siga.services.gateway.pages.forms import NO_FORM, Faults, Form, faults_of
from siga.services.gateway.pages.web import Page, Visitor, Web

QUESTIONS = ("width", "kerb", "surface")
_ANSWERS = (5, 4, 3, 2, 1)


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """Ask, keep."""

    @get("/bays/{bay_id:str}/rate")
    async def ask(visitor: Visitor, bay_id: str) -> Page:
        """The three questions."""
        return _form_page(await see(visitor, bay_id), NO_FORM, Faults())

    @post("/bays/{bay_id:str}/rate")
    async def rate(visitor: Visitor, bay_id: str) -> Page:
        """Keep the answers."""
        form = await visitor.form()
        seen, faults = await see(visitor, bay_id), Faults()
        answers = {name: form.whole(name) for name in QUESTIONS}
        for name, answer in answers.items():
            if answer not in _ANSWERS:
                faults.add(name, visitor.t(f"rate.missing.{name}"))
        if not faults:
            ask = RatingAsk(
                bay_id=bay_id, width=answers["width"] or 0, kerb=answers["kerb"] or 0, surface=answers["surface"] or 0,
                comment=form.text("comment")[:500] or None,
            )  # fmt: skip
            try:
                await visitor.post("drivers", "/api/v1/ratings", ask, Rating)
                return visitor.go(f"{seen.card.path}?told=rated")
            except Problem as problem:
                if problem.slug not in ("not-used", "too-many", "invalid"):
                    raise
                faults = faults_of(problem, visitor.t, "rate", QUESTIONS)
        return _form_page(seen, form, faults)

    return [ask, rate]


def _form_page(seen: Seen, form: Form, faults: Faults) -> Page:
    t = seen.visitor.t
    answers = {name: [(n, t(f"rate.{name}.{n}")) for n in _ANSWERS] for name in QUESTIONS}
    return seen.visitor.page(
        "driver/rate.html", status=422 if faults else 200, here="stay", card=seen.card, form=form, faults=faults,
        questions=QUESTIONS, answers=answers, action=f"/bays/{quote(seen.bay.bay_id, safe='')}/rate",
    )  # fmt: skip
