"""The letters Users writes, in Spanish and English: plain text, no name that a stranger could have chosen."""

from __future__ import annotations

from typing import Literal

import msgspec

LetterKind = Literal[
    "register", "known", "reset", "email_old", "email_new", "email_taken", "password_changed", "email_changed",
    "invitation",
]  # fmt: skip

PAGES: dict[str, str] = {
    "register": "/verify", "reset": "/reset", "email_old": "/confirm-email", "email_new": "/confirm-email",
    "invitation": "/invitation",
}  # fmt: skip
"""The page at which a link's code is used."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that waits, kept sealed. `code` is an invitation's; a link's token is made when the letter is sent."""

    kind: LetterKind
    to: str
    language: str
    link_id: str = ""
    code: str = ""
    town: str = ""


def link_to(public_url: str, kind: str, code: str) -> str:
    """The address of a link. The code stands behind `#`: browsers keep that to themselves, so no log can hold it."""
    return f"{public_url.rstrip('/')}{PAGES[kind]}#{code}"


_ES: dict[str, tuple[str, str]] = {
    "register": (
        "Confirme su dirección para SIGA",
        "Alguien, seguramente usted, ha pedido una cuenta de SIGA con esta dirección.\n\nPara terminar, abra este "
        "enlace y escriba la contraseña que eligió:\n\n{link}\n\nSirve durante 24 horas y una sola vez. Si el enlace "
        "no funciona, abra {page} y pegue este código:\n\n{code}\n\nSi no ha sido usted, no haga nada: no se creará la "
        "cuenta.",
    ),
    "known": (
        "Su cuenta de SIGA",
        "Alguien ha querido crear una cuenta de SIGA con esta dirección, que ya tiene una.\n\nSi ha sido usted, "
        "entre con ella: {public}/sign-in\nSi no recuerda la contraseña: {public}/forgot\n\nSi no ha sido usted, no "
        "haga nada: no ha cambiado nada.",
    ),
    "reset": (
        "Nueva contraseña de SIGA",
        "Alguien, seguramente usted, ha pedido una contraseña nueva para su cuenta de SIGA.\n\nPara ponerla, abra este "
        "enlace:\n\n{link}\n\nSirve durante 30 minutos y una sola vez. Si el enlace no funciona, abra {page} y pegue "
        "este código:\n\n{code}\n\nSi no ha sido usted, no haga nada: su contraseña sigue igual.",
    ),
    "email_old": (
        "Cambio de la dirección de su cuenta de SIGA",
        "Se ha pedido cambiar la dirección de correo de su cuenta de SIGA.\n\nSi ha sido usted, confírmelo aquí y "
        "también con el mensaje que ha recibido la dirección nueva:\n\n{link}\n\nSirve durante 24 horas. Si el "
        "enlace no funciona, abra {page} y pegue este código:\n\n{code}\n\nSi no ha sido usted, cambie su "
        "contraseña: quien lo pidió la conoce.",
    ),
    "email_new": (
        "Confirme su nueva dirección para SIGA",
        "Se ha pedido que una cuenta de SIGA use esta dirección.\n\nSi ha sido usted, confírmelo aquí y también con el "
        "mensaje que ha recibido la dirección anterior:\n\n{link}\n\nSirve durante 24 horas. Si el enlace no funciona, "
        "abra {page} y pegue este código:\n\n{code}\n\nSi no ha sido usted, no haga nada.",
    ),
    "email_taken": (
        "Su cuenta de SIGA",
        "Alguien ha querido que su cuenta de SIGA use esta dirección, que ya tiene una cuenta.\n\nNo ha cambiado nada. "
        "Entre con la cuenta de esta dirección: {public}/sign-in",
    ),
    "password_changed": (
        "Su contraseña de SIGA ha cambiado",
        "Se ha cambiado la contraseña de su cuenta de SIGA.\n\nSi no ha sido usted, pida ahora mismo otra: "
        "{public}/forgot\ny avise a quien administra SIGA en su municipio.",
    ),
    "email_changed": (
        "La dirección de su cuenta de SIGA ha cambiado",
        "Su cuenta de SIGA usa desde ahora otra dirección de correo. A esta ya no le llegará nada.\n\nSi no ha sido "
        "usted, avise a quien administra SIGA en su municipio.",
    ),
    "invitation": (
        "Invitación para trabajar con SIGA",
        "{town} le invita a trabajar con SIGA.\n\nPara aceptar, abra este enlace:\n\n{link}\n\nSirve durante 7 días "
        "y una sola vez. Si el enlace no funciona, abra {page} y escriba este código:\n\n{code}\n\nSi no esperaba esta "
        "invitación, no haga nada.",
    ),
}

_EN: dict[str, tuple[str, str]] = {
    "register": (
        "Confirm your address for SIGA",
        "Somebody, most likely you, asked for a SIGA account with this address.\n\nTo finish, open this link and enter "
        "the password you chose:\n\n{link}\n\nIt works for 24 hours and once. If the link does not work, open {page} "
        "and paste this code:\n\n{code}\n\nIf it was not you, do nothing: no account will be made.",
    ),
    "known": (
        "Your SIGA account",
        "Somebody wanted to make a SIGA account with this address, which has one already.\n\nIf it was you, sign in "
        "with it: {public}/sign-in\nIf you do not remember the password: {public}/forgot\n\nIf it was not you, do "
        "nothing: nothing has changed.",
    ),
    "reset": (
        "New password for SIGA",
        "Somebody, most likely you, asked for a new password for your SIGA account.\n\nTo set it, open this link:\n\n"
        "{link}\n\nIt works for 30 minutes and once. If the link does not work, open {page} and paste this code:\n\n"
        "{code}\n\nIf it was not you, do nothing: your password stays as it is.",
    ),
    "email_old": (
        "The address of your SIGA account is to change",
        "Somebody asked to change the e-mail address of your SIGA account.\n\nIf it was you, confirm it here and "
        "with the message that the new address got:\n\n{link}\n\nIt works for 24 hours. If the link does not work, "
        "open {page} and paste this code:\n\n{code}\n\nIf it was not you, change your password: whoever asked knows "
        "it.",
    ),
    "email_new": (
        "Confirm your new address for SIGA",
        "Somebody asked that a SIGA account use this address.\n\nIf it was you, confirm it here and with the message "
        "that the address so far got:\n\n{link}\n\nIt works for 24 hours. If the link does not work, open {page} and "
        "paste this code:\n\n{code}\n\nIf it was not you, do nothing.",
    ),
    "email_taken": (
        "Your SIGA account",
        "Somebody wanted their SIGA account to use this address, which has an account already.\n\nNothing has changed. "
        "Sign in with this address's account: {public}/sign-in",
    ),
    "password_changed": (
        "Your SIGA password has changed",
        "The password of your SIGA account was changed.\n\nIf it was not you, ask for another one at once: "
        "{public}/forgot\nand tell whoever administers SIGA in your town.",
    ),
    "email_changed": (
        "The address of your SIGA account has changed",
        "Your SIGA account uses another e-mail address from now on. Nothing more will come to this one.\n\nIf it was "
        "not you, tell whoever administers SIGA in your town.",
    ),
    "invitation": (
        "Invitation to work with SIGA",
        "{town} invites you to work with SIGA.\n\nTo accept, open this link:\n\n{link}\n\nIt works for 7 days and "
        "once. If the link does not work, open {page} and type this code:\n\n{code}\n\nIf you did not expect this "
        "invitation, do nothing.",
    ),
}
_FOOT = {
    "es": "SIGA · aparcamiento reservado. No responda a este mensaje: nadie lo lee.",
    "en": "SIGA · reserved parking. Do not answer this message: nobody reads it.",
}


def written(letter: Waiting, public_url: str, code: str) -> tuple[str, str]:
    """Subject and text of a letter; `code` is the token or invitation code it carries, if any."""
    spanish = letter.language[:2] != "en"
    subject, text = (_ES if spanish else _EN)[letter.kind]
    public = public_url.rstrip("/")
    values = {"public": public, "town": letter.town or "SIGA"}
    if letter.kind in PAGES:
        values |= {"page": public + PAGES[letter.kind], "code": code, "link": link_to(public, letter.kind, code)}
    return subject, f"{text.format(**values)}\n\n-- \n{_FOOT['es' if spanish else 'en']}\n"
