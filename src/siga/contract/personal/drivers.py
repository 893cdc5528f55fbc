"""What Drivers holds of people, always under a keyed pseudonym."""

from __future__ import annotations

from siga.contract.personal.words import Declaration, held, journal
from siga.contract.settings import SUBJECT_KEPT_H

DRIVERS = Declaration(
    service="drivers",
    held=(
        held("favourites", "drivers", {"who": "keyed", "label": "clear", "bay_id": "clear", "lon": "clear",
             "lat": "clear"}, "favourite_id", what=("Plazas y lugares favoritos", "Favourite bays and places"),
             ends=("Hasta que la persona los quita", "Until the person takes them away"), link="who"),
        held("check_ins", "drivers", {"check_in_id": "id", "who": "keyed", "accreditation_id": "id",
             "declaration": "sealed", "stay_id": "id", "started_at": "clear", "ended_at": "clear", "bay_id": "clear"},
             "municipality_id kind until",
             what=("Llegadas registradas, con qué acreditación o qué declaró un invitado",
                   "Check-ins, with the accreditation or what a guest declared"),
             ends=("La acreditación {n} h y lo demás 7 días después; lo declarado, al acabar la estancia si no hay "
                   "caso",
                   "The accreditation {n} h and the rest 7 days after; what was declared, after the stay unless there "
                   "is a case"), setting=SUBJECT_KEPT_H, link="who"),
        held("doubts", "drivers", {"who": "keyed"}, "doubt_id bay_id at settled_at",
             what=("Quién dudó de una plaza", "Who doubted a bay"), ends=("30 días", "30 days"), link="who"),
        held("ratings", "drivers", {"check_in_id": "id", "comment": "clear"},
             "rating_id bay_id width kerb surface rated_at",
             what=("Valoraciones y comentarios", "Ratings and comments"),
             ends=("A los 7 días ya no se sabe de quién son; el comentario se borra al año",
                   "After 7 days nobody knows whose they are; the comment goes after a year"), erasure="with_other"),
        held("reports", "drivers", {"who": "keyed", "note": "clear", "photo_id": "id"},
             "report_id bay_id municipality_id zone_id kind problem status outcome answer photos at changed_at "
             "resolved_at case_id case_position",
             what=("Avisos: quién los envió y qué escribió", "Reports: who sent them and what they wrote"),
             ends=("90 días después de resolverse", "90 days after they were resolved"), erasure="emptied",
             link="who"),
        held("bays", "drivers", {"personal_accreditation_id": "id"},
             "bay_id municipality_id zone_id code category personal life closed_from closed_to lon lat address version "
             "stay_id", what=("De quién es una plaza nominativa, por su acreditación",
                              "Whose a personal bay is, by the accreditation"),
             ends=("Mientras existe la plaza", "As long as the bay is there"), erasure="kept"),
        *journal(("Llegadas y dudas por identificadores y seudónimos", "Check-ins and doubts by ids and pseudonyms"),
                 ("La acreditación 4 días, el seudónimo 30; después queda el hecho sin la persona",
                  "The accreditation 4 days, the pseudonym 30; then the fact stays without the person")),
    ),
    free=("municipalities", "cases", "cursors"),
)  # fmt: skip
