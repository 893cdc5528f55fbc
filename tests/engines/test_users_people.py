"""People of staff: invited, given roles, relieved of them, each in their own municipality."""

from __future__ import annotations

from pathlib import Path

from support import OTHER_MUNICIPALITY, run
from users_house import ADMIN, PASSWORD, house, slug


def test_an_invited_person_sets_a_password_once_and_has_the_roles_then(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            invited = await users.invite(grants=[{"role": "police", "zone_ids": ["z1"]}])
            assert invited["person"]["grants"] == []
            assert slug(await users.use("K7QF-2MXN-84TD")) == "wrong-code"
            assert slug(await users.use(invited["code"], "12345678")) == "weak-password"
            assert (await users.sign_in("pol@town.example")).status_code == 401
            assert (await users.use(invited["code"].lower())).status_code == 200
            assert slug(await users.use(invited["code"])) == "wrong-code"
            principal = (await users.sign_in("pol@town.example")).json()["principal"]
            grant = {"role": "police", "municipality_id": users.municipality_id, "zone_ids": ["z1"]}
            assert principal["grants"] == [grant]

    run(walk())


def test_an_invitation_ends_after_a_week_or_when_it_is_withdrawn_or_replaced(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            first = await users.invite()
            path = f"/api/v1/users/{first['person']['user_id']}/invitation"
            second = (await users.admin.post(path)).json()
            assert slug(await users.use(first["code"])) == "wrong-code"
            assert (await users.admin.ask("DELETE", path)).status_code == 204
            assert slug(await users.use(second["code"])) == "wrong-code"
            third = await users.invite()
            users.clock.forward(7 * 86400)
            assert slug(await users.use(third["code"])) == "wrong-code"

    run(walk())


def test_a_registered_address_gets_roles_only_with_its_own_password(tmp_path: Path, database_url: str | None) -> None:
    """Whoever registered somebody else's address must not get that person's roles; nor an administrator the account."""

    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            driver_id = await users.register("eva@mail.example")
            invited = await users.invite("eva@mail.example", name="E. as the clerk wrote it")
            assert invited["person"]["user_id"] == driver_id
            assert invited["person"]["name"] == "E. as the clerk wrote it"
            assert slug(await users.use(invited["code"], "not the account's own")) == "sign-in-failed"
            assert (await users.use(invited["code"], PASSWORD)).status_code == 200
            grants = (await users.sign_in("eva@mail.example")).json()["principal"]["grants"]
            assert {g["role"] for g in grants} == {"driver", "police"}
            again = await users.admin.post(f"/api/v1/users/{driver_id}/invitation")
            assert (again.status_code, slug(again)) == (409, "conflict")

    run(walk())


def test_an_administrator_lets_pure_staff_set_a_new_password(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            await users.use((invited := await users.invite())["code"])
            token = (await users.sign_in("pol@town.example")).json()["token"]
            again = await users.admin.post(f"/api/v1/users/{invited['person']['user_id']}/invitation")
            assert (await users.use(again.json()["code"], "four other unrelated words")).status_code == 200
            assert slug(await users.resolve(token)) == "session-over"
            assert (await users.sign_in("pol@town.example")).status_code == 401
            assert (await users.sign_in("pol@town.example", "four other unrelated words")).status_code == 201

    run(walk())


def test_roles_are_given_and_taken_and_sessions_know_at_once(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            await users.use((await users.invite())["code"])
            opened = (await users.sign_in("pol@town.example")).json()
            path = f"/api/v1/users/{opened['principal']['user_id']}/grants"
            assert (await users.admin.ask("PUT", f"{path}/installer", {"zone_ids": ["z2"]})).status_code == 200
            assert (await users.admin.ask("DELETE", f"{path}/police")).status_code == 204
            assert (await users.admin.ask("DELETE", f"{path}/police")).status_code == 404
            grants = (await users.resolve(opened["token"])).json()["grants"]
            assert [(g["role"], g["zone_ids"]) for g in grants] == [("installer", ["z2"])]
            assert len(await users.facts("GrantsChanged")) == 4
            for role, body in (("platform", {}), ("driver", {}), ("administrator", {"zone_ids": ["z1"]})):
                assert slug(await users.admin.ask("PUT", f"{path}/{role}", body)) == "grant-refused"
            assert (await users.admin.ask("PUT", f"{path}/mayor", {})).status_code == 422

    run(walk())


def test_the_last_administrator_stays(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            path = f"/api/v1/users/{users.admin_id}/grants/administrator"
            assert slug(await users.admin.ask("DELETE", path)) == "last-administrator"
            await users.use((await users.invite("b@town.example", "administrator"))["code"])
            assert (await users.admin.ask("DELETE", path)).status_code == 204

    run(walk())


def test_people_of_another_municipality_do_not_exist_for_its_neighbour(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            neighbour = users.staff("administrator", municipality_id=OTHER_MUNICIPALITY)
            path = f"/api/v1/users/{users.admin_id}"
            assert (await neighbour.get(path)).status_code == 404
            assert (await neighbour.post(f"{path}/invitation")).status_code == 404
            assert (await neighbour.ask("PUT", f"{path}/grants/police", {})).status_code == 404
            assert (await neighbour.ask("DELETE", f"{path}/grants/administrator")).status_code == 404
            assert (await neighbour.get("/api/v1/users")).json()["people"] == []
            there = {"email": "x@town.example", "name": "X",
                     "grants": [{"role": "police", "municipality_id": users.municipality_id}]}  # fmt: skip
            assert (await neighbour.post("/api/v1/users", there)).status_code == 404
            home = f"/api/v1/municipalities/{users.municipality_id}"
            assert (await neighbour.ask("PATCH", home, {"name": "Mine"})).status_code == 404
            assert (await neighbour.get(f"{home}/setup")).status_code == 404
            for role in ("driver", "police", "installer", "operator", "auditor"):
                assert (await users.staff(role).get("/api/v1/users")).status_code == 403
            assert (await users.guest.get("/api/v1/users")).status_code == 401

    run(walk())


def test_people_are_listed_in_pages_and_by_role(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with house(tmp_path, database_url) as users:
            for n in range(4):
                await users.invite(f"p{n}@town.example")
            seen: list[str] = []
            cursor: str | None = ""
            while cursor is not None:
                page = (await users.admin.get("/api/v1/users", limit=2, cursor=cursor)).json()
                seen += [one["email"] for one in page["people"]]
                cursor = page["next"]
            assert sorted(seen) == sorted([ADMIN, *(f"p{n}@town.example" for n in range(4))])
            only = (await users.admin.get("/api/v1/users", role="administrator")).json()["people"]
            assert [one["email"] for one in only] == [ADMIN]
            assert (await users.admin.get("/api/v1/users", limit=0)).status_code == 422

    run(walk())


def test_the_platform_founds_municipalities_and_sees_nobody_in_them(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            platform = users.staff("platform", municipality_id="")
            body = {"municipality": {"name": "Sotillo"}, "administrator": {"email": "c@sotillo.example", "name": "C"}}
            assert (await users.admin.post("/api/v1/municipalities", body)).status_code == 403
            founded = (await platform.post("/api/v1/municipalities", body)).json()
            town = founded["municipality"]["municipality_id"]
            again = await platform.post(f"/api/v1/municipalities/{town}/administrator", body["administrator"])
            assert slug(await users.use(founded["invitation"]["code"])) == "wrong-code"
            assert (await users.use(again.json()["code"])).status_code == 200
            late = await platform.post(f"/api/v1/municipalities/{town}/administrator", body["administrator"])
            assert (late.status_code, slug(late)) == (409, "conflict")
            assert (await platform.get("/api/v1/users")).status_code == 403
            assert (await platform.get("/api/v1/accreditations")).status_code == 403
            taken = {**body, "municipality": {"name": "Other", "slug": "sotillo"}}
            assert slug(await platform.post("/api/v1/municipalities", taken)) == "slug-taken"
            second = (await platform.post("/api/v1/municipalities", body)).json()["municipality"]
            assert second["slug"] == "sotillo-2"

    run(walk())


def test_anyone_reads_a_municipality_and_its_administrator_changes_it(tmp_path: Path) -> None:
    async def walk() -> None:
        async with house(tmp_path) as users:
            path = f"/api/v1/municipalities/{users.municipality_id}"
            changed = await users.admin.ask("PATCH", path, {"contact": "010", "time_zone": "Atlantic/Canary"})
            assert changed.status_code == 200
            assert (await users.guest.get("/api/v1/municipalities/villanueva-del-rio")).json() == changed.json()
            assert (await users.guest.get(path)).json()["time_zone"] == "Atlantic/Canary"
            assert (await users.guest.get("/api/v1/municipalities/nowhere")).status_code == 404
            assert slug(await users.admin.ask("PATCH", path, {"slug": "other"})) == "invalid"
            assert slug(await users.admin.ask("PATCH", path, {"lon": 181, "lat": 0})) == "invalid"
            defined = [e for e in (await users.events()).events if e.kind == "MunicipalityDefined"]
            assert [event.sequence for event in defined] == [1, 2]
            told = (await users.service("drivers").get("/internal/v1/municipalities")).json()
            assert told == [changed.json()]

    run(walk())
