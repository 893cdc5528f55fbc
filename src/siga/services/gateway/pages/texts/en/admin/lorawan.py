"""Words of LoRaWAN in the administration: network servers, devices to claim, health of sensors."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    # Network servers
    "admin.integrations.intro": (
        "LoRaWAN network servers hand in here what sensors say. Each enters with a secret of its own."
    ),
    "admin.integrations.caption": "This municipality's LoRaWAN network servers",
    "admin.integrations.none": "There is no LoRaWAN network server yet",
    "admin.integrations.none_words": (
        "Add yours, ChirpStack or The Things Stack, to use LoRaWAN sensors. Sensors with a connection of their own do "
        "not need it."
    ),
    "admin.integration": "Server",
    "admin.integration.kind": "Which kind it is",
    "admin.integration.name_hint": "To know it by, for instance “the town hall's ChirpStack”.",
    "admin.integration.state": "State",
    "admin.integration.on": "let in",
    "admin.integration.off": "shut out",
    "admin.integration.heard": "Last message",
    "admin.integration.messages": "Messages",
    "admin.integration.uplinks": "New frames",
    "admin.integration.new": "Add a server",
    "admin.integration.make": "Add it and see its secret",
    "admin.integration.made": "Since",
    "admin.integration.rotated": "Secret changed",
    "admin.integration.old_until": "The secret before opens until",
    "admin.integration.id": "Identifier",
    "admin.integration.see": "See the server",
    "admin.integration.switch_off": "Shut it out",
    "admin.integration.switch_on": "Let it in",
    "admin.integration.secret_title": "The server's secret",
    "admin.integration.secret_once": "This secret is shown only now. Copy it into the server.",
    "admin.integration.how_title": "What to type into the server",
    "admin.integration.path": "Address",
    "admin.integration.path_words": "{path}, at the sensors' door (port 8081 unless it was changed)",
    "admin.integration.header": "Header",
    "admin.integration.value": "Its value",
    "admin.integration.value_words": "Bearer, a blank and the secret",
    "admin.integration.chirpstack.1": "In ChirpStack open the sensors' application and its “Integrations”.",
    "admin.integration.chirpstack.2": "Add “HTTP” and leave the encoding at JSON.",
    "admin.integration.chirpstack.3": (
        "Under “Event endpoint URL(s)” put the address below, and under “Headers” the header with its value."
    ),
    "admin.integration.ttn.1": "In the console open the application, its “Integrations” and “Webhooks”.",
    "admin.integration.ttn.2": "Add a “Custom webhook” in the JSON format. As “Base URL” put the address below.",
    "admin.integration.ttn.3": (
        "Under “Additional headers” put the header with its value, and tick “Uplink message” and “Join accept” without "
        "a path."
    ),
    "admin.integration_rotate.title": "Give it a new secret?",
    "admin.integration_rotate.words": (
        "The new secret opens from now on. The present one opens for 24 hours more, so that it can be changed in the "
        "server without losing anything."
    ),
    "admin.integration_rotate.do": "New secret",
    # Devices nobody has claimed
    "admin.claims.intro": "LoRaWAN sensors that are heard and are on no bay yet.",
    "admin.claims.caption": "Sensors without a bay",
    "admin.claims.which": "Which list",
    "admin.claims.waiting": "To be placed",
    "admin.claims.dismissed": "Dismissed",
    "admin.claims.none": "No sensor without a bay is heard",
    "admin.claims.none_words": (
        "When a LoRaWAN network server hands in something of a sensor that is not known, it appears here. What it says "
        "until then is kept for seven days."
    ),
    "admin.claims.none_dismissed": "None is dismissed",
    "admin.claims.none_dismissed_words": "Those that are not this municipality's stay here, out of the way.",
    "admin.claim.eui": "DevEUI",
    "admin.claim.name": "What the server calls it",
    "admin.claim.model": "Seems to be",
    "admin.claim.model_unknown": "not known",
    "admin.claim.heard": "Heard",
    "admin.claim.first": "The first time",
    "admin.claim.frames": "Frames",
    "admin.claim.held": "Kept",
    "admin.claim.signal": "Signal",
    "admin.claim.last": "What it said last",
    "admin.claim.last_none": "Nothing yet that can be read: commands of the network alone.",
    "admin.claim.bytes": "Port {port}: {bytes}",
    "admin.claim.bytes_hidden": "Port {port}: holds a tag's number, which is not kept",
    "admin.claim.by": "Read as {codec}",
    "admin.claim.reading.taken": "the bay is taken",
    "admin.claim.reading.free": "the bay is free",
    "admin.claim.reading.none": "says nothing of the bay",
    "admin.claim.put": "Put it on a bay",
    "admin.claim.codec": "Model and firmware",
    "admin.claim.codec_hint": (
        "Look at the sensor itself or its delivery note: the same bytes of another firmware may mean the opposite."
    ),
    "admin.claim.codec_choose": "Choose the model",
    "admin.claim.bay": "The bay's code",
    "admin.claim.bay_hint": "If it has a sensor already, this one takes its place.",
    "admin.claim.do": "Put it on the bay",
    "admin.claim.dismiss": "Dismiss",
    "admin.claim.dismiss_words": (
        "If it is not this municipality's, dismiss it: it stays off the list even while it is heard."
    ),
    "admin.claim.restore": "Put it back on the list",
    "admin.told.claimed": "It is on the bay. What was kept of it has been taken into account.",
    "admin.told.dismissed": "Dismissed. It stays off the list.",
    "admin.told.restored": "It is on the list again.",
    "admin.told.pinned": "Done. It is read this way from now on.",
    # Health
    "admin.health.title": "The sensor's health",
    "admin.health.none": "It has said nothing of itself yet.",
    "admin.health.battery_low": "Low battery",
    "admin.health.battery_low_words": "Change it before the sensor falls silent.",
    "admin.health.signal_weak": "It is heard badly",
    "admin.health.signal_weak_words": "Put a LoRaWAN gateway nearer or change its antenna: messages will be lost.",
    "admin.health.other_firmware": "It says it has another firmware",
    "admin.health.other_firmware_words": (
        "The sensor says it runs firmware {told} and is read as {pinned}. Check it, and change below how it is read."
    ),
    "admin.health.voltage": "Voltage",
    "admin.health.volts": "{n} V",
    "admin.health.temperature": "Temperature",
    "admin.health.celsius": "{n} °C",
    "admin.health.signal": "Signal",
    "admin.health.signal_words": "{rssi} dBm, {snr} dB",
    "admin.health.gaps": "Messages lost",
    "admin.health.f_cnt": "Counter",
    "admin.health.firmware": "Firmware",
    "admin.health.faults": "Unreadable frames",
    "admin.health.last_fault": "The last one, because",
    "admin.health.codec": "Read as",
    "admin.health.pin": "Read it another way",
    "admin.health.pin_hint": "Only if the model was wrong or the sensor was updated.",
    "admin.health.pin_do": "Change how it is read",
    # Faults
    "admin.fault.codec": "Choose model and firmware.",
    "admin.problem.device-claimed": "Somebody has put it on a bay already.",
    "admin.problem.too-many-integrations": "There is no room for more servers: use one of those there are.",
    "problem.unknown-codec": "SIGA cannot read that model and firmware.",
}
