"""The permissions of the public API as data: which operation asks for what, where it counts, and who sees what.

`siga.contract.auth.ACTIONS` says which roles may do an action. Here each operation (method and path) names its
actions and how far they reach, and each kind of personal or secret field names the roles that may be told it. What is
not listed is refused. Every service's app asks `rule_of` before a handler runs (`siga.kit.http`); the generated test
walks role x operation x municipality x zone and holds the running SIGA to this.
"""

from __future__ import annotations

from typing import Literal, cast

from siga.contract.auth import ACTIONS, Claims, may
from siga.contract.base import Word
from siga.contract.policy_operations import OPEN, STAFF

Reach = Literal["public", "self", "list", "named", "thing", "system"]
"""How far an operation reaches.

- `public`: the same for everybody;
- `self`: the caller's own things, found by who asks or by a code that only they hold;
- `list`: what lies in the caller's municipalities (and zones), and nothing else;
- `named`: the municipality is named in query or body; another one than one's own is not there;
- `thing`: a thing named in the path, query or body; one of another municipality is not there;
- `system`: the whole installation, where there are no personal data.
"""

Door = Literal["anyone", "signed_in", "staff", "device"]
"""Who is let in at all; `staff` = whoever has one of the actions, `device` = by the signature of a device or by the
secret of a network server."""


class Rule(Word):
    """What one operation asks of its caller. `zoned`: a grant narrowed to zones counts in those zones alone."""

    operation: str
    door: Door
    actions: tuple[str, ...] = ()
    """Any of them suffices."""
    reach: Reach = "public"
    zoned: bool = False

    @property
    def roles(self) -> frozenset[str]:
        """The roles that may call it; empty where it is not a matter of roles."""
        return frozenset(role for action in self.actions for role in ACTIONS[action])


def _rules() -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for operation, (door, reach) in OPEN.items():
        found[operation] = Rule(operation=operation, door=door, reach=reach)
    for operation, (actions, how_far) in STAFF.items():
        names = tuple(actions.split())
        unknown = [name for name in names if name not in ACTIONS]
        if unknown or operation in found:
            raise ValueError(f"{operation}: {unknown or 'listed twice'}")
        found[operation] = Rule(
            operation=operation, door="staff", actions=names, reach=cast("Reach", how_far.removesuffix("+zones")),
            zoned=how_far.endswith("+zones"),
        )  # fmt: skip
    return found


RULES: dict[str, Rule] = _rules()
"""`METHOD /path/{name}` → rule, for every operation of the users' and the sensors' door."""


def rule_of(method: str, path_template: str) -> Rule | None:
    """The rule of an operation, `path_template` as in OpenAPI; None: nobody may call it."""
    return RULES.get(f"{'GET' if method == 'HEAD' else method} {path_template}")


def lets_in(rule: Rule | None, caller: Claims) -> bool:
    """Whether the caller may come to the operation at all; what of it they may see or change depends on the thing."""
    if rule is None or caller.kind not in ("person", "guest"):
        return False
    if rule.door == "anyone":
        return True
    if rule.door == "signed_in":
        return caller.kind == "person"
    return any(may(caller, action) for action in rule.actions)
