"""Words of second factors: the app of codes, passkeys, recovery codes, confirming who one is."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "factors.title": "Second step when signing in",
    "factors.intro": "With it nobody gets into your account by knowing your password.",
    "factors.urge_title": "Protect your account",
    "factors.urge": (
        "Your account opens other people's data and only a password guards it. Add a passkey or an app of codes: it "
        "takes a minute."
    ),
    "factors.urge_link": "Add the second step",
    "factors.must_title": "Add a second step before you go on",
    "factors.must": (
        "Your town demands it. Until then your account opens nothing else. Add a passkey or an app of codes."
    ),
    "factors.none": "You have none: the password alone is enough.",
    "factors.have": "On: besides the password, your passkey or a code is needed.",
    "factors.manage": "See and change",
    "factors.passkey": "Passkey",
    "factors.passkeys": "Passkeys",
    "factors.passkeys_intro": (
        "The fingerprint, face or PIN of your phone or computer, or a USB key. The safest way and the easiest: with it "
        "you do not even need the password."
    ),
    "factors.passkey_add": "Add a passkey",
    "factors.passkey_how": (
        "Give it a name to know it by and follow your browser. Add another one on another device, in case you lose "
        "this one."
    ),
    "factors.passkey_name": "Name of the passkey",
    "factors.passkey_name_hint": "For example “Phone” or “Key on my key ring”.",
    "factors.passkey_make": "Create the passkey",
    "factors.passkey_use": "Use my passkey",
    "factors.passkey_intro": "Use your passkey: fingerprint, face, PIN or USB key.",
    "factors.passkey_sign_in": "Sign in with a passkey",
    "factors.passkey_times": "Added: {added} · Used: {used}",
    "factors.passkey_added": "Added: {added}",
    "factors.synced": "on several devices",
    "factors.no_script": (
        "Passkeys need an up-to-date browser with JavaScript, and SIGA opened by its name, not by numbers."
    ),
    "factors.totp": "App of codes",
    "factors.totp_intro": "A code of 6 digits that changes every 30 seconds, in any authenticator app.",
    "factors.totp_add": "Add an app",
    "factors.totp_on": "App of codes in use",
    "factors.totp_again": "Change phones",
    "factors.totp_title": "Add an app of codes",
    "factors.totp_how": "Open your authenticator app on your phone and scan this picture.",
    "factors.totp_type": "If you cannot scan it, type this key into the app:",
    "factors.totp_open": "Open it in the app on this device",
    "factors.qr": "QR code with the key that stands below",
    "factors.first_code": "Code that the app shows",
    "factors.first_code_hint": "The 6 digits of now.",
    "factors.totp_do": "Check and turn on",
    "factors.codes": "Recovery codes",
    "factors.codes_left": "You have {n} left. They help when you lose your phone or passkey, once each.",
    "factors.codes_new": "Make ten new codes",
    "factors.codes_once": "Keep them now, on paper or in a password manager: they are not shown again.",
    "factors.codes_for": "Each code works once, with your password, at {site}. Earlier ones no longer work.",
    "factors.codes_kept": "I have kept them",
    "factors.remove": "Remove",
    "factors.told.totp_added": "The app of codes is on. Your other sessions were closed.",
    "factors.told.passkey_added": "Passkey added. Your other sessions were closed.",
    "factors.told.removed": "Removed. Your other sessions were closed.",
    "factors.second_title": "One more step",
    "factors.or_code": "Or with a code",
    "factors.code": "Code",
    "factors.code_hint": "The 6 digits of your app, or a recovery code.",
    "factors.recovery_code": "Recovery code",
    "factors.recovery_hint": "One of the ten you kept. For example K7QF-2MXN-84TD.",
    "factors.start_again": "Start again",
    "factors.missing.code": "Enter the code.",
    "factors.fault.first_code": (
        "That is not the code of now. Wait for the next one and see that the phone's clock is right."
    ),
    "factors.fault.passkey": "No passkey answered. Try again or use another way.",
    "factors.confirm_title": "Confirm that it is you",
    "factors.confirm_intro": "What you are about to do is sensitive. Afterwards it holds for 5 minutes.",
    "factors.confirm_passkey": "Confirm with my passkey",
    "factors.or_password": "Or with the password",
    "factors.confirm_do": "Confirm and go on",
    "problem.factor-failed": "The code or passkey does not work: it may be used or too old. Try the next one.",
    "problem.second-factor": "That account needs a second step.",
    "problem.ticket-over": "That took too long. Start again.",
    "problem.last-factor": "Your town demands a second step: add another one before you remove the last.",
    "problem.passkey-host": (
        "Passkeys only work where SIGA is opened by a name (for example localhost), not by numbers."
    ),
    "problem.step-up": "Confirm that it is you first.",
}
