"""Palabras del correo y sus enlaces: registrarse, contraseña olvidada, otra dirección, ayudar sin correo."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "mail.code": "Código del mensaje",
    "mail.code_hint": "Está al final del enlace del mensaje. Si ha abierto el enlace, ya está escrito.",
    "mail.verify_title": "Confirme su dirección",
    "mail.verify_intro": "Escriba la contraseña que eligió al pedir la cuenta. Después su cuenta queda abierta.",
    "mail.verify_do": "Abrir la cuenta",
    "mail.chosen_password": "La contraseña que eligió",
    "mail.forgot_title": "He olvidado la contraseña",
    "mail.forgot_intro": "Diga con qué dirección entra. Recibirá un enlace para poner una contraseña nueva.",
    "mail.forgot_do": "Pedir el enlace",
    "mail.forgot_link": "He olvidado la contraseña",
    "mail.reset_title": "Contraseña nueva",
    "mail.reset_intro": "Todas las sesiones de su cuenta se cierran. Después entre con la contraseña nueva.",
    "mail.reset_do": "Guardar la contraseña",
    "mail.password_hint": (
        "8 letras o más; 12 o más si trabaja con SIGA. Tres palabras sin relación son una buena contraseña."
    ),
    "mail.email_title": "Cambiar la dirección de correo",
    "mail.email_intro": (
        "Escribimos a la dirección nueva y a la de ahora. El cambio vale cuando confirme los dos mensajes."
    ),
    "mail.email_new": "Dirección nueva",
    "mail.email_do": "Enviar los mensajes",
    "mail.email_link": "Cambiar la dirección de correo",
    "mail.confirm_title": "Confirme el cambio de dirección",
    "mail.confirm_intro": "Confirme con el código del mensaje que ha recibido.",
    "mail.confirm_do": "Confirmar",
    "mail.told.register.title": "Mire su correo",
    "mail.told.register": (
        "Hemos escrito a esa dirección. Abra el enlace del mensaje para terminar; sirve durante 24 horas. Si no llega, "
        "mire en el correo no deseado."
    ),
    "mail.told.forgot_mail.title": "Mire su correo",
    "mail.told.forgot_mail": (
        "Si hay una cuenta con esa dirección, le hemos escrito. El enlace sirve durante 30 minutos. Si no llega, "
        "mire en el correo no deseado."
    ),
    "mail.told.forgot_administration.title": "Pida el enlace a la administración",
    "mail.told.forgot_administration": (
        "Este SIGA no envía correo. Si hay una cuenta con esa dirección, quien administra SIGA ve ahora su "
        "petición y puede darle en mano un enlace, durante 7 días."
    ),
    "mail.told.reset.title": "Contraseña cambiada",
    "mail.told.reset": "Ya puede entrar con la contraseña nueva. Las demás sesiones se han cerrado.",
    "mail.told.email.title": "Mire los dos correos",
    "mail.told.email": "Hemos escrito a las dos direcciones. El cambio vale cuando confirme los dos mensajes.",
    "mail.told.confirm_other_awaited.title": "Falta el otro mensaje",
    "mail.told.confirm_other_awaited": "Confirmado. Confirme también el mensaje que ha recibido la otra dirección.",
    "mail.told.confirm_changed.title": "Dirección cambiada",
    "mail.told.confirm_changed": "Entre desde ahora con la dirección nueva.",
    "mail.fault.password.sign-in-failed": "No es la contraseña que se eligió al pedir la cuenta.",
    "mail.fault.code.link-over": "El enlace ya se usó, es demasiado antiguo o el código no está entero. Pida otro.",
    "problem.link-over": "El enlace ya se usó, es demasiado antiguo o el código no está entero. Pida otro.",
    "problem.no-mail": (
        "Este SIGA no envía correo, así que la dirección no se puede confirmar. Pregunte a la administración."
    ),
    "mail.asks_title": "Contraseñas olvidadas",
    "mail.asks_intro": (
        "Este SIGA no envía correo. Estas personas han pedido una contraseña nueva. Compruebe quién es antes de "
        "darle el enlace: quien lo tiene entra en la cuenta."
    ),
    "mail.asks_link": "Contraseñas olvidadas",
    "mail.asks_none": "Nadie espera un enlace",
    "mail.asks_none_words": "Si SIGA envía correo, los enlaces llegan por correo y aquí no hay nada.",
    "mail.asks_caption": "Quién espera un enlace",
    "mail.asked_at": "Pedido",
    "mail.show": "Ver el enlace",
    "mail.ask_link_title": "Enlace para {name}",
    "mail.ask_link_once": "Este enlace solo se ve ahora. Déselo en mano a la persona que lo ha pedido.",
    "mail.ask_link_until": "Sirve una vez, hasta {at}.",
    "mail.invited": "También se lo hemos enviado por correo.",
}
