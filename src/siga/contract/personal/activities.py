"""The activities of processing of a municipality, as its register tells them (GDPR 30, LOPDGDD 31.2)."""

from __future__ import annotations

import msgspec

from siga.contract.personal.words import Activity, Said


class About(msgspec.Struct, frozen=True, kw_only=True):
    """One activity: name, purpose, legal basis, whose data, who receives them, how they are guarded."""

    title: Said
    purpose: Said
    basis: Said
    subjects: Said
    recipients: Said
    measures: Said


def _about(**texts: tuple[str, str]) -> About:
    return About(**{name: {"es": es, "en": en} for name, (es, en) in texts.items()})


_SEALED = (
    "Los nombres, números, matrículas y tarjetas están cifrados; las claves están fuera de la base de datos.",
    "Names, numbers, plates and cards are encrypted; the keys lie outside the database.",
)
_NOBODY = ("Nadie fuera del ayuntamiento y de quien le presta el servicio.",
           "Nobody outside the municipality and who runs the service for it.")  # fmt: skip
_PUBLIC_TASK = ("RGPD art. 6.1.e: misión de interés público (reserva de plazas para personas con discapacidad, "
                "RD 1056/2014; ordenación del tráfico, RDL 6/2015).",
                "GDPR art. 6.1.e: task in the public interest (bays reserved for people with disabilities, "
                "RD 1056/2014; traffic order, RDL 6/2015).")  # fmt: skip
_HEALTH = ("RGPD arts. 6.1.e y 9.2.g: interés público esencial (RD 1056/2014). La acreditación revela una "
           "discapacidad y se trata como dato de salud.",
           "GDPR arts. 6.1.e and 9.2.g: substantial public interest (RD 1056/2014). An accreditation reveals a "
           "disability and is treated as data on health.")  # fmt: skip

ACTIVITIES: dict[Activity, About] = {
    "accounts": _about(
        title=("Cuentas del personal y de conductores", "Accounts of staff and drivers"),
        purpose=("Entrar en el sistema, y que cada cual vea y haga solo lo suyo.",
                 "Signing in, so that everybody sees and does only what is theirs."),
        basis=("RGPD art. 6.1.e para el personal y 6.1.b para quien abre una cuenta de conductor.",
               "GDPR art. 6.1.e for staff and 6.1.b for who opens a driver's account."),
        subjects=("Personal del ayuntamiento y conductores con cuenta.", "The municipality's staff, drivers with an "
                  "account."),
        recipients=_NOBODY,
        measures=("Contraseñas con argon2id; códigos y sesiones solo como resúmenes.",
                  "Passwords by argon2id; codes and sessions are kept as hashes only."),
    ),
    "accreditations": _about(
        title=("Acreditaciones, tarjetas y matrículas", "Accreditations, cards and plates"),
        purpose=("Dar, renovar y retirar acreditaciones, y reconocerlas en la plaza.",
                 "Giving, renewing and withdrawing accreditations, and recognising them at the bay."),
        basis=_HEALTH,
        subjects=("Titulares de acreditaciones.", "Holders of accreditations."),
        recipients=_NOBODY, measures=_SEALED,
    ),
    "parking": _about(
        title=("Estado de las plazas", "State of the bays"),
        purpose=("Saber qué plazas están libres y si quien aparca está acreditado.",
                 "Knowing which bays are free and whether who parks is accredited."),
        basis=_HEALTH,
        subjects=("Quien aparca con una tarjeta, matrícula o registro de llegada reconocidos.",
                  "Whoever parks with a card, plate or check-in that was recognised."),
        recipients=_NOBODY,
        measures=("Solo seudónimos con clave; las plazas nominativas no salen en nada público.",
                  "Keyed pseudonyms only; personal bays are in nothing that is public."),
    ),
    "past": _about(
        title=("Historial y estadísticas de las plazas", "Past and statistics of the bays"),
        purpose=("Planificar las plazas y dar a su titular el justificante de su estancia.",
                 "Planning bays, and giving holders the receipt of their stay."),
        basis=_PUBLIC_TASK,
        subjects=("Quien aparcó, hasta que termina su seudónimo.", "Who had parked, until the pseudonym ends."),
        recipients=("El público, solo en grupos de diez estancias o más.",
                    "The public, in groups of ten stays or more only."),
        measures=("Seudónimos con una clave de cada mes, que se destruye con constancia firmada.",
                  "Pseudonyms under a key of each month, which is destroyed with a signed record."),
    ),
    "enforcement": _about(
        title=("Vigilancia del uso de las plazas", "Enforcement at the bays"),
        purpose=("Que un agente mire las sospechas de uso indebido y, en su caso, denuncie.",
                 "Letting an officer look at suspected misuse and, where it is, file a complaint."),
        basis=("RGPD art. 6.1.e y LOPDGDD art. 27; RDL 6/2015 arts. 83 y 87 a 89.",
               "GDPR art. 6.1.e and LOPDGDD art. 27; RDL 6/2015 arts. 83 and 87 to 89."),
        subjects=("Conductores de vehículos bajo sospecha y agentes.", "Drivers of suspected vehicles, and officers."),
        recipients=("El órgano que sanciona y los tribunales.", "The body that sanctions, and the courts."),
        measures=("Fotos y matrículas cifradas, solo para la policía; la prueba de un procedimiento se bloquea y no se "
                  "borra hasta que prescribe (LOPDGDD art. 32).",
                  "Photos and plates encrypted, for the police alone; the evidence of a procedure is blocked and not "
                  "erased before it prescribes (LOPDGDD art. 32)."),
    ),
    "drivers": _about(
        title=("Ayuda a conductores", "Help for drivers"),
        purpose=("Guardar favoritos, registrar llegadas, recibir avisos y valoraciones.",
                 "Keeping favourites, checking in, taking reports and ratings."),
        basis=("RGPD art. 6.1.b, a petición de la persona.", "GDPR art. 6.1.b, at the person's own request."),
        subjects=("Conductores, también invitados.", "Drivers, guests among them."),
        recipients=("La policía lee lo que escribe quien avisa, sin saber quién es.",
                    "The police read what a reporter wrote, without knowing who it is."),
        measures=("Nadie aparece con su identidad: en su lugar hay seudónimos con clave.",
                  "Nobody is there by identity: keyed pseudonyms stand instead."),
    ),
    "security": _about(
        title=("Seguridad y registro de actividad", "Security and records of activity"),
        purpose=("Proteger el sistema y poder probar quién vio o cambió qué.",
                 "Protecting the system and being able to prove who saw or changed what."),
        basis=("RGPD arts. 6.1.c y 32; ENS (RD 311/2022) op.exp.8.", "GDPR arts. 6.1.c and 32; ENS (RD 311/2022) "
               "op.exp.8."),
        subjects=("Usuarios con cuenta.", "People with an account."),
        recipients=("Quien audita.", "Auditors."),
        measures=("Sin nombres, matrículas ni tarjetas; cadena de resúmenes firmada.",
                  "Without names, plates or cards; a signed chain of hashes."),
    ),
    "rights": _about(
        title=("Solicitudes de derechos", "Requests by people about their data"),
        purpose=("Atender el acceso y la supresión (RGPD arts. 15 a 20) y poder probarlo.",
                 "Answering access and erasure (GDPR arts. 15 to 20) and being able to prove it."),
        basis=("RGPD art. 6.1.c.", "GDPR art. 6.1.c."),
        subjects=("Quien pide acceso o supresión.", "Who asks for access or erasure."),
        recipients=_NOBODY,
        measures=("Lo que hace falta para terminar una supresión está cifrado y se borra al acabar.",
                  "What is needed to finish an erasure is encrypted and goes when it is done."),
    ),
}  # fmt: skip
