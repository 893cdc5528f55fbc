"""Words of devices in the administration."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    # Devices
    "admin.device": "Dispositivo",
    "admin.battery": "Batería",
    "admin.devices.caption": "Sensores, lectores y cámaras",
    "admin.devices.none": "Todavía no hay dispositivos",
    "admin.devices.none_words": (
        "Las plazas sin sensor también sirven: figuran «sin sensor». Con uno se sabe si están libres."
    ),
    "admin.device.new": "Añadir dispositivo",
    "admin.device.new_words": (
        "Se crea y recibe un código de un solo uso. El instalador lo escribe en el dispositivo, que así obtiene su "
        "clave."
    ),
    "admin.device.make": "Crear y ver el código",
    "admin.device.kind": "Tipo",
    "admin.device.bay_sensor": "Sensor de plaza",
    "admin.device.card_reader": "Lector de tarjetas",
    "admin.device.camera": "Cámara",
    "admin.device.nameless": "Sin nombre (…{id})",
    "admin.device.now": "Cómo está",
    "admin.device.state": "Estado",
    "admin.device.state.on": "funciona",
    "admin.device.state.silent": "callado",
    "admin.device.state.off": "apagado",
    "admin.device.state.waiting": "espera el alta",
    "admin.device.state.revoked": "revocado",
    "admin.device.heard": "Última noticia",
    "admin.device.period": "Periodo",
    "admin.device.key": "Clave",
    "admin.device.key.hmac": "secreta compartida (HMAC)",
    "admin.device.key.ed25519": "propia (Ed25519)",
    "admin.device.key_age": "Edad de la clave",
    "admin.device.key_since": "{age}",
    "admin.device.key_newer": "Clave más nueva",
    "admin.device.key_newer_words": "entregada y aún sin usar; la anterior acaba el {when}",
    "admin.device.none_such": "Ningún dispositivo es así",
    "admin.device.wants_label": "Qué hace falta",
    "admin.device.id": "Identificador",
    "admin.device.no_bay": "No vigila ninguna plaza.",
    "admin.device.wants.resolution": "Falta la resolución",
    "admin.device.wants.enrol": "Falta darlo de alta",
    "admin.device.wants.battery": "Poca batería",
    "admin.device.wants.bay": "Sin plaza",
    "admin.device.do.resolution": (
        "Ponga abajo la resolución que la autoriza y quién custodia las imágenes, y enciéndala."
    ),
    "admin.device.do.enrol": "Escriba su código en el dispositivo. Si se ha perdido, pida uno nuevo.",
    "admin.device.do.battery": "Cámbiela antes de que el sensor calle.",
    "admin.device.do.bay": "Póngale abajo el código de una plaza, o revóquelo si ya no se usa.",
    "admin.device.label": "Nombre",
    "admin.device.label_hint": "El que lleva escrito o el sitio donde está.",
    "admin.device.bays": "Plazas que vigila",
    "admin.device.bays_hint": (
        "Sus códigos, separados por comas. Una cámara puede ver varias. Si cambia el sensor de una plaza, la plaza "
        "queda «sin señal» hasta su primera noticia."
    ),
    "admin.device.period_s": "Periodo, en segundos",
    "admin.device.period_hint": (
        "Habla al menos así de a menudo, de 5 a 604800. Con dos veces y media sin noticias, la plaza queda «sin señal»."
    ),
    "admin.device.has_clock": "Tiene reloj",
    "admin.device.has_clock_hint": "Quítelo solo si el dispositivo no sabe la hora.",
    "admin.device.camera_law": "Solo para cámaras",
    "admin.device.camera_law_hint": (
        "Una cámara no puede encenderse sin la resolución que la autoriza y el órgano que custodia las imágenes."
    ),
    "admin.device.resolution": "Resolución que la autoriza",
    "admin.device.custody": "Órgano que custodia las imágenes",
    "admin.device.switch_on": "Encender",
    "admin.device.switch_off": "Apagar",
    "admin.device.see": "Ver el dispositivo",
    "admin.device.another": "Añadir otro",
    "admin.device.revoked_words": (
        "Está revocado: su clave no abre nada. Para usarlo otra vez, añada un dispositivo nuevo."
    ),
    "admin.device.code_title": "Código de alta",
    "admin.device.code_once": "Este código se muestra solo ahora. Cópielo o imprímalo.",
    "admin.device.code_how": (
        "Escríbalo en el dispositivo. Vale una sola vez. Si se pierde, pida uno nuevo en la página del dispositivo."
    ),
    "admin.device.camera_off": "La cámara está apagada",
    "admin.device.camera_off_words": (
        "Falta la resolución que la autoriza o quién custodia las imágenes. Póngalo en su página y enciéndala."
    ),
    "admin.new_code.title": "¿Pedir un código nuevo?",
    "admin.new_code.words": "El código anterior deja de valer.",
    "admin.new_code.do": "Código nuevo",
    "admin.device_rotate.title": "¿Cambiar la clave de este dispositivo?",
    "admin.device_rotate.words": (
        "Recibe un código para darse de alta otra vez; un código anterior deja de valer. La clave que tiene vale hasta "
        "que use la nueva o hasta que acabe el plazo tras el alta. Si la clave puede estar en malas manos, revoque el "
        "dispositivo."
    ),
    "admin.device_rotate.do": "Cambiar la clave",
    "admin.device_revoke.title": "¿Revocar este dispositivo?",
    "admin.device_revoke.words": "Su clave deja de abrir nada y sus plazas quedan sin vigilar. No se puede deshacer.",
    "admin.device_revoke.do": "Revocar",
    # Faults
    "admin.fault.period_s": "Ponga un número entero de 5 a 604800.",
    "admin.fault.bays": "No hay ninguna plaza con el código {code}.",
    "admin.fault.bay_ids": "Una de las plazas no sirve: está retirada o repetida.",
}
