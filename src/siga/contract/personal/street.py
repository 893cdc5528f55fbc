"""What Parking and History hold of who parks: pseudonyms under keys, for as long as they are needed."""

from __future__ import annotations

from siga.contract.personal.words import Declaration, held, journal
from siga.contract.settings import SUBJECT_KEPT_H

_AFTER_STAY = ("{n} h después de la estancia", "{n} h after the stay")
_WITH_ACCREDITATION = ("Mientras existe la acreditación", "As long as the accreditation is there")

PARKING = Declaration(
    service="parking",
    held=(
        held("bays", "parking", {"bay": "id", "state": "keyed"},
             "bay_id municipality_id zone_id code folded_code folded_address external_id place period_s",
             what=("Quién está en la plaza ahora, como seudónimo con clave, y de quién es una plaza nominativa",
                   "Who stands in the bay now, as a keyed pseudonym, and whose a personal bay is"),
             ends=("Hasta que se vacía la plaza", "Until the bay empties"), erasure="emptied"),
        held("reports", "parking", {"credential": "keyed"},
             "device_id epoch sequence bay_id assignment occupied observed_at received_at status previous_duration_s "
             "previous_error_s simulated",
             what=("Qué tarjeta o matrícula leyó el sensor, como seudónimo con clave",
                   "Which card or plate the sensor read, as a keyed pseudonym"),
             ends=("{n} h después de leerse, salvo que la plaza siga ocupada desde entonces",
                   "{n} h after it was read, unless the bay has been taken since"),
             setting=SUBJECT_KEPT_H, erasure="emptied"),
        held("doubts", "parking", {"by_whom": "keyed"}, "doubt_id bay_id at",
             what=("Quién dudó de una plaza, como seudónimo distinto en cada plaza",
                   "Who doubted a bay, as a pseudonym that differs at each bay"),
             ends=("2 días", "2 days"), erasure="kept"),
        held("credentials", "parking", {"credential": "keyed", "row": "id"}, "",
             what=("Qué tarjetas y matrículas valen, como seudónimos con clave",
                   "Which cards and plates are valid, as keyed pseudonyms"), ends=_WITH_ACCREDITATION),
        held("accreditations", "parking", {"accreditation_id": "id", "brief": "id"}, "",
             what=("Qué acreditaciones valen, sin su titular", "Which accreditations are valid, without their holder"),
             ends=_WITH_ACCREDITATION),
        *journal(("Quién aparcó, como seudónimo con clave", "Who parked, as a keyed pseudonym"),
                 ("72 h; después queda el hecho sin la persona", "72 h; then the fact stays without the person")),
    ),
    free=("zones", "rules", "devices", "assignments", "quiet_changes", "addresses", "municipalities", "device_health",
          "waiting_keys", "public_keys", "lorawan_integrations", "lorawan_devices", "lorawan_sessions",
          "lorawan_frames", "lorawan_claims", "cursors"),
)  # fmt: skip

HISTORY = Declaration(
    service="history",
    held=(
        held("stays", "past", {"subject": "keyed"},
             "bay_no started_at opened place_no ended_at ended_by stay_id authorisation authorised_by simulated "
             "known_by started_error_s ended_error_s",
             what=("Quién aparcó, como seudónimo bajo la clave del mes",
                   "Who had parked, as a pseudonym under the month's key"),
             ends=_AFTER_STAY, setting=SUBJECT_KEPT_H, erasure="emptied"),
        held("changes", "past", {"subject": "keyed"},
             "bay_no at ordinal since told occupancy cause place_no authorisation previous_occupancy "
             "previous_authorisation authorised_by stay_id simulated said_at said_since error_s",
             what=("Lo mismo en cada cambio de la plaza", "The same at each change of the bay"),
             ends=_AFTER_STAY, setting=SUBJECT_KEPT_H, erasure="emptied"),
        *journal(("Nada de personas", "Nothing about people"), ("No aplica", "Does not apply")),
    ),
    free=("bays", "places", "gaps", "corrections", "cursors", "deletion_proofs"),
)  # fmt: skip
