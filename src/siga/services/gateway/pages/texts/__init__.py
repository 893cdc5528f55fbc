"""Everything pages say: a folder for each language, a file for each subject. A new language is a new folder."""

from __future__ import annotations

from siga.services.gateway.pages.i18n import Catalogue
from siga.services.gateway.pages.texts.en import account as account_en
from siga.services.gateway.pages.texts.en import admin as admin_en
from siga.services.gateway.pages.texts.en import common as common_en
from siga.services.gateway.pages.texts.en import driver as driver_en
from siga.services.gateway.pages.texts.en import factors as factors_en
from siga.services.gateway.pages.texts.en import mail as mail_en
from siga.services.gateway.pages.texts.en import police as police_en
from siga.services.gateway.pages.texts.en import privacy as privacy_en
from siga.services.gateway.pages.texts.es import account as account_es
from siga.services.gateway.pages.texts.es import admin as admin_es
from siga.services.gateway.pages.texts.es import common as common_es
from siga.services.gateway.pages.texts.es import driver as driver_es
from siga.services.gateway.pages.texts.es import factors as factors_es
from siga.services.gateway.pages.texts.es import mail as mail_es
from siga.services.gateway.pages.texts.es import police as police_es
from siga.services.gateway.pages.texts.es import privacy as privacy_es

COMMON: Catalogue = {"es": common_es.TEXTS, "en": common_en.TEXTS}
DRIVER: Catalogue = {"es": driver_es.TEXTS, "en": driver_en.TEXTS}
POLICE: Catalogue = {"es": police_es.TEXTS, "en": police_en.TEXTS}
ACCOUNT: Catalogue = {
    "es": {**account_es.TEXTS, **factors_es.TEXTS, **privacy_es.TEXTS},
    "en": {**account_en.TEXTS, **factors_en.TEXTS, **privacy_en.TEXTS},
}  # fmt: skip
ADMIN: Catalogue = {"es": admin_es.TEXTS, "en": admin_en.TEXTS}
MAIL: Catalogue = {"es": mail_es.TEXTS, "en": mail_en.TEXTS}
