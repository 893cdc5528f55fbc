"""Words of second factors: the app of codes, passkeys, recovery codes, confirming who one is."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "factors.title": "Segundo paso al entrar",
    "factors.intro": "Así nadie entra con su cuenta aunque sepa su contraseña.",
    "factors.urge_title": "Proteja su cuenta",
    "factors.urge": (
        "Su cuenta abre datos de otras personas y la guarda solo una contraseña. Añada una llave de acceso o una "
        "aplicación de códigos: es un minuto."
    ),
    "factors.urge_link": "Añadir el segundo paso",
    "factors.must_title": "Antes de seguir, añada un segundo paso",
    "factors.must": (
        "Su ayuntamiento lo exige. Hasta entonces su cuenta no abre nada más. Añada una llave de acceso o una "
        "aplicación de códigos."
    ),
    "factors.none": "No tiene: entra solo con la contraseña.",
    "factors.have": "Puesto: además de la contraseña hace falta su llave o un código.",
    "factors.manage": "Ver y cambiar",
    "factors.passkey": "Llave de acceso",
    "factors.passkeys": "Llaves de acceso",
    "factors.passkeys_intro": (
        "La huella, la cara o el PIN de su móvil u ordenador, o una llave USB. Lo más seguro y lo más cómodo: con ella "
        "no hace falta ni la contraseña."
    ),
    "factors.passkey_add": "Añadir una llave de acceso",
    "factors.passkey_how": (
        "Póngale un nombre para reconocerla y siga lo que diga el navegador. Añada otra en otro aparato, por si pierde "
        "este."
    ),
    "factors.passkey_name": "Nombre de la llave",
    "factors.passkey_name_hint": "Por ejemplo «Móvil» o «Llave del llavero».",
    "factors.passkey_make": "Crear la llave",
    "factors.passkey_use": "Usar mi llave",
    "factors.passkey_intro": "Use su llave de acceso: la huella, la cara, el PIN o la llave USB.",
    "factors.passkey_sign_in": "Entrar con una llave de acceso",
    "factors.passkey_times": "Añadida: {added} · Usada: {used}",
    "factors.passkey_added": "Añadida: {added}",
    "factors.synced": "en varios aparatos",
    "factors.no_script": (
        "Las llaves de acceso necesitan un navegador actual con JavaScript, y abrir SIGA por su nombre, no por números."
    ),
    "factors.totp": "Aplicación de códigos",
    "factors.totp_intro": "Un código de 6 cifras que cambia cada 30 segundos, en cualquier aplicación de códigos.",
    "factors.totp_add": "Añadir una aplicación",
    "factors.totp_on": "Aplicación de códigos en uso",
    "factors.totp_again": "Cambiar de móvil",
    "factors.totp_title": "Añadir una aplicación de códigos",
    "factors.totp_how": "Abra en el móvil su aplicación de códigos y escanee este dibujo.",
    "factors.totp_type": "Si no puede escanearlo, escriba en ella esta clave:",
    "factors.totp_open": "Abrirlo en la aplicación de este aparato",
    "factors.qr": "Código QR con la clave que se ve debajo",
    "factors.first_code": "Código que muestra la aplicación",
    "factors.first_code_hint": "Las 6 cifras de ahora.",
    "factors.totp_do": "Comprobar y activar",
    "factors.codes": "Códigos de recuperación",
    "factors.codes_left": "Le quedan {n}. Sirven si pierde el móvil o la llave, una vez cada uno.",
    "factors.codes_new": "Hacer diez códigos nuevos",
    "factors.codes_once": "Guárdelos ahora, en papel o en un gestor de contraseñas: no se vuelven a mostrar.",
    "factors.codes_for": "Cada código vale una vez, junto con su contraseña, en {site}. Los anteriores ya no valen.",
    "factors.codes_kept": "Ya los he guardado",
    "factors.remove": "Quitar",
    "factors.told.totp_added": "Aplicación de códigos activada. Las demás sesiones se han cerrado.",
    "factors.told.passkey_added": "Llave de acceso añadida. Las demás sesiones se han cerrado.",
    "factors.told.removed": "Quitado. Las demás sesiones se han cerrado.",
    "factors.second_title": "Un paso más",
    "factors.or_code": "O con un código",
    "factors.code": "Código",
    "factors.code_hint": "Las 6 cifras de su aplicación, o un código de recuperación.",
    "factors.recovery_code": "Código de recuperación",
    "factors.recovery_hint": "Uno de los diez que guardó. Por ejemplo K7QF-2MXN-84TD.",
    "factors.start_again": "Empezar de nuevo",
    "factors.missing.code": "Escriba el código.",
    "factors.fault.first_code": (
        "Ese código no es el de ahora. Espere al siguiente y compruebe que el móvil tiene bien la hora."
    ),
    "factors.fault.passkey": "No ha respondido ninguna llave. Inténtelo otra vez o use otra forma.",
    "factors.confirm_title": "Confirme que es usted",
    "factors.confirm_intro": "Lo que va a hacer es delicado. Después vale durante 5 minutos.",
    "factors.confirm_passkey": "Confirmar con mi llave",
    "factors.or_password": "O con la contraseña",
    "factors.confirm_do": "Confirmar y seguir",
    "problem.factor-failed": (
        "El código o la llave no valen: puede estar usado o haber caducado. Pruebe con el siguiente."
    ),
    "problem.second-factor": "Esa cuenta necesita un segundo paso.",
    "problem.ticket-over": "Ha pasado demasiado tiempo. Empiece de nuevo.",
    "problem.last-factor": "Su ayuntamiento exige un segundo paso: añada otro antes de quitar el último.",
    "problem.passkey-host": (
        "Las llaves de acceso solo funcionan si abre SIGA por un nombre (por ejemplo localhost), no por números."
    ),
    "problem.step-up": "Hace falta confirmar que es usted.",
}
