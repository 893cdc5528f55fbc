"""The pages of one's own data, of a town's register, and of erasures and proofs for the administration."""

from __future__ import annotations

import re
from pathlib import Path

from admin_office import PASSWORD, Clerk, colleague, office
from siga.services.gateway.pages.texts.en import privacy as english
from siga.services.gateway.pages.texts.es import privacy as spanish
from support import run


def test_both_languages_say_the_same_things() -> None:
    assert spanish.TEXTS.keys() == english.TEXTS.keys()
    for key, text in spanish.TEXTS.items():
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", english.TEXTS[key])), key


def test_anyone_reads_a_towns_register_in_either_language(tmp_path: Path) -> None:
    async def work() -> None:
        async with office(tmp_path) as (_, system):
            anyone = Clerk(system)
            assert 'href="/privacy/soria"' in await anyone.page("/privacy")
            page = await anyone.page("/privacy/soria?lang=en")
            for words in ("Record of processing activities of Soria", "Accreditations, cards and plates",
                          "GDPR arts. 6.1.e and 9.2.g", "72 h after the stay"):  # fmt: skip
                assert words in page, words
            assert "72 h después de la estancia" in await anyone.page("/privacy/soria?lang=es")
            assert (await anyone.http.get("/privacy/nowhere")).status_code == 404

    run(work(), 90)


def test_somebody_sees_takes_and_erases_their_own_data(tmp_path: Path) -> None:
    async def work() -> None:
        async with office(tmp_path) as (boss, system):
            clerk = await colleague(boss, system, "operator")
            assert "Download as a file" in await clerk.page("/account/data?lang=en")
            page = await clerk.page("/account/data/all")
            assert "operator@soria.example" in page
            assert "ana@soria.example" not in page, "nothing of another person"
            file = await clerk.http.get("/account/data/siga.json")
            assert file.headers["content-disposition"] == 'attachment; filename="siga.json"'
            assert file.json()["missing"] == []
            await clerk.page("/account/data/erase")
            refused = await clerk.send("/account/data/erase", 422, surrender="")
            assert "Tick the box to confirm." in refused
            done = await clerk.send("/account/data/erase", 200, surrender="", sure="yes")
            number, code = re.findall(r"<dd>([^<]+)</dd>", done)[:2]
            assert (await clerk.http.get("/account")).url.path == "/sign-in", "the session is over"
            follower = Clerk(system)
            await follower.page(f"/privacy/erasure?id={number}&lang=en")
            progress = await follower.send("/privacy/erasure", 200, erasure_id=number, code=code)
            assert "of 7 parts are done" in progress
            wrong = await follower.send("/privacy/erasure", 422, erasure_id=number, code="AAAA-BBBB-CCCC")
            assert "There is no erasure with that number and code." in wrong
            last = await boss.page("/account/data/erase?lang=en")
            assert "Erase everything" in last
            assert "You are the only administrator" in await boss.send("/account/data/erase", 422, sure="yes")
            listed = await boss.page("/admin/privacy")
            assert "Proofs of deletion" in listed

    run(work(), 120)


def test_an_administrator_sees_and_erases_a_member_of_staff_who_asked_for_it(tmp_path: Path) -> None:
    async def work() -> None:
        async with office(tmp_path) as (boss, system):
            clerk = await colleague(boss, system, "police")
            people = await boss.page("/admin/people?lang=en")
            user_id = re.findall(r'href="/admin/people/([0-9a-f-]{36})">Police<', people)[0]
            page = await boss.page(f"/admin/privacy/people/{user_id}")
            assert "police@soria.example" in page
            assert "Open sessions" not in page
            await boss.page(f"/admin/privacy/people/{user_id}/erase")
            assert "Erasing your data" in await boss.send(f"/admin/privacy/people/{user_id}/erase", 200)
            assert (await clerk.http.get("/police")).url.path == "/sign-in"
            await clerk.page("/sign-in")
            await clerk.send("/sign-in", 422, email="police@soria.example", password=PASSWORD)
            assert (await boss.http.get(f"/admin/privacy/people/{user_id}")).status_code == 404

    run(work(), 120)
