"""What Enforcement and Images hold of suspected vehicles, their drivers, and officers."""

from __future__ import annotations

from siga.contract.personal.words import Declaration, held, journal
from siga.contract.settings import PHOTO_KEPT_DAYS

_EVIDENCE = (
    "{n} días tras cerrarse sin denuncia (30 si hubo aviso); con denuncia o retirada, bloqueado 1 año",
    "{n} days after it was closed without a complaint (30 after a warning); after a complaint or a tow, blocked for "
    "1 year",
)
_OFFICIAL = ("Con el caso: es parte de la actuación", "With the case: it is part of the official act")

ENFORCEMENT = Declaration(
    service="enforcement",
    held=(
        held("cases", "enforcement", {"plate_sealed": "sealed", "stay_id": "id", "note": "clear", "resolution": "clear",
             "opened_by": "id", "holder_id": "id"},
             "case_id municipality_id bay_id zone_id code address lon lat category reasons opened_at changed_at "
             "evidence occupied_since state outcome still_there gone_at photo_state photo_until complete plate_check "
             "reports undo_until undo_state closed_at listed_until erase_at automatic personal simulated version "
             "revision rank",
             what=("Matrícula, notas y agente de un caso", "Plate, notes and officer of a case"),
             ends=_EVIDENCE, setting=PHOTO_KEPT_DAYS, erasure="emptied"),
        held("case_steps", "enforcement", {"who": "id"}, "case_id number at what detail",
             what=("Qué agente dio cada paso", "Which officer took each step"), ends=_OFFICIAL, erasure="kept"),
        held("case_photos", "enforcement", {"photo_id": "id", "sha256": "keyed"}, "about_id case_id stored_at stage",
             what=("Qué fotos tiene un caso", "Which photos a case has"), ends=_EVIDENCE, setting=PHOTO_KEPT_DAYS,
             erasure="with_other"),
        held("case_reports", "enforcement", {"report_id": "id"}, "case_id at",
             what=("Qué avisos se unieron a un caso", "Which reports joined a case"), ends=_OFFICIAL,
             erasure="kept"),
        held("duties", "enforcement", {"user_id": "id", "since": "clear", "until": "clear", "zone_ids": "clear"},
             "municipality_id", what=("Agentes de servicio", "Officers on duty"),
             ends=("Hasta que acaba el servicio, 8 h a lo sumo", "Until the duty ends, 8 h at most"), link="user_id"),
        held("lookups", "security", {"user_id": "id", "at": "clear"}, "lookup_id municipality_id",
             what=("Cuántas consultas hizo un agente en la última hora, sin lo consultado",
                   "How many look-ups an officer made in the last hour, without what was looked up"),
             ends=("1 hora", "1 hour"), link="user_id"),
        held("would_have", "enforcement", {"source_key": "id"},
             "would_have_id municipality_id bay_id zone_id code category reason occupied_since suspected_at personal",
             what=("Estancias que habrían abierto un caso, por su identificador",
                   "Stays that would have opened a case, by their id"), ends=("90 días", "90 days"), erasure="kept"),
        *journal(("Casos por su identificador", "Cases by their id"),
                 ("Sin datos de la persona", "Without data of the person")),
    ),
    free=("photo_tasks", "photo_holds", "cursors"),
)  # fmt: skip

IMAGES = Declaration(
    service="images",
    held=(
        held("photos", "enforcement", {"photo_id": "id", "sha256": "keyed", "name": "keyed", "wrapped_key": "sealed"},
             "case_id bay_id municipality_id kind site_country bytes stored_at held held_until",
             what=("Fotos de vehículos, cifradas cada una con su clave",
                   "Photos of vehicles, each sealed by its own key"),
             ends=("{n} días, salvo caso abierto o procedimiento; se destruye su clave y después el fichero",
                   "{n} days, unless there is an open case or a procedure; its key is destroyed, then the file"),
             setting=PHOTO_KEPT_DAYS),
        held("readings", "enforcement", {"sealed": "sealed"}, "photo_id read_at",
             what=("Matrículas leídas en una foto, cifradas", "Plates read in a photo, sealed"),
             ends=("Con su foto", "With their photo"), erasure="with_other"),
        *journal(("Fotos y sus lecturas, por su identificador", "Photos and their readings, by their id"),
                 ("Sin datos de la persona", "Without data of the person")),
    ),
    free=("jobs", "turns", "doomed_files", "cursors", "deletion_proofs"),
)  # fmt: skip
