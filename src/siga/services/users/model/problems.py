"""What Users refuses, each under its own slug."""

from __future__ import annotations

from siga.kit.problem import Conflict, Forbidden, Invalid, Problem, Unauthenticated


class SignInFailed(Unauthenticated):
    """E-mail address or password is wrong"""

    slug, status = "sign-in-failed", 401


class SessionOver(Unauthenticated):
    """The session has ended: sign in again"""

    slug, status = "session-over", 401


class RefreshFailed(Unauthenticated):
    """The refresh token is not valid: sign in again"""

    slug, status = "refresh-failed", 401


class RefreshReused(Unauthenticated):
    """The refresh token was used twice: the session was ended for safety"""

    slug, status = "refresh-reused", 401


class WeakPassword(Invalid):
    """That password is too easy to guess, too short or too long"""

    slug, status = "weak-password", 422


class BadEmail(Invalid):
    """That is no e-mail address"""

    slug, status = "email-form", 422


class EmailTaken(Conflict):
    """There is an account with that e-mail address already"""

    slug, status = "email-taken", 409


class WrongCode(Forbidden):
    """The code is wrong, was used already or is too old"""

    slug, status = "wrong-code", 403


class LinkOver(Forbidden):
    """The link was used already, is too old or was not copied whole"""

    slug, status = "link-over", 403


class NoMail(Conflict):
    """This SIGA sends no mail"""

    slug, status = "no-mail", 409


class FactorFailed(Unauthenticated):
    """The code or the passkey was not accepted"""

    slug, status = "factor-failed", 401


class SecondFactorNeeded(Unauthenticated):
    """The account has a second factor: it is needed too"""

    slug, status = "second-factor", 401


class TicketOver(Forbidden):
    """That took too long or was done already: begin again"""

    slug, status = "ticket-over", 403


class LastFactor(Conflict):
    """The town demands a second factor: the last one stays"""

    slug, status = "last-factor", 409


class PasskeyNeedsName(Conflict):
    """Passkeys work where SIGA is opened by a name, not by an IP address"""

    slug, status = "passkey-host", 409


class SetupOver(Conflict):
    """SIGA is set up already"""

    slug, status = "setup-over", 409


class SlugTaken(Conflict):
    """Another municipality has that short name"""

    slug, status = "slug-taken", 409


class LastAdministrator(Conflict):
    """A municipality keeps at least one administrator"""

    slug, status = "last-administrator", 409


class GrantRefused(Invalid):
    """That role cannot be given like that"""

    slug, status = "grant-refused", 422


class NumberTaken(Conflict):
    """An accreditation with that number and issuer exists already"""

    slug, status = "number-taken", 409


class CredentialTaken(Conflict):
    """That card or plate belongs to an accreditation already"""

    slug, status = "credential-taken", 409


class AccreditationEnded(Conflict):
    """A revoked accreditation does not change any more"""

    slug, status = "accreditation-ended", 409


class BadDates(Invalid):
    """The end lies before the beginning"""

    slug, status = "dates-order", 422


class MasterKeyLost(Problem):
    """The key that the store of Users was sealed with is missing or another one"""

    slug, status = "master-key-lost", 500
