"""What Logs and Config hold of people: by their ids, so that it can be told who did what."""

from __future__ import annotations

from siga.contract.personal.words import Declaration, held, journal
from siga.contract.settings import LOG_KEPT_DAYS

_NO_PERSON = ("Nada de personas", "Nothing about people")

LOGS = Declaration(
    service="logs",
    held=(
        held("records", "security", {"fields": "id"},
             "at process sequence service level event request_id traceparent trace_id",
             what=("Registros del sistema, que pueden nombrar una cuenta por su identificador",
                   "Log records, which may name an account by its id"),
             ends=("{n} días", "{n} days"), setting=LOG_KEPT_DAYS, erasure="emptied"),
        held("alarms", "security", {"fields": "id", "acknowledged_by": "id"},
             "alarm_id service event level count first_at last_at state acknowledged_at",
             what=("Alarmas y quién las atendió", "Alarms and who saw to them"),
             ends=("{n} días", "{n} days"), setting=LOG_KEPT_DAYS, erasure="emptied"),
        held("audit_records", "security", {"who": "id", "thing_id": "id", "record": "id"},
             "municipality_id number event_id at action thing outcome hash",
             what=("Quién vio o cambió qué, por identificadores", "Who saw or changed what, by ids"),
             ends=("Se conserva: borrada la cuenta, el identificador ya no lleva a nadie",
                   "Kept: once the account is erased the id leads to nobody"), erasure="kept"),
        *journal(("Quién leyó el registro de actividad, por su identificador", "Who read the audit, by id"),
                 ("Se conserva con el registro de actividad", "Kept with the audit")),
    ),
    free=("audit_chains", "audit_heads", "cursors"),
)  # fmt: skip

CONFIG = Declaration(
    service="config",
    held=(
        held("settings", "security", {"author": "id"}, "municipality_id key value revision at",
             what=("Quién cambió un ajuste, por su identificador", "Who changed a setting, by id"),
             ends=("Se conserva: borrada la cuenta, el identificador ya no lleva a nadie",
                   "Kept: once the account is erased the id leads to nobody"), erasure="kept"),
        held("revisions", "security", {"author": "id", "reason": "clear"},
             "revision municipality_id at rolled_back_to",
             what=("Quién cambió ajustes y por qué", "Who changed settings and why"),
             ends=("Se conserva: borrada la cuenta, el identificador ya no lleva a nadie",
                   "Kept: once the account is erased the id leads to nobody"), erasure="kept"),
        *journal(_NO_PERSON, ("No aplica", "Does not apply")),
    ),
    free=("changes", "cursors"),
)  # fmt: skip
