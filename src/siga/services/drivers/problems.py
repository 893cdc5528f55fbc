"""The refusals that only Drivers knows."""

from __future__ import annotations

from siga.kit.problem import Conflict, Forbidden


class NoAccreditation(Conflict):
    """No claimed, valid accreditation allows this bay"""

    slug = "no-accreditation"


class AlreadyCheckedIn(Conflict):
    """Somebody is already checked in at this bay"""

    slug = "already-checked-in"


class BayClosed(Conflict):
    """The bay is closed"""

    slug = "bay-closed"


class CheckInOpen(Conflict):
    """The check-in has not ended yet"""

    slug = "check-in-open"


class NotUsed(Forbidden):
    """Only a bay that was used lately can be rated"""

    slug = "not-used"


class TooManyFavourites(Conflict):
    """There is no room for more favourites"""

    slug = "too-many-favourites"


class AnsweredByCase(Conflict):
    """A misuse report is answered by its case alone"""

    slug = "answered-by-case"


class PhotoNotTaken(Conflict):
    """No picture is taken for this report"""

    slug = "photo-not-taken"
