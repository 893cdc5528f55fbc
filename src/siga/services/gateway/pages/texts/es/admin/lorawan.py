"""Words of LoRaWAN in the administration: network servers, devices to claim, health of sensors."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    # Network servers
    "admin.integrations.intro": (
        "Los servidores LoRaWAN entregan aquí lo que dicen los sensores. Cada uno entra con su propio secreto."
    ),
    "admin.integrations.caption": "Servidores LoRaWAN de este municipio",
    "admin.integrations.none": "Todavía no hay ningún servidor LoRaWAN",
    "admin.integrations.none_words": (
        "Añada el suyo, ChirpStack o The Things Stack, para usar sensores LoRaWAN. Los sensores con conexión propia no "
        "lo necesitan."
    ),
    "admin.integration": "Servidor",
    "admin.integration.kind": "De qué clase es",
    "admin.integration.name_hint": "Para reconocerlo, por ejemplo «ChirpStack del ayuntamiento».",
    "admin.integration.state": "Estado",
    "admin.integration.on": "entra",
    "admin.integration.off": "no entra",
    "admin.integration.heard": "Último mensaje",
    "admin.integration.messages": "Mensajes",
    "admin.integration.uplinks": "Tramas nuevas",
    "admin.integration.new": "Añadir un servidor",
    "admin.integration.make": "Añadir y ver su secreto",
    "admin.integration.made": "Desde",
    "admin.integration.rotated": "Secreto cambiado",
    "admin.integration.old_until": "El secreto anterior vale hasta",
    "admin.integration.id": "Identificador",
    "admin.integration.see": "Ver el servidor",
    "admin.integration.switch_off": "No dejarlo entrar",
    "admin.integration.switch_on": "Dejarlo entrar",
    "admin.integration.secret_title": "Secreto del servidor",
    "admin.integration.secret_once": "Este secreto se muestra solo ahora. Cópielo en el servidor.",
    "admin.integration.how_title": "Qué escribir en el servidor",
    "admin.integration.path": "Dirección",
    "admin.integration.path_words": "{path}, en la puerta de los sensores (de fábrica, el puerto 8081)",
    "admin.integration.header": "Cabecera",
    "admin.integration.value": "Su valor",
    "admin.integration.value_words": "Bearer, un espacio y el secreto",
    "admin.integration.chirpstack.1": "En ChirpStack abra la aplicación de los sensores y en ella «Integrations».",
    "admin.integration.chirpstack.2": "Añada «HTTP» y deje la codificación en JSON.",
    "admin.integration.chirpstack.3": (
        "En «Event endpoint URL(s)» ponga la dirección de abajo, y en «Headers» la cabecera con su valor."
    ),
    "admin.integration.ttn.1": "En la consola abra la aplicación y en ella «Integrations» y «Webhooks».",
    "admin.integration.ttn.2": (
        "Añada un «Custom webhook» con el formato JSON. En «Base URL» ponga la dirección de abajo."
    ),
    "admin.integration.ttn.3": (
        "En «Additional headers» ponga la cabecera con su valor, y marque «Uplink message» y «Join accept» sin camino."
    ),
    "admin.integration_rotate.title": "¿Dar un secreto nuevo?",
    "admin.integration_rotate.words": (
        "El secreto nuevo vale desde ahora. El actual sigue valiendo 24 horas, para cambiarlo en el servidor sin "
        "perder nada."
    ),
    "admin.integration_rotate.do": "Secreto nuevo",
    # Devices nobody has claimed
    "admin.claims.intro": "Sensores LoRaWAN que se oyen y todavía no están en ninguna plaza.",
    "admin.claims.caption": "Sensores sin plaza",
    "admin.claims.which": "Qué lista",
    "admin.claims.waiting": "Por asignar",
    "admin.claims.dismissed": "Descartados",
    "admin.claims.none": "No se oye ningún sensor sin plaza",
    "admin.claims.none_words": (
        "Cuando un servidor LoRaWAN entregue algo de un sensor que no se conoce, aparecerá aquí. Lo que diga hasta "
        "entonces se guarda siete días."
    ),
    "admin.claims.none_dismissed": "No hay ninguno descartado",
    "admin.claims.none_dismissed_words": "Aquí quedan los que no son de este municipio, para que no estorben.",
    "admin.claim.eui": "DevEUI",
    "admin.claim.name": "Cómo lo llama el servidor",
    "admin.claim.model": "Parece ser",
    "admin.claim.model_unknown": "no se sabe",
    "admin.claim.heard": "Se oyó",
    "admin.claim.first": "La primera vez",
    "admin.claim.frames": "Tramas",
    "admin.claim.held": "Guardadas",
    "admin.claim.signal": "Señal",
    "admin.claim.last": "Lo último que dijo",
    "admin.claim.last_none": "Todavía nada que se pueda leer: solo órdenes de la red.",
    "admin.claim.bytes": "Puerto {port}: {bytes}",
    "admin.claim.bytes_hidden": "Puerto {port}: contiene el número de un distintivo, que no se guarda",
    "admin.claim.by": "Leído como {codec}",
    "admin.claim.reading.taken": "plaza ocupada",
    "admin.claim.reading.free": "plaza libre",
    "admin.claim.reading.none": "no dice nada de la plaza",
    "admin.claim.put": "Ponerlo en una plaza",
    "admin.claim.codec": "Modelo y versión",
    "admin.claim.codec_hint": (
        "Mírelo en el propio sensor o en su albarán: los mismos datos de otra versión pueden decir lo contrario."
    ),
    "admin.claim.codec_choose": "Elija el modelo",
    "admin.claim.bay": "Código de la plaza",
    "admin.claim.bay_hint": "Si ya tenía sensor, este lo sustituye.",
    "admin.claim.do": "Ponerlo en la plaza",
    "admin.claim.dismiss": "Descartar",
    "admin.claim.dismiss_words": "Si no es de este municipio, descártelo: no volverá a la lista aunque se siga oyendo.",
    "admin.claim.restore": "Volver a ponerlo en la lista",
    "admin.told.claimed": "Puesto en la plaza. Lo que se había guardado de él ya se ha tenido en cuenta.",
    "admin.told.dismissed": "Descartado. No volverá a la lista.",
    "admin.told.restored": "Otra vez en la lista.",
    "admin.told.pinned": "Hecho. Desde ahora se lee así.",
    # Health
    "admin.health.title": "Salud del sensor",
    "admin.health.none": "Todavía no ha dicho nada de sí mismo.",
    "admin.health.battery_low": "Poca batería",
    "admin.health.battery_low_words": "Cámbiela antes de que el sensor calle.",
    "admin.health.signal_weak": "Se oye mal",
    "admin.health.signal_weak_words": "Acerque una pasarela LoRaWAN o cambie su antena: se perderán mensajes.",
    "admin.health.other_firmware": "Dice tener otra versión",
    "admin.health.other_firmware_words": (
        "El sensor dice que lleva la versión {told} y se lee como la {pinned}. Compruébelo y cambie abajo cómo se lee."
    ),
    "admin.health.voltage": "Tensión",
    "admin.health.volts": "{n} V",
    "admin.health.temperature": "Temperatura",
    "admin.health.celsius": "{n} °C",
    "admin.health.signal": "Señal",
    "admin.health.signal_words": "{rssi} dBm, {snr} dB",
    "admin.health.gaps": "Mensajes perdidos",
    "admin.health.f_cnt": "Contador",
    "admin.health.firmware": "Versión",
    "admin.health.faults": "Tramas ilegibles",
    "admin.health.last_fault": "La última, porque",
    "admin.health.codec": "Se lee como",
    "admin.health.pin": "Leerlo de otra manera",
    "admin.health.pin_hint": "Solo si se equivocó de modelo o el sensor se ha actualizado.",
    "admin.health.pin_do": "Cambiar cómo se lee",
    # Faults
    "admin.fault.codec": "Elija el modelo y la versión.",
    "admin.problem.device-claimed": "Alguien lo ha puesto ya en una plaza.",
    "admin.problem.too-many-integrations": "No caben más servidores: use uno de los que hay.",
    "problem.unknown-codec": "SIGA no sabe leer ese modelo y versión.",
}
