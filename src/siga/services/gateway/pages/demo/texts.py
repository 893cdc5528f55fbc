"""What the demo's pages say."""

from __future__ import annotations

from siga.services.gateway.pages.demo import texts_en, texts_es
from siga.services.gateway.pages.i18n import Catalogue

TEXTS: Catalogue = {"es": texts_es.TEXTS, "en": texts_en.TEXTS}
