"""Words of mail and its links: registering, a forgotten password, another address, helping without mail."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "mail.code": "Code from the letter",
    "mail.code_hint": "It stands at the end of the letter's link. If you opened the link it is filled in already.",
    "mail.verify_title": "Confirm your address",
    "mail.verify_intro": "Enter the password you chose when you asked for the account. Your account is open then.",
    "mail.verify_do": "Open the account",
    "mail.chosen_password": "The password you chose",
    "mail.forgot_title": "I have forgotten the password",
    "mail.forgot_intro": "Say with which address you sign in. You get a link to set a new password.",
    "mail.forgot_do": "Ask for the link",
    "mail.forgot_link": "I have forgotten the password",
    "mail.reset_title": "New password",
    "mail.reset_intro": "All sessions of your account end. Sign in with the new password afterwards.",
    "mail.reset_do": "Save the password",
    "mail.password_hint": (
        "8 letters or more; 12 or more if you work with SIGA. Three unrelated words make a good password."
    ),
    "mail.email_title": "Change the e-mail address",
    "mail.email_intro": "We write to the new address and to the present one. It changes when you confirm both letters.",
    "mail.email_new": "New address",
    "mail.email_do": "Send the letters",
    "mail.email_link": "Change the e-mail address",
    "mail.confirm_title": "Confirm the change of address",
    "mail.confirm_intro": "Confirm with the code of the letter you got.",
    "mail.confirm_do": "Confirm",
    "mail.told.register.title": "Look at your mail",
    "mail.told.register": (
        "We have written to that address. Open the letter's link to finish; it works for 24 hours. If nothing "
        "comes, look into the unwanted mail."
    ),
    "mail.told.forgot_mail.title": "Look at your mail",
    "mail.told.forgot_mail": (
        "If there is an account with that address, we have written to it. The link works for 30 minutes. If "
        "nothing comes, look into the unwanted mail."
    ),
    "mail.told.forgot_administration.title": "Ask the administration for the link",
    "mail.told.forgot_administration": (
        "This SIGA sends no mail. If there is an account with that address, whoever administers SIGA sees your "
        "wish now and can hand you a link, for 7 days."
    ),
    "mail.told.reset.title": "Password changed",
    "mail.told.reset": "You can sign in with the new password now. All other sessions have ended.",
    "mail.told.email.title": "Look at both mailboxes",
    "mail.told.email": "We have written to both addresses. It changes when you confirm both letters.",
    "mail.told.confirm_other_awaited.title": "The other letter is still open",
    "mail.told.confirm_other_awaited": "Confirmed. Confirm the letter that the other address got as well.",
    "mail.told.confirm_changed.title": "Address changed",
    "mail.told.confirm_changed": "Sign in with the new address from now on.",
    "mail.fault.password.sign-in-failed": "That is not the password that was chosen when the account was asked for.",
    "mail.fault.code.link-over": (
        "The link was used already, is too old, or the code is not whole. Ask for another one."
    ),
    "problem.link-over": "The link was used already, is too old, or the code is not whole. Ask for another one.",
    "problem.no-mail": "This SIGA sends no mail, so an address cannot be confirmed. Ask the administration.",
    "mail.asks_title": "Forgotten passwords",
    "mail.asks_intro": (
        "This SIGA sends no mail. These people asked for a new password. Make sure who it is before you hand over "
        "the link: whoever has it gets into the account."
    ),
    "mail.asks_link": "Forgotten passwords",
    "mail.asks_none": "Nobody waits for a link",
    "mail.asks_none_words": "Where SIGA sends mail, links come by mail and there is nothing here.",
    "mail.asks_caption": "Who waits for a link",
    "mail.asked_at": "Asked",
    "mail.show": "Show the link",
    "mail.ask_link_title": "Link for {name}",
    "mail.ask_link_once": "This link is shown only now. Hand it to the person who asked for it.",
    "mail.ask_link_until": "It works once, until {at}.",
    "mail.invited": "We have sent it by mail as well.",
}
