"""People of the town: holders of accreditations, guests, drivers with accounts, staff; their cards and plates."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Literal

from msgspec import Struct

from siga.demo import names
from siga.demo.model import Bay, Category, Driver, Guest, Holder, Role, Staff, Standing

HOLDERS = 120
GUESTS = 40
STRANGERS = 90
DRIVERS = 10
ISSUER = "Ayuntamiento de Villaserena"
PLATE_LETTERS = "BCDFGHJKLMNPRSTVWXYZ"
# Series that begin with these are valid in form and not issued yet, so that no plate here is anybody's.
_FIRST_LETTERS = "RSTVWXYZ"
_STAFF: tuple[tuple[Role, Literal["es", "en"], tuple[str, ...], str | None], ...] = (
    ("administrator", "es", (), None),
    ("police", "es", ("CE", "ME", "TE", "RI", "ES", "EN"), "PL-117"),
    ("police", "es", (), "PL-142"),
    ("installer", "es", (), None),
    ("operator", "en", (), None),
    ("auditor", "es", (), None),
)


class People(Struct, frozen=True, kw_only=True):
    """Everybody of one town."""

    holders: tuple[Holder, ...]
    guests: tuple[Guest, ...]
    strangers: tuple[str, ...]


def make_plate(rng: Random) -> str:
    """A Spanish plate in the form used since 2000, "1234RBC": no vowels, no Ñ, no Q; of a series not issued yet."""
    letters = rng.choice(_FIRST_LETTERS) + "".join(rng.choices(PLATE_LETTERS, k=2))
    return f"{rng.randrange(10_000):04d}{letters}"


def make_card_uid(rng: Random) -> str:
    """A card's UID as upper-case hex: mostly 7 bytes, else 4 or 10; never a form kept for random UIDs or cascades."""
    length = rng.choices((4, 7, 10), (0.3, 0.6, 0.1))[0]
    first = "04" if length > 4 else f"{rng.choice([byte for byte in range(0x10, 0xE0) if byte != 0x88]):02X}"
    return first + rng.randbytes(length - 1).hex().upper()


def make_people(rng: Random, zones: tuple[str, ...]) -> People:
    """Holders (persons first, then fleets), guests and the plates of strangers; cards and plates are unique."""
    plates = _unique(make_plate, rng)
    uids = _unique(make_card_uid, rng)
    people = _people_names(rng)
    counts: tuple[tuple[Standing, int], ...] = (("expired", 9), ("revoked", 5), ("valid", HOLDERS - 14))
    standings = [standing for standing, count in counts for _ in range(count)]
    rng.shuffle(standings)
    holders = [
        _holder(rng, index, next(people), "disabled", standing, next(uids), plates, rng.choice(zones))
        for index, standing in enumerate(standings, 1)
    ]
    for category, label, how_many in names.FLEETS:
        for number in range(1, how_many + 1):
            name = label.format(n=number)
            zone = rng.choice(zones)
            holders.append(
                _holder(rng, len(holders) + 1, name, category, "valid", next(uids), plates, zone, fleet=True)
            )
    guests = tuple(_guest(rng, index, next(plates)) for index in range(1, GUESTS + 1))
    return People(holders=tuple(holders), guests=guests, strangers=tuple(next(plates) for _ in range(STRANGERS)))


def make_drivers(rng: Random, holders: Sequence[Holder], bays: Iterable[Bay]) -> tuple[Driver, ...]:
    """Drivers with accounts: most have claimed their accreditation, the last two have none."""
    public = [
        bay.code for bay in bays if bay.category == "disabled" and bay.life == "in_service" and bay.holder is None
    ]
    with_card = [holder for holder in holders if not holder.collective and holder.standing == "valid"]
    claimed = rng.sample(with_card, DRIVERS - 2)
    people = _people_names(rng, [holder.name for holder in holders if not holder.collective])
    drivers = []
    for index in range(DRIVERS):
        holder = claimed[index] if index < len(claimed) else None
        name = holder.name if holder else next(people)
        drivers.append(
            Driver(
                key=f"D{index + 1:02d}",
                name=name,
                email=_email(name),
                language="en" if index % 5 == 4 else "es",
                holder=holder.key if holder else None,
                favourites=tuple(rng.sample(public, min(3, len(public)))),
                minimum_width_m=rng.choice((None, None, 2.2, 3.3)),
            )
        )
    return tuple(drivers)


def make_staff(rng: Random, taken: Iterable[str]) -> tuple[Staff, ...]:
    """An administrator, two officers, an installer, an operator and an auditor; none has a name of `taken`."""
    people = _people_names(rng, taken)
    return tuple(
        Staff(
            key=f"S{index}",
            name=(name := next(people)),
            email=_email(name),
            language=language,
            role=role,
            zones=zones,
            badge=badge,
        )
        for index, (role, language, zones, badge) in enumerate(_STAFF, 1)
    )


def _holder(
    rng: Random,
    index: int,
    name: str,
    category: Category,
    standing: Standing,
    card_uid: str,
    plates: Iterator[str],
    zone: str,
    fleet: bool = False,
) -> Holder:
    start = -rng.randint(400, 1700)
    end = -rng.randint(40, 300) if standing == "expired" else rng.randint(60, 1500)
    cars = 1 if fleet or rng.random() < 0.8 else 2
    return Holder(
        key=f"H{index:03d}", name=name, category=category, collective=fleet, issuer=ISSUER,
        number=f"VS-{rng.randint(10, 99)}{index:04d}",
        standing=standing, valid_from_offset_d=start, valid_until_offset_d=end,
        revoked_offset_d=-rng.randint(35, 200) if standing == "revoked" else None,
        card_uid=card_uid, plates=tuple(next(plates) for _ in range(cars)), zone=zone,
    )  # fmt: skip


def _guest(rng: Random, index: int, plate: str) -> Guest:
    issuer = rng.choice(names.GUEST_ISSUERS)
    number = f"{rng.randint(1, 52):02d}-{rng.randint(100, 99_999):05d}"
    return Guest(
        key=f"G{index:02d}", issuer=issuer, number=number, valid_until_offset_d=rng.randint(90, 1500), plate=plate
    )


def _people_names(rng: Random, taken: Iterable[str] = ()) -> Iterator[str]:
    """Endless names, each with an address for mail that nobody else has."""
    seen = {_email(name) for name in taken}
    while True:
        first = rng.choice(names.WOMEN if rng.random() < 0.5 else names.MEN)
        name = f"{first} {' '.join(rng.sample(names.SURNAMES, 2))}"
        if _email(name) not in seen:
            seen.add(_email(name))
            yield name


def _email(name: str) -> str:
    """Given name and first surname, which every name of a person here has."""
    plain = unicodedata.normalize("NFD", name.lower()).encode("ascii", "ignore").decode()
    first, last = plain.split()[:2]
    return f"{first}.{last}@villaserena.example"


def _unique(make: Callable[[Random], str], rng: Random) -> Iterator[str]:
    seen: set[str] = set()
    while True:
        value = make(rng)
        if value not in seen:
            seen.add(value)
            yield value
