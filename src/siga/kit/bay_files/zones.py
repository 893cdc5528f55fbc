"""Names of zones from districts, towns or streets: one spelling for each, one town's district under one name."""

from __future__ import annotations

from collections import Counter, defaultdict

from siga.kit.bay_files.texts import folded

Naming = tuple[str, str]
"""(district or street, town), either may be empty."""


def zone_names(namings: list[Naming]) -> list[str | None]:
    """The zone of each place: its district, else its town; None when it has neither.

    Spellings that differ in accents, umlauts or case become the most frequent one (`Stuehlinger`, `Stühlinger`); a
    district that several towns of the file have is followed by its town (`Weststadt (Baden-Baden)`). The order of
    places does not matter.
    """
    keys = [(folded(district), folded(town)) for district, town in namings]
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    towns: dict[str, set[str]] = defaultdict(set)
    for names, (district, town) in zip(namings, keys, strict=True):
        spellings[district][names[0]] += 1
        spellings[town][names[1]] += 1
        if town:
            towns[district].add(town)
    usual = {key: min(counts, key=lambda name: (-counts[name], name)) for key, counts in spellings.items()}
    return [_name(usual[district], usual[town], len(towns[district])) for district, town in keys]


def _name(district: str, town: str, towns: int) -> str | None:
    if not district:
        return town or None
    return f"{district} ({town})" if towns > 1 and town else district
