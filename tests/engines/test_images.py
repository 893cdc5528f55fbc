"""The running service: photos kept sealed, read by jobs, shown without their secrets, destroyed in time."""

from __future__ import annotations

import asyncio
import hashlib
import io
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import get
from PIL import Image

from siga.contract.auth import SERVICES, Claims
from siga.contract.enforcement import PhotoReading, PhotoStored, PlateRead
from siga.contract.events import EventPage
from siga.contract.parking import StaffBayView
from siga.kit.auth import Keyring, make_keys
from siga.kit.clock import HandClock
from siga.kit.http import service_app
from siga.kit.problem import NotFound
from siga.services.images.model import PlateCandidate, Reading
from siga.services.images.pool import ReaderFailed
from siga.services.images.store import Store
from support import MUNICIPALITY, OTHER_MUNICIPALITY, Running, run, running, shared

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
READ = Reading(
    plates=(
        PlateCandidate(plate="1234BCD", confidence=0.9, country="ES", box=(100, 200, 80, 20)),
        PlateCandidate(plate="1234BCO", confidence=0.2, country="ES", box=(100, 200, 80, 20)),
        PlateCandidate(plate="9999ZZZ", confidence=0.8, country="ES", box=(300, 40, 60, 16)),
    )
)


class Readers:
    """Stands in for the reader processes: answers what the test says, or fails."""

    answers: Callable[[bytes], Reading]
    hang = False
    reads = 0

    def __init__(self, workers: int) -> None:
        self.workers = workers

    async def start(self) -> None:
        """As the pool."""

    async def stop(self) -> None:
        """As the pool."""

    async def read(self, image: bytes, site_country: str) -> Reading:
        """As the pool."""
        Readers.reads += 1
        if Readers.hang:
            await asyncio.sleep(60)
        return Readers.answers(image)


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> type[Readers]:
    monkeypatch.setattr("siga.services.images.runner.ReaderPool", Readers)
    Readers.answers, Readers.hang, Readers.reads = staticmethod(lambda _: READ), False, 0
    return Readers


def died(_: bytes) -> Reading:
    raise ReaderFailed("reader_died")


def jpeg(colour: str = "grey", *, exif: bool = False) -> bytes:
    """A picture with, if `exif`, a position and a camera's name in it."""
    image = Image.new("RGB", (640, 480), colour)
    image.paste("white", (300, 40, 360, 56))
    image.paste("black", (325, 40, 335, 56))
    out = io.BytesIO()
    if exif:
        data = Image.Exif()
        data[0x0110] = "SECRET-CAMERA"
        image.save(out, "JPEG", quality=95, exif=data)
    else:
        image.save(out, "JPEG", quality=95)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that claims 900 megapixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + b"\0" * 20


@asynccontextmanager
async def images(data: Path, clock: HandClock | None = None, database_url: str | None = None) -> AsyncIterator[Running]:
    """Images, beside a Parking that knows the bay b1 alone."""
    make_keys(data / "keys", SERVICES)
    keys = Keyring.open(data / "keys", SERVICES)

    @get("/internal/v1/bays/{bay_id:str}")
    async def bay(caller: Claims, bay_id: str) -> StaffBayView:
        if bay_id != "b1":
            raise NotFound("no such bay")
        return StaffBayView(
            bay_id="b1", code="B1", municipality_id=MUNICIPALITY, zone_id="z", zone_name="", category="disabled",
            lon=0.0, lat=0.0, occupancy="occupied",
        )  # fmt: skip

    parking = service_app("parking", [bay], keys=keys)
    async with running(
        "images", data=data, clock=clock or HandClock(NOW), remote={"parking": parking}, database_url=database_url
    ) as system:
        yield system


async def until(true: Callable[[], Awaitable[bool]], limit_s: float = 10.0) -> None:
    """Look again until it is true."""
    end = asyncio.get_running_loop().time() + limit_s
    while not await true():
        assert asyncio.get_running_loop().time() < end, "it did not come true in time"
        await asyncio.sleep(0.01)


async def keep(system: Running, data: bytes, case_id: str = "case-1", **params: Any) -> str:
    """Keep a photo; its id."""
    answer = await system.as_service("images", "gateway").ask(
        "POST", "/internal/v1/photos", content=data, params={"case_id": case_id, "bay_id": "b1", **params}
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["sha256"] == hashlib.sha256(data).hexdigest()
    return str(answer.json()["photo_id"])


async def reading(system: Running, photo_id: str) -> PhotoReading:
    """What Images says of a photo now."""
    answer = await system.as_service("images", "enforcement").get(f"/internal/v1/photos/{photo_id}/reading")
    assert answer.status_code == 200, answer.text
    return msgspec.convert(answer.json(), PhotoReading)


async def read(system: Running, photo_id: str, limit_s: float = 5.0) -> PhotoReading:
    """What was read, as soon as it is."""

    async def done() -> bool:
        return (await reading(system, photo_id)).done

    await until(done, limit_s)
    return await reading(system, photo_id)


async def facts(system: Running) -> list[Any]:
    """What Images told."""
    answer = await system.as_service("images", "enforcement").get("/internal/v1/events", after=0)
    return [event.decoded() for event in msgspec.json.decode(answer.content, type=EventPage).events]


def on_disk(data: Path) -> bytes:
    """Everything the service keeps."""
    return b"".join(path.read_bytes() for path in sorted((data / "images").rglob("*")) if path.is_file())


def test_a_photo_is_kept_sealed_once_and_read(tmp_path: Path, readers: type[Readers]) -> None:
    async def walk() -> None:
        async with images(tmp_path) as system:
            original = jpeg()
            photo_id = await keep(system, original)
            assert await keep(system, original) == photo_id
            assert await keep(system, original, "case-2") != photo_id
            said = await read(system, photo_id)
            assert [(p.plate, p.confidence) for p in said.plates] == [("1234BCD", 0.9), ("1234BCO", 0.2)]
            assert (said.case_id, said.taken_at, said.reason) == ("case-1", NOW, None)
            await read(system, await keep(system, original, "case-2"))
            told = await facts(system)
            assert sorted(type(one).__name__ for one in told) == ["PhotoStored"] * 2 + ["PlateRead"] * 2
            digest = hashlib.sha256(original).hexdigest()
            assert told[0] == PhotoStored(
                photo_id=photo_id, case_id="case-1", bay_id="b1", sha256=digest, bytes=len(original)
            )
            assert PlateRead(photo_id=photo_id, case_id="case-1", candidates=2, confidence=0.9) in told
        kept = on_disk(tmp_path)
        assert b"1234BCD" not in kept
        assert original[200:400] not in kept
        assert (tmp_path / "images" / "photos.key").stat().st_mode & 0o777 == 0o600

    run(walk())


def test_what_is_no_picture_or_too_large_is_refused_by_name_and_leaves_nothing(
    tmp_path: Path, readers: type[Readers]
) -> None:
    async def walk() -> None:
        async with images(tmp_path) as system:
            gateway = system.as_service("images", "gateway")
            where = {"case_id": "case-1", "bay_id": "b1"}
            for content, status, slug in (
                (b"GIF89a....", 415, "not-a-picture"), (b"", 415, "not-a-picture"),
                (b"<svg onload='x'/>", 415, "not-a-picture"), (bomb(), 422, "picture-too-large"),
                (jpeg() + b"\0" * (8 * 1024 * 1024), 413, "too-large"),
            ):  # fmt: skip
                answer = await gateway.ask("POST", "/internal/v1/photos", content=content, params=where)
                assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
            nowhere = {**where, "bay_id": "b2"}
            refused = await gateway.ask("POST", "/internal/v1/photos", content=jpeg(), params=nowhere)
            assert refused.status_code == 404
            for caller in (system.as_service("images", "logs"), system.as_person("images", "police")):
                refused = await caller.ask("POST", "/internal/v1/photos", content=jpeg(), params=where)
                assert refused.status_code == 403
            assert await facts(system) == []
            assert not any((tmp_path / "images" / "photos").rglob("*"))

    run(walk())


def test_a_photo_that_kills_its_readers_is_set_aside_after_three_tries_and_can_be_tried_again(
    tmp_path: Path, readers: type[Readers]
) -> None:
    async def walk() -> None:
        clock = HandClock(NOW)
        readers.answers = staticmethod(died)
        async with images(tmp_path, clock) as system:
            photo_id = await keep(system, jpeg())
            operator = system.as_person("images", "operator")

            async def done_later() -> bool:
                clock.forward(2)
                return (await reading(system, photo_id)).done

            await until(done_later)
            assert readers.reads == 3
            overview = (await operator.get("/api/v1/images/jobs")).json()
            assert overview["counts"] == {"waiting": 0, "running": 0, "done": 0, "quarantined": 1}
            [job] = overview["quarantined"]
            assert (job["photo_id"], job["reason"], job["tries"]) == (photo_id, "reader_died", 3)
            assert (await facts(system))[-1] == PlateRead(
                photo_id=photo_id, case_id="case-1", candidates=0, reason="reader_died"
            )
            readers.answers = staticmethod(lambda _: READ)
            path = f"/api/v1/images/jobs/{job['job_id']}/retry"
            assert (await system.as_person("images", "driver").post(path)).status_code == 403
            far = system.as_person("images", "operator", municipality_id=OTHER_MUNICIPALITY)
            assert (await far.post(path)).status_code == 404
            assert (await far.get("/api/v1/images/jobs")).json()["counts"]["quarantined"] == 0
            assert (await operator.post(path)).json()["state"] == "waiting"

            async def has_plates() -> bool:
                return bool((await reading(system, photo_id)).plates)

            await until(has_plates)

    run(walk())


def test_a_photo_whose_reader_went_down_with_the_house_is_read_after_the_lease(
    tmp_path: Path, readers: type[Readers]
) -> None:
    async def walk() -> None:
        clock = HandClock(NOW)
        readers.hang = True
        async with images(tmp_path, clock) as system:
            photo_id = await keep(system, jpeg())
            await until(_begun)
        readers.hang = False
        async with images(tmp_path, clock) as system:
            await read(system, photo_id)  # an orderly end gives it back at once
            readers.hang = True
            lost = await keep(system, jpeg("red"))
            await asyncio.sleep(0.1)
            database = system.system.services["images"].database
            assert database is not None
            assert await Store(database).claim(clock()) is None
        readers.hang = False
        await _as_killed(tmp_path, clock)
        async with images(tmp_path, clock) as system:
            await asyncio.sleep(0.1)
            assert not (await reading(system, lost)).done
            clock.forward(20)
            await keep(system, jpeg("blue"), "case-3")
            await read(system, lost)

    run(walk())


async def _begun() -> bool:
    return Readers.reads > 0


async def _as_killed(data: Path, clock: HandClock) -> None:
    """Claim what waits as a process would that is killed right after."""
    from siga.engines.sqlite import open_sqlite
    from siga.services.images.store import metadata

    database = open_sqlite(data / "images" / "images.db", metadata)
    assert await Store(database).claim(clock()) is not None
    await database.close()


def test_photos_are_destroyed_in_time_unless_their_case_holds_them(tmp_path: Path, readers: type[Readers]) -> None:
    async def walk() -> None:
        clock = HandClock(NOW)
        async with images(tmp_path, clock) as system:
            old, held, until = [await keep(system, jpeg(colour), colour) for colour in ("red", "green", "blue")]
            for photo_id in (old, held, until):
                await read(system, photo_id)
            police = system.as_service("images", "enforcement")
            later = clock.now.isoformat().replace("+00:00", "Z").replace("11-24", "12-14")
            assert (await police.post(f"/internal/v1/photos/{held}/hold", {"until": None})).status_code == 204
            assert (await police.post(f"/internal/v1/photos/{until}/hold", {"until": later})).status_code == 204
            assert (await police.post("/internal/v1/photos/none/hold", {"until": None})).status_code == 404
        clock.forward(8 * 86400)
        assert await _left(tmp_path, clock, [old, held, until]) == [held, until]
        clock.forward(13 * 86400)
        assert await _left(tmp_path, clock, [held, until]) == [held]
        assert len([path for path in (tmp_path / "images" / "photos").rglob("*") if path.is_file()]) == 1

    run(walk())


async def _left(data: Path, clock: HandClock, photo_ids: list[str]) -> list[str]:
    async with images(data, clock) as system:
        police = system.as_service("images", "enforcement")
        await asyncio.sleep(0.2)
        answers = {p: await police.get(f"/internal/v1/photos/{p}/reading") for p in photo_ids}
        return [p for p, answer in answers.items() if answer.status_code == 200]


def test_a_photo_is_shown_without_metadata_and_with_other_plates_made_unreadable(
    tmp_path: Path, readers: type[Readers]
) -> None:
    async def walk() -> None:
        async with images(tmp_path) as system:
            original = jpeg(exif=True)
            assert b"SECRET-CAMERA" in original
            photo_id = await keep(system, original)
            await read(system, photo_id)
            police = system.as_service("images", "enforcement")
            whole = await police.get(f"/internal/v1/photos/{photo_id}")
            assert whole.headers["content-type"] == "image/jpeg"
            assert b"SECRET-CAMERA" not in whole.content
            shown = Image.open(io.BytesIO(whole.content))
            assert (shown.size, dict(shown.getexif())) == ((640, 480), {})
            before, after = (_contrast(Image.open(io.BytesIO(data))) for data in (original, whole.content))
            assert before > 200 > 120 > after
            crop = await police.get(f"/internal/v1/photos/{photo_id}", crop="plate")
            assert Image.open(io.BytesIO(crop.content)).size == (240, 240)
            for other in ("gateway", "drivers"):
                assert (
                    await system.as_service("images", other).get(f"/internal/v1/photos/{photo_id}")
                ).status_code == 403

    run(walk())


def _contrast(image: Image.Image) -> int:
    """Between the lightest and the darkest point of the other vehicle's plate."""
    low, high = image.convert("L").crop((302, 42, 358, 54)).getextrema()
    return int(high) - int(low)


def test_towns_take_turns_on_both_kinds_of_store(
    tmp_path: Path, database_url: str | None, readers: type[Readers]
) -> None:
    async def walk() -> None:
        clock = HandClock(NOW)
        readers.hang = True
        async with images(tmp_path, clock, database_url) as system:
            first = await keep(system, jpeg("white"))
            await asyncio.sleep(0.05)
            for n in range(4):
                await keep(system, jpeg(f"rgb(0,{n},0)"), f"case-{n}")
                clock.forward(1)
            await keep(system, jpeg("red"), "far", municipality_id=OTHER_MUNICIPALITY)
            database = system.system.services["images"].database
            assert database is not None
            claimed = [await Store(database).claim(clock.forward(1)) for _ in range(6)]
            towns = [job.municipality_id if job else None for job in claimed]
            assert towns == [OTHER_MUNICIPALITY, *[MUNICIPALITY] * 4, None]
            assert first not in {job.photo_id for job in claimed if job}

    run(walk())


def test_the_real_reader_reads_a_real_photograph(tmp_path: Path) -> None:
    photograph = shared("data", "plates", "eu")
    picture = sorted(photograph.rglob("*.jpg"))[0]

    async def walk() -> None:
        async with images(tmp_path) as system:
            photo_id = await keep(system, picture.read_bytes(), site_country="DE")
            said = await read(system, photo_id, 50)
            assert said.plates
            assert said.plates[0].confidence > 0.3

    run(walk())
