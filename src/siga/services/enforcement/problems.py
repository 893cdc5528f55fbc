"""Why something about a case cannot be done."""

from __future__ import annotations

from siga.kit.problem import Conflict


class CaseHeld(Conflict):
    """Another officer holds this case"""

    slug = "case-held"


class CaseMoved(Conflict):
    """The case has moved on meanwhile: load it again"""

    slug = "case-moved"


class CheckAgain(Conflict):
    """Something has changed since the case was opened: check again before an offence is closed"""

    slug = "check-again"
