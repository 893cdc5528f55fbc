"""A case in an officer's words: never more than is known."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest
from pages_made_up import NOW, case

from siga.contract.cases import CasePlate, CaseStep, Certainty, PhotoState, PlateCheck
from siga.contract.enforcement import CaseState, Outcome
from siga.contract.parking import SuspicionReason
from siga.services.gateway.pages.i18n import Texts
from siga.services.gateway.pages.police import views

ME, OTHER = "officer-me", "officer-a1b2"


def test_what_nobody_identified_asks_to_look_and_does_not_accuse(es: Texts) -> None:
    words = views.case_words(case(), ME, es)
    assert words.suspicion == "Sin identificar: mire el parabrisas"
    assert words.mark == "windscreen"


def test_the_triangle_stands_only_for_something_positive(es: Texts) -> None:
    assert views.mark_of(case(reason="unauthorised", reasons=["unauthorised"])) == "misuse"
    for reason in ("unverified", "overstay", "misuse_report"):
        assert views.mark_of(case(reason=reason, reasons=[reason])) == "windscreen"


def test_what_is_known_and_what_is_missing_stand_apart(es: Texts) -> None:
    words = views.case_words(case(), ME, es)
    assert words.known == ["el sensor ve un vehículo"]
    assert words.missing == ["ninguna tarjeta leída (puede estar en el parabrisas)"]


def test_evidence_of_a_later_release_is_said_in_general(es: Texts) -> None:
    words = views.case_words(case(certainty=[Certainty(evidence="x", known=True, says="brand_new")]), ME, es)
    assert words.known == ["otro dato"]


@pytest.mark.parametrize("state", get_args(CaseState))
def test_every_state_has_its_words(state: CaseState, t: Texts) -> None:
    words = views.case_words(case(state=state, outcome="warned" if state == "resolved" else None), ME, t)
    assert "." not in words.state


@pytest.mark.parametrize("reason", get_args(SuspicionReason))
@pytest.mark.parametrize("state", ["new", "withdrawn"])
def test_every_reason_has_its_words(reason: SuspicionReason, state: CaseState, t: Texts) -> None:
    words = views.case_words(case(reason=reason, reasons=[reason], state=state), ME, t)
    assert t.has(f"suspicion.{reason}")
    assert t.has(f"was.{reason}")
    assert "." not in words.suspicion


@pytest.mark.parametrize("check", get_args(PlateCheck))
def test_every_answer_about_a_plate_has_its_words(check: PlateCheck, t: Texts) -> None:
    assert t.has(f"plate_check.{check}")


@pytest.mark.parametrize("state", get_args(PhotoState))
def test_a_case_without_a_plate_says_why(state: PhotoState, es: Texts) -> None:
    words = views.case_words(case(plate=None, photo_state=state, photo_until=NOW + timedelta(minutes=1)), ME, es)
    assert words.no_plate
    assert "no_plate" not in words.no_plate
    if state == "wanted":
        assert "10:01" in words.no_plate


@pytest.mark.parametrize(
    ("confidence", "by", "spoken"),
    [(0.95, None, "Lectura muy segura."), (0.8, None, "Lectura bastante segura: compárela con la foto."),
     (0.4, None, "Lectura dudosa: compárela con la foto."), (None, OTHER, "Escrita por un agente.")],
)  # fmt: skip
def test_a_plate_says_how_sure_it_is(confidence: float | None, by: str | None, spoken: str, es: Texts) -> None:
    assert views.plate_words(CasePlate(plate="1234BCD", confidence=confidence, corrected_by=by), es) == spoken


def test_a_corrected_plate_says_what_was_read(es: Texts) -> None:
    plate = CasePlate(plate="1234BCD", read_as="1234BCO", corrected_by=ME)
    assert "1234 BCO" in views.plate_words(plate, es)


def test_a_spanish_plate_stands_in_two_groups() -> None:
    assert (views.spaced("1234BCD"), views.spaced("M1234AB")) == ("1234 BCD", "M1234AB")


def test_a_new_case_can_be_taken_and_nothing_else() -> None:
    acts = views.acts_of(case(), ME, NOW)
    assert acts.take
    assert not (acts.take_over)
    assert not (acts.dispatch)
    assert not (acts.arrive)
    assert not (acts.resolve)


@pytest.mark.parametrize(
    ("state", "dispatch", "arrive"),
    [("acknowledged", True, True), ("dispatched", False, True), ("on_site", False, False)],
)
def test_a_case_in_ones_hands_goes_on_step_by_step(state: CaseState, dispatch: bool, arrive: bool) -> None:
    acts = views.acts_of(case(state=state, holder_id=ME), ME, NOW)
    assert (acts.dispatch, acts.arrive, acts.resolve, acts.take) == (dispatch, arrive, True, False)


def test_another_officers_case_can_only_be_taken_over(es: Texts) -> None:
    theirs = case(state="dispatched", holder_id=OTHER)
    acts = views.acts_of(theirs, ME, NOW)
    assert acts.take_over
    assert not (acts.dispatch)
    assert not (acts.arrive)
    assert not (acts.resolve)
    assert not (acts.correct_plate)
    assert views.case_words(theirs, ME, es).holder == "Lo lleva otro agente (A1B2)"


def test_ones_own_closing_can_be_undone_for_a_while() -> None:
    closed = case(state="resolved", outcome="fined", holder_id=ME, undo_until=NOW + timedelta(minutes=5))
    assert views.acts_of(closed, ME, NOW).undo
    assert not views.acts_of(closed, OTHER, NOW).undo
    assert not views.acts_of(closed, ME, NOW + timedelta(minutes=6)).undo


def test_what_was_withdrawn_can_be_reopened_while_it_is_listed() -> None:
    withdrawn = case(state="withdrawn", listed_until=NOW + timedelta(hours=1))
    assert views.acts_of(withdrawn, ME, NOW).reopen
    assert not views.acts_of(withdrawn, ME, NOW + timedelta(hours=2)).reopen


def test_an_offence_is_not_reopened() -> None:
    assert not views.acts_of(case(state="resolved", outcome="fined", holder_id=OTHER), ME, NOW).reopen


def test_every_outcome_can_be_chosen_and_says_whether_it_wants_a_reason(t: Texts) -> None:
    options = views.outcome_options(t)
    assert [name for name, _, _ in options] == list(get_args(Outcome))
    assert {name for name, _, hint in options if hint} == {"authorised", "false_alarm"}


def test_a_step_says_who_took_it(es: Texts) -> None:
    step = CaseStep(number=2, at=NOW, who=ME, what="resolved", detail={"outcome": "warned"})
    assert views.step_words(step, ME, es) == "Cerrado: Advertido (usted)"
    opened = views.step_words(CaseStep(number=1, at=NOW, who="siga", what="opened"), ME, es)
    assert opened == "Caso abierto (SIGA, automático)"
