"""A case in an officer's words: what is suspected, what is known and what is missing, what can be done; pure.

A case is a suspicion: what nobody identified reads "look at the windscreen", never "infringement" (D9, D10).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from siga.contract.cases import CasePlate, CaseStep, CaseView
from siga.contract.enforcement import OUTCOMES, Outcome
from siga.services.gateway.pages.i18n import Texts

OPEN_STATES = ("new", "acknowledged", "dispatched", "on_site")
MUST_SAY_WHY: tuple[Outcome, ...] = ("authorised", "false_alarm")
"""Outcomes that Enforcement takes only with a reason."""
_OFFENCES = ("fined", "warned", "towed")
_MARKS = {"unverified": "windscreen", "overstay": "windscreen", "misuse_report": "windscreen", "officer": "misuse"}
_SURE, _FAIRLY_SURE = 0.9, 0.75
_SPANISH = re.compile(r"(\d{4})([A-Z]{3})")


@dataclass(frozen=True)
class Acts:
    """What this officer can do with the case now."""

    take: bool = False
    take_over: bool = False
    dispatch: bool = False
    arrive: bool = False
    resolve: bool = False
    undo: bool = False
    reopen: bool = False
    correct_plate: bool = False
    add_photo: bool = False


@dataclass(frozen=True)
class CaseWords:
    """One case as its card says it."""

    case: CaseView
    mark: str
    title: str
    suspicion: str
    known: Sequence[str]
    missing: Sequence[str]
    state: str
    holder: str
    there: str
    plate: str
    plate_words: str
    plate_check: str
    no_plate: str
    acts: Acts
    mine: bool
    say: str
    """The whole in one short sentence, for the status line."""


def case_words(case: CaseView, me: str, t: Texts) -> CaseWords:
    """The case in words for the officer whose id is `me`."""
    mine, is_open = case.holder_id == me, case.state in OPEN_STATES
    title = case.address or t("bay.code", code=case.code)
    suspicion = t.either(f"suspicion.{case.reason}" if is_open else f"was.{case.reason}", "suspicion.officer")
    return CaseWords(
        case=case, mark=mark_of(case), title=title, suspicion=suspicion,
        known=[_certainty(one.says, t) for one in case.certainty if one.known],
        missing=[_certainty(one.says, t) for one in case.certainty if not one.known],
        state=_state_words(case, t), holder=holder_words(case.holder_id, me, t) if is_open else "",
        there=there_words(case, t),
        plate=spaced(case.plate.plate) if case.plate else "",
        plate_words=plate_words(case.plate, t) if case.plate else "",
        plate_check=t.either(f"plate_check.{case.plate.check}", "plate_check.unknown") if case.plate else "",
        no_plate="" if case.plate else no_plate_words(case, t), acts=acts_of(case, me, t.now), mine=mine,
        say=f"{t('bay.code', code=case.code)}, {title}: {suspicion}",
    )  # fmt: skip


def mark_of(case: CaseView) -> str:
    """The shape: a triangle only where something positive speaks against the stay."""
    if case.state in ("resolved", "withdrawn"):
        return "ok"
    return "misuse" if "unauthorised" in case.reasons else _MARKS.get(case.reason, "misuse")


def _certainty(says: str, t: Texts) -> str:
    return t.either(f"certainty.{says}", "certainty.other")


def _state_words(case: CaseView, t: Texts) -> str:
    if case.state == "resolved" and case.outcome:
        return t("case_state.resolved_as", outcome=t.either(f"outcome.{case.outcome}", "outcome.other"))
    return t.either(f"case_state.{case.state}", "case_state.new")


def holder_words(holder_id: str | None, me: str, t: Texts) -> str:
    """Who holds the case: oneself, another officer by the end of their id, nobody."""
    if holder_id is None:
        return t("holder.nobody")
    return t("holder.you") if holder_id == me else t("holder.other", number=holder_id[-4:].upper())


def there_words(case: CaseView, t: Texts) -> str:
    """Whether the vehicle is still there, as far as anybody can tell."""
    return t({True: "there.yes", False: "there.no", None: "there.unknown"}[case.still_there])


def spaced(plate: str) -> str:
    """A plate as it stands on a car: Spanish ones in two groups."""
    match = _SPANISH.fullmatch(plate)
    return f"{match[1]} {match[2]}" if match else plate


def plate_words(plate: CasePlate, t: Texts) -> str:
    """How sure the plate is, in words."""
    if plate.corrected_by is not None or plate.confidence is None:
        read_as = f" {t('plate.read_as', plate=spaced(plate.read_as))}" if plate.read_as else ""
        return t("plate.by_officer") + read_as
    if plate.confidence >= _SURE:
        return t("plate.sure")
    return t("plate.fairly_sure") if plate.confidence >= _FAIRLY_SURE else t("plate.unsure")


def no_plate_words(case: CaseView, t: Texts) -> str:
    """Why there is no plate."""
    if case.photo_state == "wanted" and case.photo_until is not None:
        return t("no_plate.wanted", clock=t.clock(case.photo_until))
    return t.either(f"no_plate.{case.photo_state}", "no_plate.none")


def acts_of(case: CaseView, me: str, now: datetime) -> Acts:
    """What can be done: one hand at a time, nothing closes by itself once somebody is there."""
    mine = case.holder_id == me
    if case.state in OPEN_STATES:
        free_hand = case.holder_id in (None, me)
        return Acts(
            take=case.state == "new", take_over=case.state != "new" and not mine,
            dispatch=mine and case.state == "acknowledged",
            arrive=mine and case.state in ("acknowledged", "dispatched"), resolve=mine and case.state != "new",
            correct_plate=free_hand, add_photo=True,
        )  # fmt: skip
    undo = case.state == "resolved" and mine and case.undo_until is not None and now <= case.undo_until
    listed = case.listed_until is None or now <= case.listed_until
    reopen = listed and not undo and (case.state == "withdrawn" or case.outcome not in _OFFENCES)
    return Acts(undo=undo, reopen=reopen)


def outcome_options(t: Texts) -> list[tuple[str, str, str]]:
    """The outcomes as radio buttons; which of them want a reason is said beside them."""
    return [
        (name, t(f"outcome.{name}"), t("resolve.needs_reason") if name in MUST_SAY_WHY else "") for name in OUTCOMES
    ]


def step_words(step: CaseStep, me: str, t: Texts) -> str:
    """One step of a case's way, with who took it."""
    what = t.either(f"step.{step.what}", "step.other")
    outcome = step.detail.get("outcome")
    if step.what in ("resolved", "undone") and isinstance(outcome, str):
        what = f"{what}: {t.either(f'outcome.{outcome}', 'outcome.other')}"
    if step.who == "siga":
        who = t("by.siga")
    else:
        who = t("by.you") if step.who == me else t("by.other", number=step.who[-4:].upper())
    return t("step.line", what=what, who=who)
