"""Words of devices in the administration."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    # Devices
    "admin.device": "Device",
    "admin.battery": "Battery",
    "admin.devices.caption": "Sensors, readers and cameras",
    "admin.devices.none": "There are no devices yet",
    "admin.devices.none_words": (
        "Bays without a sensor are useful too: they show as “no sensor”. With one, it is known whether they are free."
    ),
    "admin.device.new": "Add a device",
    "admin.device.new_words": (
        "It is made and gets a one-time code. The installer types it into the device, which so obtains its key."
    ),
    "admin.device.make": "Make it and see the code",
    "admin.device.kind": "Kind",
    "admin.device.bay_sensor": "Bay sensor",
    "admin.device.card_reader": "Card reader",
    "admin.device.camera": "Camera",
    "admin.device.nameless": "Nameless (…{id})",
    "admin.device.now": "How it is",
    "admin.device.state": "State",
    "admin.device.state.on": "works",
    "admin.device.state.silent": "silent",
    "admin.device.state.off": "switched off",
    "admin.device.state.waiting": "waits to enrol",
    "admin.device.state.revoked": "revoked",
    "admin.device.heard": "Last heard",
    "admin.device.period": "Period",
    "admin.device.key": "Key",
    "admin.device.key.hmac": "shared secret (HMAC)",
    "admin.device.key.ed25519": "its own (Ed25519)",
    "admin.device.key_age": "Age of the key",
    "admin.device.key_since": "{age}",
    "admin.device.key_newer": "Newer key",
    "admin.device.key_newer_words": "given, not used yet; the old one ends on {when}",
    "admin.device.none_such": "No device is like that",
    "admin.device.wants_label": "What it needs",
    "admin.device.id": "Id",
    "admin.device.no_bay": "It watches no bay.",
    "admin.device.wants.resolution": "Resolution missing",
    "admin.device.wants.enrol": "Not enrolled yet",
    "admin.device.wants.battery": "Low battery",
    "admin.device.wants.bay": "Without a bay",
    "admin.device.do.resolution": (
        "Give below the resolution that authorises it and who keeps the pictures, and switch it on."
    ),
    "admin.device.do.enrol": "Type its code into the device. If it was lost, ask for a new one.",
    "admin.device.do.battery": "Change it before the sensor falls silent.",
    "admin.device.do.bay": "Give it the code of a bay below, or revoke it if it is no longer used.",
    "admin.device.label": "Name",
    "admin.device.label_hint": "What is written on it, or where it is.",
    "admin.device.bays": "Bays it watches",
    "admin.device.bays_hint": (
        "Their codes, separated by commas. A camera may see several. When a bay's sensor is swapped, the bay shows "
        "“no signal” until its first word."
    ),
    "admin.device.period_s": "Period, in seconds",
    "admin.device.period_hint": (
        "It speaks at least this often, 5 to 604800. After two and a half times without a word the bay shows “no "
        "signal”."
    ),
    "admin.device.has_clock": "It has a clock",
    "admin.device.has_clock_hint": "Untick it only if the device does not know the time.",
    "admin.device.camera_law": "Only for cameras",
    "admin.device.camera_law_hint": (
        "A camera cannot be switched on without the resolution that authorises it and the body that keeps the pictures."
    ),
    "admin.device.resolution": "Authorising resolution",
    "admin.device.custody": "Body that keeps the pictures",
    "admin.device.switch_on": "Switch on",
    "admin.device.switch_off": "Switch off",
    "admin.device.see": "See the device",
    "admin.device.another": "Add another",
    "admin.device.revoked_words": "It is revoked: its key opens nothing. To use it again, add a new device.",
    "admin.device.code_title": "Enrolment code",
    "admin.device.code_once": "This code is shown only now. Copy or print it.",
    "admin.device.code_how": (
        "Type it into the device. It works once. If it is lost, ask for a new one on the device's page."
    ),
    "admin.device.camera_off": "The camera is switched off",
    "admin.device.camera_off_words": (
        "The authorising resolution or the body that keeps the pictures is missing. Give it on its page and switch "
        "it on."
    ),
    "admin.new_code.title": "Ask for a new code?",
    "admin.new_code.words": "The earlier code stops working.",
    "admin.new_code.do": "New code",
    "admin.device_rotate.title": "Change this device's key?",
    "admin.device_rotate.words": (
        "It gets a code to enrol anew; an earlier code stops working. The key it has opens until it uses the new one, "
        "or until the overlap after its enrolment is over. If the key may be in wrong hands, revoke the device instead."
    ),
    "admin.device_rotate.do": "Change the key",
    "admin.device_revoke.title": "Revoke this device?",
    "admin.device_revoke.words": (
        "Its key opens nothing any more and its bays are left unwatched. This cannot be undone."
    ),
    "admin.device_revoke.do": "Revoke",
    # Faults
    "admin.fault.period_s": "Give a whole number from 5 to 604800.",
    "admin.fault.bays": "There is no bay with the code {code}.",
    "admin.fault.bay_ids": "One of the bays cannot be used: it is retired or stands twice.",
}
