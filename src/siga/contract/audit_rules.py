"""What the audit tells of, as data: for each route what act it is, or why it is none.

Whatever changes something and is named nowhere here is told of under its route's own name: a new route is in the audit
from its first day. Reads are told of where they show personal data. What drivers do with their own data is not told
of: it would make of the audit a record of where people park.
"""

from __future__ import annotations

from functools import cache

from siga.contract.base import Word


class AuditRule(Word):
    """One route's act. `param` names the path's part that is the thing's id; `purpose` is what it is done for, unless
    the caller says so. `staff`: only what people with a role of staff do is told of. `noted`: only what the service
    itself gave a name to. `often`: the same again within minutes is counted."""

    action: str
    thing: str = ""
    param: str = ""
    purpose: str = ""
    reads: bool = False
    staff: bool = True
    noted: bool = False
    often: bool = False


def _rule(text: str, *, reads: bool = False) -> tuple[str, AuditRule]:
    """`METHOD path · action · thing · param · purpose · flags`, columns separated by spaces; `-` is empty."""
    method, path, action, thing, param, purpose, *flags = [part if part != "-" else "" for part in text.split()]
    rule = AuditRule(
        action=action, thing=thing, param=param, purpose=purpose, reads=reads, staff="anyone" not in flags,
        noted="noted" in flags, often="often" in flags,
    )  # fmt: skip
    return f"{method} {path}", rule


def _rules(text: str, *, reads: bool = False) -> dict[str, AuditRule]:
    return dict(_rule(line, reads=reads) for line in text.strip().splitlines())


_USERS = _rules("""
POST /internal/v1/sessions                              session.opened        session -  sign_in  anyone noted
POST /internal/v1/sessions/second                       session.opened        session -  sign_in  anyone noted
POST /internal/v1/sessions/end                          session.ended         session -  sign_in  anyone noted
POST /api/v1/auth/token                                 session.opened        session -  sign_in  anyone noted
POST /api/v1/auth/logout                                session.ended         session -  sign_in
DELETE /api/v1/auth/sessions/{session_id}               session.ended         session session_id sign_in
PUT /api/v1/auth/password                               password.changed      person  -  account
PATCH /api/v1/auth/me                                   person.changed        person  -  account
POST /api/v1/auth/invitation                            invitation.used       person  -  account  anyone noted
POST /api/v1/auth/setup                                 setup.finished        municipality - account anyone noted
POST /api/v1/auth/confirm                               session.confirmed     person  -  sign_in
POST /api/v1/auth/lock                                  session.locked        person  -  sign_in
POST /api/v1/auth/unlock                                session.unlocked      person  -  sign_in
POST /api/v1/auth/factors/passkeys/confirm              factor.added          passkey -  account
DELETE /api/v1/auth/factors/passkeys/{passkey_id}       factor.removed        passkey passkey_id account
POST /api/v1/auth/factors/totp/confirm                  factor.added          totp    -  account
DELETE /api/v1/auth/factors/totp                        factor.removed        totp    -  account
POST /api/v1/auth/factors/recovery-codes                recovery_codes.made   person  -  account
POST /api/v1/auth/email                                 email.changed         person  -  account
POST /api/v1/auth/reset                                 password.reset        person  -  account  anyone noted
DELETE /api/v1/users/{user_id}/factors                  factor.removed        person  user_id staff
DELETE /api/v1/users/{user_id}/sessions                 session.ended         person  user_id staff
POST /api/v1/auth/jwks/rotate                           token_keys.rotated    installation - installation
POST /api/v1/users/asks/{link_id}                       recovery.answered     link    link_id staff
POST /api/v1/users                                      person.invited        person  -  staff
POST /api/v1/users/{user_id}/invitation                 person.invited_again  person  user_id staff
DELETE /api/v1/users/{user_id}/invitation               invitation.withdrawn  person  user_id staff
PUT /api/v1/users/{user_id}/grants/{role}               role.given            person  user_id staff
DELETE /api/v1/users/{user_id}/grants/{role}            role.taken            person  user_id staff
POST /api/v1/municipalities                             municipality.created  municipality - installation
PATCH /api/v1/municipalities/{municipality}             municipality.changed  municipality municipality installation
POST /api/v1/municipalities/{municipality}/administrator person.invited       municipality municipality staff
POST /api/v1/privacy/erasure                            subject.erased        person  -  rights
POST /api/v1/privacy/people/{user_id}/erasure           subject.erased        person  user_id rights
POST /api/v1/accreditations                             accreditation.given   accreditation - accreditations
PATCH /api/v1/accreditations/{accreditation_id}         accreditation.changed accreditation accreditation_id accreditations
POST /api/v1/accreditations/{accreditation_id}/renew    accreditation.renewed accreditation accreditation_id accreditations
POST /api/v1/accreditations/{accreditation_id}/suspend  accreditation.suspended accreditation accreditation_id accreditations
POST /api/v1/accreditations/{accreditation_id}/resume   accreditation.resumed accreditation accreditation_id accreditations
POST /api/v1/accreditations/{accreditation_id}/revoke   accreditation.revoked accreditation accreditation_id accreditations
POST /api/v1/accreditations/{accreditation_id}/claim-code accreditation.code_made accreditation accreditation_id accreditations
POST /api/v1/accreditations/{accreditation_id}/cards    card.added            accreditation accreditation_id accreditations
DELETE /api/v1/accreditations/{accreditation_id}/cards/{credential_id} card.revoked accreditation accreditation_id accreditations
POST /api/v1/accreditations/{accreditation_id}/cards/{credential_id}/revoke card.revoked accreditation accreditation_id accreditations
POST /api/v1/accreditations/{accreditation_id}/cards/{credential_id}/replace card.replaced accreditation accreditation_id accreditations
POST /api/v1/accreditations/{accreditation_id}/replace  accreditation.replaced accreditation accreditation_id accreditations
POST /api/v1/accreditations/batch                       accreditations.imported accreditation - accreditations
POST /api/v1/accreditations/letters                     letters.printed       accreditation - accreditations
POST /api/v1/accreditations/card-alarms/{alarm_id}/acknowledge card_alarm.acknowledged alarm alarm_id accreditations
POST /api/v1/accreditations/{accreditation_id}/plates   plate.added           accreditation accreditation_id accreditations
DELETE /api/v1/accreditations/{accreditation_id}/plates/{credential_id} plate.revoked accreditation accreditation_id accreditations
""")  # noqa: E501
_USERS_READS = _rules(
    """
GET /api/v1/privacy/people/{user_id}/export             subject.exported      person  user_id rights
GET /api/v1/users                                       people.listed         person  -  staff  often
GET /api/v1/users/{user_id}                             person.shown          person  user_id staff often
GET /api/v1/accreditations                              accreditations.listed accreditation - accreditations often
POST /api/v1/accreditations/search                      accreditation.searched accreditation - accreditations
GET /api/v1/accreditations/{accreditation_id} accreditation.shown accreditation accreditation_id accreditations often
""",
    reads=True,
)

_ENFORCEMENT = _rules("""
POST /api/v1/cases                                      case.opened           case  -       enforcement
POST /api/v1/cases/{case_id}/acknowledge                case.taken            case  case_id enforcement
POST /api/v1/cases/{case_id}/dispatch                   case.dispatched       case  case_id enforcement
POST /api/v1/cases/{case_id}/arrive                     case.arrived          case  case_id enforcement
POST /api/v1/cases/{case_id}/resolve                    case.resolved         case  case_id enforcement
POST /api/v1/cases/{case_id}/undo                       case.undone           case  case_id enforcement
POST /api/v1/cases/{case_id}/reopen                     case.reopened         case  case_id enforcement
POST /api/v1/cases/{case_id}/plate                      plate.corrected       case  case_id enforcement
POST /api/v1/cases/{case_id}/photos                     photo.added           case  case_id enforcement
PUT /api/v1/cases/duty                                  duty.set              officer -     enforcement
""")
_ENFORCEMENT_READS = _rules(
    """
GET /api/v1/cases                                       cases.listed          case  -        enforcement often
GET /api/v1/cases/{case_id}                             case.shown            case  case_id  enforcement often
GET /api/v1/cases/{case_id}/evidence                    evidence.shown        case  case_id  enforcement often
GET /api/v1/cases/{case_id}/photos/{photo_id}           photo.shown           photo photo_id enforcement often
POST /api/v1/cases/lookups                              credential.looked_up  credential -   -
""",
    reads=True,
)

_PARKING = _rules("""
POST /api/v1/zones                                      zone.made             zone   -         street
PATCH /api/v1/zones/{zone_id}                           zone.changed          zone   zone_id   street
POST /api/v1/bays                                       bay.made              bay    -         street
PATCH /api/v1/bays/{bay_id}                             bay.changed           bay    bay_id    street
DELETE /api/v1/bays/{bay_id}                            bay.removed           bay    bay_id    street
POST /api/v1/bays/batch                                 bays.imported         bay    -         street
POST /api/v1/bays/import                                bays.imported         bay    -         street
POST /api/v1/rules                                      rule.made             rule   -         street
PUT /api/v1/rules/{rule_id}                             rule.changed          rule   rule_id   street
DELETE /api/v1/rules/{rule_id}                          rule.removed          rule   rule_id   street
POST /api/v1/addresses/batch                            addresses.imported    -      -         street
POST /api/v1/devices                                    device.made           device -         devices
PATCH /api/v1/devices/{device_id}                       device.changed        device device_id devices
POST /api/v1/devices/{device_id}/code                   device.code_made      device device_id devices
POST /api/v1/devices/{device_id}/revoke                 device.revoked        device device_id devices
POST /api/v1/devices/{device_id}/codec                  device.changed        device device_id devices
POST /api/v1/devices/batch                              devices.imported      device -         devices
POST /api/v1/devices/integrations                       integration.made      integration - devices
PATCH /api/v1/devices/integrations/{integration_id}     integration.changed   integration integration_id devices
POST /api/v1/devices/integrations/{integration_id}/rotate integration.rotated integration integration_id devices
POST /api/v1/devices/claims/{claim_id}/claim            device.claimed        claim  claim_id  devices
POST /api/v1/devices/claims/{claim_id}/dismiss          claim.dismissed       claim  claim_id  devices
POST /api/v1/devices/claims/{claim_id}/restore          claim.restored        claim  claim_id  devices
""")

_HISTORY = _rules("""
POST /api/v1/history/import                             history.imported      history -        street
""")
_HISTORY_READS = _rules(
    """
GET /api/v1/history/bays/{bay_id}/stays                 stays.shown           bay    bay_id    history often
""",
    reads=True,
)

_DRIVERS = _rules("""
POST /api/v1/reports/{report_id}/answer                 report.answered       report report_id reports
""")
_DRIVERS_READS = _rules(
    """
GET /api/v1/reports                                     reports.listed        report -         reports often
GET /api/v1/reports/{report_id}                         report.shown          report report_id reports often
""",
    reads=True,
)

_CONFIG = _rules("""
PUT /api/v1/config/settings/{key}                       setting.changed       setting  key      operation
DELETE /api/v1/config/settings/{key}                    setting.changed       setting  key      operation
POST /api/v1/config/revisions/{revision}/roll-back      settings.rolled_back  revision revision operation
""")

_IMAGES = _rules("""
POST /api/v1/images/jobs/{job_id}/retry                 job.retried           job    job_id    operation
""")

_LOGS = _rules("""
POST /api/v1/logs/alarms/{alarm_id}/acknowledge         alarm.acknowledged    alarm  alarm_id  operation
""")
_LOGS_READS = _rules(
    """
GET /api/v1/logs/audit                                  audit.read            audit  -         audit often
GET /api/v1/logs/audit/heads                            audit.heads_read      audit  -         audit often
""",
    reads=True,
)

AUDITED: dict[str, dict[str, AuditRule]] = {
    "users": _USERS | _USERS_READS, "enforcement": _ENFORCEMENT | _ENFORCEMENT_READS, "parking": _PARKING,
    "history": _HISTORY | _HISTORY_READS, "drivers": _DRIVERS | _DRIVERS_READS, "config": _CONFIG, "images": _IMAGES,
    "logs": _LOGS | _LOGS_READS,
}  # fmt: skip
"""Service → `METHOD path` → the act that it is."""

_OWN = "one's own data as a driver"
_STEP = "a step before an act that is told of, by somebody who is not known yet or has not shown it"
UNAUDITED: dict[str, dict[str, str]] = {
    "users": {
        "POST /api/v1/auth/register": _OWN, "POST /api/v1/auth/refresh": "goes on with a session that was told of",
        "POST /api/v1/auth/confirm/start": _STEP, "POST /api/v1/auth/factors/passkeys": _STEP,
        "POST /api/v1/auth/factors/totp": _STEP, "POST /api/v1/auth/forgot": _STEP, "POST /api/v1/auth/verify": _STEP,
        "POST /api/v1/auth/email/confirm": _STEP, "POST /api/v1/accreditations/claim": _OWN,
        "POST /api/v1/accreditations/uid-forms": "changes and shows nothing",
    },
    "drivers": {
        "POST /api/v1/favourites": _OWN, "DELETE /api/v1/favourites/{favourite_id}": _OWN,
        "POST /api/v1/doubts": _OWN, "POST /api/v1/ratings": _OWN, "POST /api/v1/reports": _OWN,
        "PUT /api/v1/reports/{report_id}/photo": _OWN, "POST /api/v1/check-ins": _OWN,
        "POST /api/v1/check-ins/guest": _OWN, "DELETE /api/v1/check-ins/{check_in_id}": _OWN,
        "POST /api/v1/check-ins/{check_in_id}/end": _OWN,
    },
    "history": {"POST /api/v1/history/receipts/verify": "changes nothing, and is given what it shows"},
}  # fmt: skip
"""Public routes that change something or ask by POST, and are no act of the audit: why."""

_CHANGES = ("POST", "PUT", "PATCH", "DELETE")


@cache
def rule_for(service: str, method: str, template: str) -> AuditRule | None:
    """The act of a route, None for none. `template` is the route's path with its types, `/users/{user_id:str}`."""
    route = f"{method} {plain(template)}"
    rule = AUDITED.get(service, {}).get(route)
    if rule is not None or not template.startswith("/api/v1/") or method not in _CHANGES:
        return rule
    if route in UNAUDITED.get(service, {}):
        return None
    return AuditRule(action=route[:80])


def plain(template: str) -> str:
    """A route's path without the types of its parts."""
    return "/".join(f"{{{part[1:-1].partition(':')[0]}}}" if part[:1] == "{" else part for part in template.split("/"))
