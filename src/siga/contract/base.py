"""The two kinds of struct every word is made of: requests refuse unknown fields, facts ignore them."""

from __future__ import annotations

from typing import Any, dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class FrozenMeta(msgspec.StructMeta):
    """Makes every struct below it frozen and keyword-only (msgspec does not inherit `kw_only`)."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        """Build the struct class with our defaults."""
        return super().__new__(mcs, name, bases, namespace, **{"frozen": True, "kw_only": True, **options})


class Word(msgspec.Struct, metaclass=FrozenMeta):
    """An answer or a fact: only grows, so a reader ignores fields it does not know."""


class Ask(msgspec.Struct, metaclass=FrozenMeta, forbid_unknown_fields=True):
    """A request body: an unknown field is refused, since a misspelt one would be silently lost."""
