"""The HTTP side of Users: public paths through the gateway, internal ones for services."""

from siga.services.users.api.accreditations import HANDLERS as ACCREDITATIONS
from siga.services.users.api.auth import HANDLERS as AUTH
from siga.services.users.api.cards import HANDLERS as CARDS
from siga.services.users.api.internal import HANDLERS as INTERNAL
from siga.services.users.api.municipalities import HANDLERS as MUNICIPALITIES
from siga.services.users.api.people import HANDLERS as PEOPLE

HANDLERS = [*AUTH, *PEOPLE, *MUNICIPALITIES, *ACCREDITATIONS, *CARDS, *INTERNAL]
