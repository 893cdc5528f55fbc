"""Every page of ours, rendered with made-up data: whole words, named controls, nothing inline."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from pages_made_up import CATALOGUE, NOW, bay, case, texts

from siga.contract.accounts import Me, SessionView
from siga.contract.accreditations import OwnAccreditation
from siga.contract.cases import CaseEvidence, Duty, EvidencePhoto
from siga.contract.drivers import (
    BayRatings,
    CheckInView,
    CurrentCheckIn,
    Declaration,
    Favourite,
    ReportList,
    ReportNote,
    ReportSent,
    ReportView,
)
from siga.contract.factors import ConfirmStart, Factors, PasskeyView, TotpStart
from siga.contract.history import Receipt, ReceiptClaims
from siga.contract.users import Municipality
from siga.services.gateway.pages.driver import views
from siga.services.gateway.pages.driver.find import Found, Place, Search
from siga.services.gateway.pages.driver.sketch import sketch
from siga.services.gateway.pages.forms import NO_FORM, Faults
from siga.services.gateway.pages.i18n import Texts
from siga.services.gateway.pages.police import views as police

TOWN = Municipality(municipality_id="m-1", name="Soria", slug="soria", contact="010")
STAY = CheckInView(
    check_in_id="c-1", bay_id="bay-1", code="AB-12", municipality_id="m-1", kind="declared", started_at=NOW,
    until=NOW + timedelta(hours=24), leave_by=NOW + timedelta(hours=2), address="Calle Mayor, 4",
)  # fmt: skip
REPORT = ReportView(
    report_id="r-1", bay_id="bay-1", code="AB-12", kind="misuse", status="on_the_way", at=NOW, changed_at=NOW,
    answer="Pintada de nuevo.",
)  # fmt: skip
OWN = OwnAccreditation(
    accreditation_id="a-1", municipality_id="m-1", municipality_name="Soria", category="disabled", kind="personal",
    issuer="Soria", number_ends_with="123", valid_from=date(2026, 1, 1), valid_to=date(2028, 1, 1), status="valid",
)  # fmt: skip
CLAIMS = ReceiptClaims(
    municipality_id="m-1", municipality="Soria", bay_id="bay-1", bay="AB-12", stay_id="s-1", started_at=NOW,
    ended_at=NOW, authorisation="declared", issued_at=NOW, check_in_id="c-1", simulated=True,
)  # fmt: skip
RECEIPT = Receipt(receipt="eyJ.x.y", claims=CLAIMS)
BAD = Faults({"code": "Falta.", "outcome": "Elija.", "email": "Falta.", "issuer": "Falta.", "": "No se puede."})


def _cards(t: Texts) -> list[views.BayWords]:
    states = ("free", "unmonitored", "occupied", "unknown", "closed", "doubtful")
    slugs = {"m-1": "soria"}
    return [views.bay_words(bay(bay_id=f"b{n}", occupancy=state), t, slugs, n) for n, state in enumerate(states, 1)]


def _find(t: Texts, **values: Any) -> dict[str, Any]:
    cards = _cards(t)
    found = Found(-3.7, 40.4, "Calle Mayor, 1", TOWN, others=[Place(label="Otra", lon=1.0, lat=2.0)], unmatched=True)
    whole = {
        "search": Search(q="mayor", category="all"), "found": found, "towns": [TOWN, TOWN],
        "groups": views.grouped(cards),
        "free": 1, "count": 6, "heading": "1 plaza", "sketch": sketch(cards, -3.7, 40.4), "box": "0,0,1,1", "back": "/",
        "more": True, "categories": [("disabled", t("category.disabled"))],
    }  # fmt: skip
    return {**whole, **values}


def _bay(t: Texts) -> dict[str, Any]:
    return {
        "card": _cards(t)[0], "bay": bay(), "town": TOWN, "told": "doubt", "back": "/?q=x", "refused": "No.",
        "ratings": BayRatings(bay_id="bay-1", count=3, width=4.2, kerb=3.0, surface=5.0),
        "stay": CurrentCheckIn(check_in=STAY),
    }  # fmt: skip


def _case(t: Texts, **values: Any) -> dict[str, Any]:
    shown = case(**values)
    evidence = CaseEvidence(
        photos=[EvidencePhoto(photo_id="photo-1", sha256="ab" * 32, taken_at=NOW)],
        reports=[ReportNote(report_id="r-1", bay_id="bay-1", at=NOW, note="Un coche rojo.")],
        declaration=Declaration(check_in_id="c", issuer="Soria", card_number="1", expires_on=date(2027, 1, 1),
                                plate="1234BCD", declared_at=NOW),
    )  # fmt: skip
    return {
        "card": police.case_words(shown, "me", t), "case": shown, "evidence": evidence, "told": "acknowledge",
        "idle_min": 5,
        "refused": "No.", "confirm": True, "form": NO_FORM, "faults": BAD, "outcomes": police.outcome_options(t),
        "steps": [(step, police.step_words(step, "me", t)) for step in shown.steps or []],
    }  # fmt: skip


def _queue(t: Texts, **values: Any) -> dict[str, Any]:
    duties = [(TOWN, Duty(on=True, municipality_id="m-1", until=NOW)), (TOWN, Duty(on=False, municipality_id="m-1")),
              (TOWN, None)]  # fmt: skip
    whole = {
        "cards": [
            police.case_words(case(case_id=f"case-{n}", holder_id=who), "me", t) for n, who in ((1, None), (2, "me"))
        ],
        "show": "open", "filters": ["open", "mine", "withdrawn", "resolved"], "next": "cursor", "told": "on_duty",
        "idle_min": 5, "new": 1, "duties": duties, "form": NO_FORM, "faults": BAD,
    }  # fmt: skip
    return {**whole, **values}


PAGES: dict[str, Callable[[Texts], dict[str, Any]]] = {
    "problem.html": lambda t: {"title": "T", "words": "W", "again": True, "request_id": "abc"},
    "driver/find.html": _find,
    "driver/find.html#none": lambda t: _find(t, groups=[], free=0, count=0, sketch=None),
    "driver/nothing.html": lambda t: {"setup": True},
    "driver/nothing.html#run": lambda t: {"setup": False},
    "driver/no_bays.html": lambda t: {"towns": [TOWN]},
    "driver/bay.html": _bay,
    "driver/bay_missing.html": lambda t: {"code": "X"},
    "driver/problem_form.html": lambda t: {
        "card": _cards(t)[0], "form": NO_FORM, "faults": BAD, "back": "/",
        "options": [("paint", t("problem_kind.paint")), ("kerb", t("problem_kind.kerb"))],
    },
    "driver/sent.html": lambda t: {
        "card": _cards(t)[0], "kind": "misuse", "back": "/",
        "sent": ReportSent(report_id="r-1", follow_code="K7QF-2MXN-84TD", status="nobody_available", at=NOW),
    },
    "driver/reports.html": lambda t: {"reports": ReportList(reports=[REPORT], next="x")},
    "driver/reports.html#none": lambda t: {"reports": ReportList(reports=[])},
    "driver/report.html": lambda t: {"report": REPORT, "code": "K7QF", "faults": Faults(), "told": True},
    "driver/report_code.html": lambda t: {"report_id": "r-1", "faults": BAD},
    "driver/check_in.html": lambda t: {
        "card": _cards(t)[0], "own": [], "form": NO_FORM, "faults": BAD, "declare": True,
    },
    "driver/check_in.html#own": lambda t: {
        "card": _cards(t)[0], "own": [OWN, OWN], "form": NO_FORM, "faults": Faults(), "declare": False,
    },
    "driver/stay.html": lambda t: {
        "stay": STAY, "ended": [], "told": "begun", "left": timedelta(hours=2), "slugs": {"m-1": "soria"},
    },
    "driver/stay.html#over": lambda t: {
        "stay": STAY, "ended": [], "told": "", "left": timedelta(minutes=-5), "slugs": {},
    },
    "driver/stay.html#none": lambda t: {
        "stay": None, "told": "", "left": None, "slugs": {},
        "ended": [CheckInView(check_in_id="c-2", bay_id="b", code="C", municipality_id="m-1", kind="accredited",
                              started_at=NOW, until=NOW, ended_at=NOW)],
    },
    "driver/receipt.html": lambda t: {"receipt": RECEIPT, "check_in": STAY, "check_in_id": "c-1", "told": True},
    "driver/receipt.html#none": lambda t: {"receipt": None, "check_in": STAY, "check_in_id": "c-1", "told": True},
    "driver/rate.html": lambda t: {
        "card": _cards(t)[0], "form": NO_FORM, "faults": Faults({"width": "Falta."}), "action": "/bays/b/rate",
        "questions": ("width",), "answers": {"width": [(5, "Mucho"), (1, "Nada")]},
    },
    "driver/favourites.html": lambda t: {
        "links": {"f-1": "/?lon=1&lat=2"},
        "favourites": [Favourite(favourite_id="f-1", label="Casa", lon=1.0, lat=2.0, bay_id="b", code="C", gone=True)],
    },
    "driver/favourites.html#none": lambda t: {"favourites": [], "links": {}},
    "driver/accreditations.html": lambda t: {"own": [OWN], "form": NO_FORM, "faults": BAD, "told": True},
    "driver/accreditations.html#none": lambda t: {"own": [], "form": NO_FORM, "faults": Faults(), "told": False},
    "police/queue.html": _queue,
    "police/queue.html#none": lambda t: _queue(t, cards=[], new=0, next=None, faults=Faults(), show="mine"),
    "police/case.html": lambda t: _case(t, state="dispatched", holder_id="me"),
    "police/case.html#theirs": lambda t: _case(t, state="on_site", holder_id="other-a1b2", plate=None, photo_ids=[]),
    "police/case.html#closed": lambda t: _case(
        t, state="resolved", outcome="warned", holder_id="me", undo_until=NOW + timedelta(minutes=5)
    ),
    "account/sign_in.html": lambda t: {"form": NO_FORM, "faults": BAD, "next": "/police"},
    "account/second.html": lambda t: {
        "passkey": '{"challenge": "AA"}', "ways": ("passkey", "totp", "recovery"), "faults": BAD, "next": "/police",
    },
    "account/second.html#codes": lambda t: {"passkey": None, "ways": ("recovery",), "faults": Faults(), "next": ""},
    "account/confirm.html": lambda t: {
        "start": ConfirmStart(ticket="T", ways=("totp",)), "passkey": '{"challenge": "AA"}', "to": "/admin",
        "again": True, "kept": [("email", "a@b.example")], "faults": Faults({"confirm_code": "Falta."}),
    },
    "account/confirm.html#password": lambda t: {
        "start": ConfirmStart(ticket="T", ways=()), "passkey": None, "to": "/admin", "again": False, "kept": [],
        "faults": Faults(),
    },
    "account/factors.html": lambda t: {
        "factors": Factors(mode="asked", totp_added_at=NOW, recovery_codes_left=9, passkeys=[
            PasskeyView(passkey_id="p", name="Móvil", added_at=NOW, used_at=NOW, synced=True),
            PasskeyView(passkey_id="q", name="Llave", added_at=NOW),
        ]), "staff": True, "must_enrol": False, "told": "totp_added", "faults": Faults(),
    },
    "account/factors.html#none": lambda t: {
        "factors": Factors(mode="asked"), "staff": True, "must_enrol": False, "told": "", "faults": Faults(),
    },
    "account/factors.html#must": lambda t: {
        "factors": Factors(mode="required"), "staff": True, "must_enrol": True, "told": "", "faults": BAD,
    },
    "account/totp.html": lambda t: {
        "begun": TotpStart(ticket="T", secret="JBSW", uri="otpauth://totp/x"), "secret": "JBSW", "side": 29,
        "path": "M4 4h1v1h-1z", "faults": BAD,
    },
    "account/totp.html#long": lambda t: {
        "begun": TotpStart(ticket="T", secret="JBSW", uri=""), "secret": "JBSW", "side": 0, "path": "",
        "faults": Faults(),
    },
    "account/passkey.html": lambda t: {"ticket": "T", "options": '{"challenge": "AA"}', "faults": Faults()},
    "account/recovery.html": lambda t: {
        "codes": ["K7QF-2MXN-84TD"], "told": "passkey_added", "site": "https://siga.example"
    },
    "police/locked.html": lambda t: {
        "start": ConfirmStart(ticket="T", ways=("passkey",)), "passkey": '{"challenge": "AA"}', "open": 3,
        "faults": Faults({"password": "Falta."}),
    },
    "police/locked.html#password": lambda t: {
        "start": ConfirmStart(ticket="T", ways=()), "passkey": None, "open": 1, "faults": Faults(),
    },
    "account/register.html": lambda t: {"form": NO_FORM, "faults": BAD, "next": ""},
    "account/invitation.html": lambda t: {"form": NO_FORM, "faults": BAD},
    "account/invited.html": lambda t: {},
    "account/account.html": lambda t: {
        "me": Me(user_id="u", email="a@b.example", name="Ana", language="es"), "roles": [("Policía", "Soria")],
        "sessions": [SessionView(session_id="s", kind="page", user_agent="Firefox", created_at=NOW, seen_at=NOW,
                                 ends_at=NOW, current=current) for current in (True, False)],
        "form": NO_FORM, "faults": Faults(), "told": "saved", "languages": ("es", "en"), "device_words": str,
        "second_factor": False, "urged": True,
    },
    "account/help.html": lambda t: {"towns": [TOWN]},
    "account/setup_code.html": lambda t: {},
    "account/setup_over.html": lambda t: {},
    "account/setup.html": lambda t: {
        "code": "K7QF", "form": NO_FORM, "faults": BAD, "zones": [("Europe/Madrid", "Europe/Madrid")],
        "languages": [("es", "Español"), ("en", "Inglés")], "spoken": ["es"],
    },
    "account/welcome.html": lambda t: {"steps": [(TOWN, [("municipality", True), ("bays", False), ("new", False)])]},
}  # fmt: skip
"""Each page with made-up values; what follows `#` tells variants apart."""

_KEY = re.compile(rf"\b(?:{'|'.join(sorted({key.split('.')[0] for key in CATALOGUE['es']}))})\.[a-z_]+(?:\.[a-z_]+)*\b")
_CONTROLS = ("a", "button", "summary")


class Outline(HTMLParser):
    """What a page consists of, as far as names are concerned."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.names: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._open: list[list[Any]] = []
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag; begin to listen for a control's name."""
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag in _CONTROLS:
            self._open.append([tag, given.get("aria-label", "")])
        if tag == "svg":
            self._hidden = given.get("aria-hidden") == "true"
        if tag == "img" and self._open:
            self._open[-1][1] += given.get("alt", "")

    def handle_endtag(self, tag: str) -> None:
        """A control's name is whole."""
        if tag == "svg":
            self._hidden = False
        if tag in _CONTROLS and self._open:
            name = tuple(self._open.pop())
            if not self._hidden:
                self.names.append(name)

    def handle_data(self, data: str) -> None:
        """Words belong to the page and to the control they stand in."""
        self.words.append(data)
        if self._open:
            self._open[-1][1] += data


def _outline(render: Callable[..., str], page: str, t: Texts) -> tuple[str, Outline]:
    html = render(page.split("#")[0], t, **PAGES[page](t))
    outline = Outline()
    outline.feed(html)
    return html, outline


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_whole_named_and_in_one_language(page: str, t: Texts, render: Callable[..., str]) -> None:
    html, outline = _outline(render, page, t)
    tags = outline.tags
    assert html.lstrip().startswith("<!doctype html>")
    assert [attrs["lang"] for tag, attrs in tags if tag == "html"] == [t.lang]
    assert sum(tag == "h1" for tag, _ in tags) == 1, "one h1"
    assert next(tag for tag, _ in tags if tag in ("header", "main", "footer", "nav")) == "header"
    assert not _KEY.findall(" ".join(outline.words)), "a text is missing"
    assert not [tag for tag, name in outline.names if not name.strip()], "a control without a name"


@pytest.mark.parametrize("page", PAGES)
def test_every_control_is_labelled_and_every_reference_leads_somewhere(
    page: str, es: Texts, render: Callable[..., str]
) -> None:
    _, outline = _outline(render, page, es)
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(ids) == len(set(ids)), "an id twice"
    labelled = {attrs.get("for") for tag, attrs in outline.tags if tag == "label"}
    for tag, attrs in outline.tags:
        if tag in ("input", "select", "textarea") and attrs.get("type") != "hidden":
            assert attrs.get("id") in labelled, attrs
        for name in ("aria-describedby", "aria-labelledby"):
            assert set(attrs.get(name, "").split()) <= set(ids), attrs
        if tag == "img":
            assert attrs["alt"]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_inline_so_that_the_policy_can_be_strict(page: str, es: Texts, render: Callable[..., str]) -> None:
    html, outline = _outline(render, page, es)
    assert "<style" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not [attrs for _, attrs in outline.tags if "style" in attrs or any(name.startswith("on") for name in attrs)]


@pytest.mark.parametrize("page", PAGES)
def test_every_form_that_changes_something_carries_the_visitors_token(
    page: str, es: Texts, render: Callable[..., str]
) -> None:
    html, _ = _outline(render, page, es)
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", html, re.DOTALL):
        assert 'name="csrf" value="token"' in form


def test_faults_are_told_above_and_lead_to_their_fields(es: Texts, render: Callable[..., str]) -> None:
    html, outline = _outline(render, "driver/check_in.html", es)
    assert '<a href="#issuer">Falta.</a>' in html
    field = next(attrs for tag, attrs in outline.tags if tag == "input" and attrs.get("name") == "issuer")
    assert field["aria-invalid"] == "true"
    assert "issuer-fault" in field["aria-describedby"]


def test_the_follow_code_stands_in_no_address(es: Texts, render: Callable[..., str]) -> None:
    _, outline = _outline(render, "driver/sent.html", es)
    assert not [
        attrs for _, attrs in outline.tags if "K7QF-2MXN-84TD" in attrs.get("href", "") + attrs.get("action", "")
    ]


def test_what_people_wrote_is_shown_and_never_run(es: Texts, render: Callable[..., str]) -> None:
    nasty = '"><script>alert(1)</script>'
    html = render("driver/find.html", es, **{**_find(es), "search": Search(q=nasty)})
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_receipt_can_be_kept_as_text(render: Callable[..., str]) -> None:
    t = texts("es")
    text = render("driver/receipt.txt", t, claims=CLAIMS, receipt="eyJ.x.y")
    assert "2026-11-22 10:00:00 CET" in text
    assert "eyJ.x.y" in text
    assert "no vale como justificante" in text


def test_the_title_tells_the_state(es: Texts, render: Callable[..., str]) -> None:
    assert "<title>Libre: Calle Mayor, 4 · SIGA</title>" in render("driver/bay.html", es, **_bay(es))
    assert "(1) Cola de casos" in render("police/queue.html", es, **_queue(es))
