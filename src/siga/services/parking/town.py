"""Managing the map: zones, bays, rules and addresses, one at a time or from a file."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from siga.contract.parking import Bay, BayDefined, Life, Rule, RuleDefined, Zone, ZoneDefined
from siga.kit.bay_files import BayDraft, RefusedRow
from siga.kit.geo import on_earth
from siga.kit.ids import new_id
from siga.kit.problem import Conflict, FieldFault, Invalid, NotFound
from siga.ports import Database
from siga.services.parking import store
from siga.services.parking.model import BayState
from siga.services.parking.overlay import Overlay
from siga.services.parking.picture import zones_by_name
from siga.services.parking.reads import OffTheEarth
from siga.services.parking.requests import (
    Address,
    AddressBatch,
    BayChange,
    ImportResult,
    NewBay,
    NewRule,
    NewZone,
    ZoneChange,
    given,
)
from siga.services.parking.rules import hours_fault
from siga.services.parking.service import Parking
from siga.services.parking.text import fold_text

_PREVIEW = 20


class Town:
    """Use cases of the administration on the map. Callers have checked who may do what."""

    def __init__(self, parking: Parking, database: Database) -> None:
        self._parking, self._database = parking, database

    # --- zones -------------------------------------------------------------------------------------------------------

    async def add_zone(self, new: NewZone) -> Zone:
        """Make a zone; Conflict when the municipality has one of that name."""
        zone = Zone(
            zone_id=new_id(), municipality_id=new.municipality_id, name=new.name.strip(), mode=new.mode,
            address=new.address,
        )  # fmt: skip
        if not zone.name:
            raise Invalid("A zone needs a name.", errors=[FieldFault("/name", "must not be empty")])
        await self._parking.commit(lambda conn, overlay: self._put_zone(conn, overlay, zone))
        return zone

    async def change_zone(self, zone_id: str, change: ZoneChange) -> Zone:
        """Change a zone; its bays' suspicions follow its mode from now on."""
        zone = msgspec.structs.replace(self.zone(zone_id), **given(change))

        def work(conn: Connection, overlay: Overlay) -> None:
            self._put_zone(conn, overlay, zone)
            for bay in self._parking.picture.bays_of(lambda key: key.zone_id == zone_id):
                overlay.settle(bay, overlay.state(bay.bay_id), "map")

        await self._parking.commit(work)
        return zone

    def zone(self, zone_id: str) -> Zone:
        """The zone, or NotFound."""
        zone = self._parking.picture.zones.get(zone_id)
        if zone is None:
            raise NotFound("There is no such zone.")
        return zone

    def _put_zone(self, conn: Connection, overlay: Overlay, zone: Zone) -> None:
        taken = next(
            (z for z in {**self._parking.picture.zones, **overlay.zones}.values()
             if z.municipality_id == zone.municipality_id and z.name == zone.name and z.zone_id != zone.zone_id), None,
        )  # fmt: skip
        if taken is not None:
            raise Conflict(f"There is a zone named '{zone.name}' already.")
        store.put_zone(conn, zone)
        overlay.zones[zone.zone_id] = zone
        overlay.tell(ZoneDefined(zone=zone), zone.municipality_id, zone.zone_id)

    # --- bays --------------------------------------------------------------------------------------------------------

    def bay(self, bay_id: str) -> Bay:
        """The bay as memory has it, or NotFound."""
        bay = self._parking.picture.bay(bay_id)
        if bay is None:
            raise NotFound("There is no such bay.")
        return bay

    async def bay_of_code(self, slug: str, code: str) -> str | None:
        """The bay whose sign says `/b/{slug}/{code}`."""
        towns = self._parking.picture.municipalities.values()
        town = next((m for m in towns if m.slug == slug), None)
        if town is None:
            return None
        return await self._database.read(lambda conn: store.code_taken(conn, town.municipality_id, code))

    async def add_bay(self, new: NewBay) -> Bay:
        """Make a bay in a zone."""
        zone = self.zone(new.zone_id)
        values = msgspec.structs.asdict(new)
        bay = Bay(
            bay_id=new_id(), municipality_id=zone.municipality_id, personal=new.personal_accreditation_id is not None,
            **{**values, "code": new.code.strip()},
        )  # fmt: skip
        _check_bay(bay)

        def work(conn: Connection, overlay: Overlay) -> None:
            _refuse_taken_code(conn, bay)
            self._insert(conn, overlay, [bay])

        await self._parking.commit(work)
        return bay

    async def change_bay(self, bay_id: str, change: BayChange) -> Bay:
        """Change a bay; Conflict when it was changed by somebody else since it was read."""
        fields = given(change)
        if "zone_id" in fields and self.zone(fields["zone_id"]).municipality_id != self.bay(bay_id).municipality_id:
            raise NotFound("There is no such zone.")
        if "personal_accreditation_id" in fields:
            fields["personal"] = fields["personal_accreditation_id"] is not None

        def work(conn: Connection, overlay: Overlay) -> Bay:
            before = store.whole_bay(conn, bay_id)
            if before is None:
                raise NotFound("There is no such bay.")
            if change.version != before.version:
                raise Conflict(f"The bay is at version {before.version} by now: read it again, then change it.")
            bay = msgspec.structs.replace(before, **{**fields, "version": before.version + 1})
            _check_bay(bay)
            _refuse_taken_code(conn, bay)
            self._update(conn, overlay, [bay])
            return bay

        return await self._parking.commit(work)

    async def retire_bay(self, bay_id: str) -> Bay:
        """Take a bay out of the world for ever; its history stays."""
        before = self.bay(bay_id)
        return await self.change_bay(bay_id, BayChange(version=before.version, life="retired"))

    def _insert(self, conn: Connection, overlay: Overlay, bays: list[Bay]) -> None:
        store.insert_bays(conn, [(bay, BayState(bay_id=bay.bay_id)) for bay in bays])
        for bay in bays:
            overlay.bays[bay.bay_id] = bay
            overlay.states[bay.bay_id] = BayState(bay_id=bay.bay_id)
            overlay.tell(BayDefined(bay=bay), bay.municipality_id, bay.bay_id, sequence=bay.version)

    def _update(self, conn: Connection, overlay: Overlay, bays: list[Bay]) -> None:
        store.update_bays(conn, bays)
        for bay in bays:
            overlay.bays[bay.bay_id] = bay
            overlay.tell(BayDefined(bay=bay), bay.municipality_id, bay.bay_id, sequence=bay.version)
            overlay.settle(bay, overlay.state(bay.bay_id), "map", told=True)

    # --- from a file -------------------------------------------------------------------------------------------------

    async def import_bays(
        self, municipality_id: str, drafts: list[BayDraft], *, life: Life, dry_run: bool
    ) -> ImportResult:
        """Create or bring up to date what a file describes; the same file again changes nothing."""
        zones = zones_by_name(self._parking.picture.zones, municipality_id)
        external_ids, codes = [d.external_id for d in drafts], [d.code.upper() for d in drafts]
        known, taken = await self._database.read(
            lambda conn: (
                store.bays_by_external(conn, municipality_id, external_ids),
                store.codes_like(conn, municipality_id, codes),
            )
        )
        plan = _Plan(municipality_id, life, known, zones, taken)
        for draft in drafts:
            plan.take(draft)
        if not dry_run and (plan.new or plan.changed or plan.new_zones):
            await self._parking.commit(lambda conn, overlay: self._carry_out(conn, overlay, plan))
        return ImportResult(
            created=len(plan.new), updated=len(plan.changed), unchanged=plan.unchanged, refused=plan.refused,
            zones_created=[z.name for z in plan.new_zones], preview=drafts[:_PREVIEW], dry_run=dry_run,
        )  # fmt: skip

    def _carry_out(self, conn: Connection, overlay: Overlay, plan: _Plan) -> None:
        for zone in plan.new_zones:
            self._put_zone(conn, overlay, zone)
        self._insert(conn, overlay, plan.new)
        self._update(conn, overlay, plan.changed)

    # --- rules -------------------------------------------------------------------------------------------------------

    async def put_rule(self, new: NewRule, rule_id: str | None = None) -> Rule:
        """Make a rule, or replace the one with that id."""
        fault = hours_fault(new.hours) if new.hours else None
        if fault:
            raise Invalid("The hours cannot be read (OSM opening_hours).", errors=[FieldFault("/hours", fault)])
        for name in ("max_stay_min", "grace_s"):
            value = getattr(new, name)
            if value is not None and not 0 <= value <= 86400:
                raise Invalid("A duration is out of range.", errors=[FieldFault(f"/{name}", "must be 0 to 86400")])
        self._check_scope(new)
        rule = Rule(rule_id=rule_id or new_id(), **msgspec.structs.asdict(new))

        def work(conn: Connection, overlay: Overlay) -> None:
            store.put_rule(conn, rule)
            overlay.rules[rule.rule_id] = rule
            overlay.tell(RuleDefined(rule=rule), rule.municipality_id, rule.rule_id)

        await self._parking.commit(work)
        return rule

    def _check_scope(self, new: NewRule) -> None:
        picture = self._parking.picture
        zone, bay = picture.zones.get(new.zone_id or ""), picture.bay(new.bay_id or "")
        if new.zone_id and (zone is None or zone.municipality_id != new.municipality_id):
            raise NotFound("There is no such zone.")
        if new.bay_id and (bay is None or bay.municipality_id != new.municipality_id):
            raise NotFound("There is no such bay.")

    def rule(self, rule_id: str) -> Rule:
        """The rule, or NotFound."""
        rule = self._parking.picture.rules.get(rule_id)
        if rule is None:
            raise NotFound("There is no such rule.")
        return rule

    async def remove_rule(self, rule_id: str) -> None:
        """Take a rule away."""
        rule = self.rule(rule_id)

        def work(conn: Connection, overlay: Overlay) -> None:
            store.remove_rule(conn, rule_id)
            overlay.rules[rule_id] = None
            overlay.tell(RuleDefined(rule=rule, removed=True), rule.municipality_id, rule_id)

        await self._parking.commit(work)

    # --- addresses ---------------------------------------------------------------------------------------------------

    async def add_addresses(self, batch: AddressBatch) -> int:
        """Keep addresses to search by; how many were new."""
        for n, row in enumerate(batch.addresses):
            if not on_earth(row.lon, row.lat):
                fault = FieldFault(f"/addresses/{n}", "off the earth")
                raise OffTheEarth("Longitude is -180 to 180, latitude -90 to 90.", errors=[fault])
        rows = [_address_values(batch.municipality_id, row) for row in batch.addresses]
        return await self._database.write(lambda conn: store.put_addresses(conn, rows))

    async def find_addresses(self, text: str, limit: int, municipality_id: str | None = None) -> list[Address]:
        """Places whose address holds every word of `text`; without imported ones the bays' own streets."""
        words = fold_text(text).split()
        if not words:
            return []
        rows = await self._database.read(lambda conn: store.find_addresses(conn, words, limit, municipality_id))
        if rows:
            return [Address(label=_label(row), lon=row["lon"], lat=row["lat"]) for row in rows]
        streets = await self._database.read(lambda conn: store.find_streets(conn, words, limit, municipality_id))
        return [Address(label=address, lon=lon, lat=lat, source="bay") for address, lon, lat in streets]


class _Plan:
    """What an import would do."""

    def __init__(self, municipality_id: str, life: Life, known: dict[str, Bay], zones: dict[str, Zone],
                 codes: set[str]) -> None:  # fmt: skip
        self._municipality_id, self._life, self._known, self._zones = municipality_id, life, known, zones
        self._codes = codes
        self._seen: set[str] = set()
        self.new: list[Bay] = []
        self.changed: list[Bay] = []
        self.new_zones: list[Zone] = []
        self.refused: list[RefusedRow] = []
        self.unchanged = 0

    def take(self, draft: BayDraft) -> None:
        """Plan one bay."""
        if not on_earth(draft.lon, draft.lat):
            self._refuse(draft, "off-the-earth", "Longitude is -180 to 180, latitude -90 to 90.")
        elif draft.external_id in self._seen:
            self._refuse(draft, "twice", f"The id '{draft.external_id}' stands twice in this import.")
        else:
            self._seen.add(draft.external_id)
            self._plan(draft, self._zone(draft.zone_name))

    def _refuse(self, draft: BayDraft, slug: str, reason: str) -> None:
        self.refused.append(RefusedRow(row=draft.row, reason=reason, slug=slug, excerpt=draft.code))

    def _zone(self, name: str | None) -> Zone:
        name = (name or "").strip() or "General"
        zone = self._zones.get(name)
        if zone is None:
            zone = Zone(zone_id=new_id(), municipality_id=self._municipality_id, name=name)
            self._zones[name] = zone
            self.new_zones.append(zone)
        return zone

    def _plan(self, draft: BayDraft, zone: Zone) -> None:
        attributes: dict[str, Any] = dict(draft.attributes)
        if draft.outline:
            attributes["outline"] = draft.outline
        told: dict[str, Any] = {
            "category": draft.category, "lon": draft.lon, "lat": draft.lat, "address": draft.address,
            "attributes": attributes,
        }  # fmt: skip
        before = self._known.get(draft.external_id)
        if before is None:
            bay = Bay(
                bay_id=new_id(), municipality_id=self._municipality_id, zone_id=zone.zone_id,
                code=self._code(draft.code), life=self._life, external_id=draft.external_id, **told,
            )  # fmt: skip
            self.new.append(bay)
        elif all(getattr(before, name) == value for name, value in told.items()):
            self.unchanged += 1
        else:
            self.changed.append(msgspec.structs.replace(before, version=before.version + 1, **told))

    def _code(self, wanted: str) -> str:
        code, n = wanted, 2
        while code.upper() in self._codes:
            code, n = f"{wanted}.{n}", n + 1
        self._codes.add(code.upper())
        return code


def _refuse_taken_code(conn: Connection, bay: Bay) -> None:
    taken = store.code_taken(conn, bay.municipality_id, bay.code)
    if taken is not None and taken != bay.bay_id:
        raise Conflict(f"There is a bay with the code '{bay.code}' already.")


def _check_bay(bay: Bay) -> None:
    if not on_earth(bay.lon, bay.lat):
        fault = FieldFault("/lon", "off the earth")
        raise OffTheEarth("Longitude is -180 to 180, latitude -90 to 90.", errors=[fault])
    if not bay.code or len(bay.code) > 60:
        raise Invalid("A bay needs a code of 1 to 60 characters.", errors=[FieldFault("/code", "1 to 60 characters")])
    if bay.closed_from and bay.closed_to and bay.closed_to <= bay.closed_from:
        raise Invalid(
            "The closing ends before it begins.", errors=[FieldFault("/closed_to", "must be after closed_from")]
        )


def _address_values(municipality_id: str, row: Any) -> dict[str, Any]:
    folded = fold_text(f"{row.street} {row.number} {row.place}")
    return {
        "address_id": f"{municipality_id}/{folded}"[:80], "municipality_id": municipality_id, "folded": folded,
        "street": row.street, "number": row.number, "place": row.place, "lon": row.lon, "lat": row.lat,
    }  # fmt: skip


def _label(row: dict[str, Any]) -> str:
    street = f"{row['street']}, {row['number']}" if row["number"] else row["street"]
    return f"{street} ({row['place']})" if row["place"] else street
