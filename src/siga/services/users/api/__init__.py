"""The HTTP side of Users: public paths through the gateway, internal ones for services."""

from siga.services.users.api.accreditation_lists import HANDLERS as ACCREDITATION_LISTS
from siga.services.users.api.accreditations import HANDLERS as ACCREDITATIONS
from siga.services.users.api.auth import HANDLERS as AUTH
from siga.services.users.api.cards import HANDLERS as CARDS
from siga.services.users.api.factors import HANDLERS as FACTORS
from siga.services.users.api.internal import HANDLERS as INTERNAL
from siga.services.users.api.municipalities import HANDLERS as MUNICIPALITIES
from siga.services.users.api.people import HANDLERS as PEOPLE
from siga.services.users.api.recovery import HANDLERS as RECOVERY
from siga.services.users.api.subjects import HANDLERS as SUBJECTS
from siga.services.users.api.token_keys import HANDLERS as TOKEN_KEYS

HANDLERS = [
    *AUTH, *FACTORS, *RECOVERY, *TOKEN_KEYS, *PEOPLE, *MUNICIPALITIES, *ACCREDITATIONS, *ACCREDITATION_LISTS, *CARDS,
    *SUBJECTS, *INTERNAL,
]  # fmt: skip
