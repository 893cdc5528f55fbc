"""What one can ask of Images: keep a photo, show it, tell what was read, hold it, look after the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from siga.contract.enforcement import (
    JobsOverview,
    PhotoKept,
    PhotoReading,
    PhotoStored,
    PlateCandidate,
    QuarantinedJob,
)
from siga.contract.settings import PHOTO_KEPT_DAYS, PHOTO_ROOM_MIB
from siga.contract.subjects import ErasedPart, Kept, Row, SubjectAsk, SubjectPart, SubjectSection
from siga.kit.auth import Keyring
from siga.kit.clock import Clock
from siga.kit.ids import new_id
from siga.kit.journal import Fact
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.paging import cursor_from, place_in
from siga.kit.problem import NotFound, Problem, StoreFull, TooLarge
from siga.services.images import jobs as rules
from siga.services.images.decode import MOST_BYTES, NotAPicture, check_header
from siga.services.images.evidence import EvidenceStore, Photo, PhotoLost, sha256_of
from siga.services.images.jobs import PhotoKind
from siga.services.images.model import Reading, candidates, others_in_view
from siga.services.images.show import Wish, shown
from siga.services.images.store import Store

log = logger("images")
_SHOWN_AT_ONCE = 2
_TOLD = ("photo_id", "municipality_id", "bay_id", "kind", "stored_at", "bytes", "sha256", "held_until")


class NoPicture(Problem):
    """This is no JPEG, PNG or WebP picture"""

    slug, status = "not-a-picture", 415


class PictureTooLarge(Problem):
    """The picture has more pixels than are taken"""

    slug, status = "picture-too-large", 422


class PhotoFor(msgspec.Struct, frozen=True, kw_only=True):
    """What a photo is for: `case_id` may be the id of a driver's report; `site_country` is where the camera stands."""

    case_id: str
    bay_id: str
    municipality_id: str
    site_country: str
    kind: PhotoKind


class Images:
    """The use cases; `wake` tells the runner that there is a new job, `free_bytes` how much room the disk has left."""

    def __init__(self, *, store: Store, evidence: EvidenceStore, settings: LiveSettings, clock: Clock, keys: Keyring,
                 wake: Callable[[], None], free_bytes: Callable[[], int]) -> None:  # fmt: skip
        self._free_bytes, self._short = free_bytes, False
        self._store, self._evidence, self._settings, self._clock = store, evidence, settings, clock
        self._wake, self._keys = wake, keys
        self._showing = asyncio.Semaphore(_SHOWN_AT_ONCE)

    async def keep(self, data: bytes, purpose: PhotoFor) -> PhotoKept:
        """Keep an original: hashed on arrival, sealed on disk before its row; the same one again is the same photo."""
        _check(data)
        self._check_room(len(data))
        digest = await asyncio.to_thread(sha256_of, data)
        known = await self._store.find_photo(purpose.case_id, digest)
        if known is not None:
            return PhotoKept(photo_id=known.photo_id, sha256=digest)
        photo_id, now = new_id(), self._clock()
        kept = await self._evidence.keep(photo_id, purpose.municipality_id, data)
        photo = Photo(
            photo_id=photo_id, sha256=digest, bytes=len(data), stored_at=now,
            **msgspec.structs.asdict(kept), **msgspec.structs.asdict(purpose),
        )  # fmt: skip
        job = rules.new_job(new_id(), photo_id, purpose.municipality_id, purpose.kind, now)
        winner = await self._store.add_photo(photo, job, [_stored(photo)], now)
        self._wake()
        log.info("photo_kept", photo_id=winner.photo_id, case_id=purpose.case_id, bytes=len(data), kind=purpose.kind)
        return PhotoKept(photo_id=winner.photo_id, sha256=digest)

    def _check_room(self, size_bytes: int) -> None:
        """Photos are refused before the disk is full, so that there is room for what cannot be sent again."""
        short = self._free_bytes() - size_bytes < self._settings.int_of(PHOTO_ROOM_MIB) << 20
        if short != self._short:
            self._short = short
            if short:
                log.error("photos_wait_for_room", alarm=True)
            else:
                log.info("room_for_photos_again")
        if short:
            raise StoreFull("The disk is nearly full: what is left of it is kept for reports. Free some space.")

    async def picture(self, photo_id: str, *, plate_only: bool) -> bytes:
        """The photo as a JPEG without metadata, plates of other vehicles made unreadable; `plate_only` crops to it."""
        photo = await self._photo(photo_id)
        reading = await self._reading(photo) or Reading()
        best = reading.plates[0].box if reading.plates else None
        wish = Wish(crop=best if plate_only else None, blur=tuple(plate.box for plate in others_in_view(reading)))
        original = await self._evidence.original(photo)
        async with self._showing:
            try:
                return await shown(original, wish)
            except (NotAPicture, TimeoutError) as fault:
                raise NoPicture("The photo is kept, but it cannot be decoded.") from fault

    async def reading(self, photo_id: str) -> PhotoReading:
        """What was read in the photo: only the plates that may be the accused vehicle's, best first."""
        photo = await self._photo(photo_id)
        sealed, job = await self._store.reading(photo_id)
        reading = self._evidence.open_reading(photo, sealed) if sealed is not None else None
        done = job is None or job.state in ("done", "quarantined")
        plates = [
            PlateCandidate(plate=p.plate, confidence=p.confidence, country=p.country, box=p.box)
            for p in (candidates(reading) if reading else ())
        ]
        reason = reading.reason if reading else (job.reason if job and done else None)
        return PhotoReading(
            photo_id=photo_id, case_id=photo.case_id, done=done, plates=plates, reason=None if plates else reason,
            sha256=photo.sha256, taken_at=photo.stored_at,
        )  # fmt: skip

    async def hold(self, photo_id: str, until: datetime | None) -> None:
        """Keep the photo until an instant, or until further notice; an instant that is past lets it go."""
        held = until is None or until > self._clock()
        if not await self._store.hold(photo_id, held, until if held else None):
            raise NotFound("There is no such photo.")

    async def _photo(self, photo_id: str) -> Photo:
        photo = await self._store.photo(photo_id)
        if photo is None:
            raise NotFound("There is no such photo.")
        return photo

    async def _reading(self, photo: Photo) -> Reading | None:
        sealed, _ = await self._store.reading(photo.photo_id)
        if sealed is None:
            return None
        try:
            return self._evidence.open_reading(photo, sealed)
        except PhotoLost:
            return None

    # --- the queue ---------------------------------------------------------------------------------------------------

    async def jobs(self, municipalities: tuple[str, ...], after: str | None, limit: int) -> JobsOverview:
        """How the queue of these municipalities stands, and a page of what was set aside."""
        counts = await self._store.counts(municipalities)
        oldest = await self._store.oldest_waiting(municipalities)
        place: str | None = None if after is None else place_in(after, str)
        page = await self._store.quarantined(municipalities, place, limit + 1)
        return JobsOverview(
            counts=counts,
            oldest_waiting_s=None if oldest is None else max(0.0, (self._clock() - oldest).total_seconds()),
            quarantined=[
                QuarantinedJob(
                    job_id=j.job_id, photo_id=j.photo_id, municipality_id=j.municipality_id,
                    reason=j.reason or "reader_failed", tries=j.tries, created_at=j.created_at,
                )
                for j in page[:limit]
            ],
            next=cursor_from(page[limit - 1].job_id) if len(page) > limit else None,
        )  # fmt: skip

    async def retry(self, job_id: str, municipalities: tuple[str, ...]) -> str:
        """Let a job that was set aside be tried again; its state afterwards."""
        job = await self._store.retry(job_id, municipalities, self._clock())
        if job is None:
            raise NotFound("There is no such job.")
        self._wake()
        return job.state

    # --- retention ---------------------------------------------------------------------------------------------------

    async def sweep(self) -> int:
        """Destroy photos that are past their time and not held, keys first, then files; how many."""
        now, destroyed = self._clock(), 0
        for municipality_id in await self._store.municipalities():
            kept = timedelta(days=self._settings.int_of(PHOTO_KEPT_DAYS, municipality_id))
            while gone := await self._store.destroy_older(municipality_id, now - kept, now):
                destroyed += gone
        await self._bury()
        if destroyed:
            log.info("photos_destroyed", count=destroyed)
        return destroyed

    async def _bury(self) -> None:
        """Take away the files whose keys are destroyed, then state it."""
        while names := await self._store.doomed():
            for name in names:
                await self._evidence.forget(name)
            await self._store.buried(names)
        await self._store.prove(self._keys, self._clock())

    # --- a person's rights -------------------------------------------------------------------------------------------

    async def gather(self, ask: SubjectAsk) -> SubjectPart:
        """Photos of the person's vehicle and those they sent with reports; what they show is not told.

        Other people may be in them: who is accused gets a redacted copy from the body that sanctions.
        """
        found = await self._store.these(ask.links.photo_ids, ask.links.report_ids)
        wanted = [p for p in found if ask.municipality_ids is None or p.municipality_id in ask.municipality_ids]
        rows: list[Row] = [msgspec.to_builtins({name: getattr(photo, name) for name in _TOLD}) for photo in wanted]
        return SubjectPart(sections=[SubjectSection(key="images.photos", rows=rows)])

    async def erase(self, ask: SubjectAsk) -> ErasedPart:
        """Destroy photos that Enforcement let go of, and those of reports that no case holds."""
        now, freed = self._clock(), set(ask.links.photo_ids)
        found = await self._store.these(ask.links.photo_ids, ask.links.report_ids)
        held = [p for p in found if p.photo_id not in freed and p.held and (p.held_until is None or p.held_until > now)]
        kept = {photo.photo_id for photo in held}
        gone = await self._store.destroy([p.photo_id for p in found if p.photo_id not in kept], now)
        await self._bury()
        await self._store.scour()
        if gone:
            log.info("subject_erased", photos=gone)
        until = max((p.held_until for p in held if p.held_until is not None), default=None)
        why = (Kept(what="images.photos", why="open_case", count=len(held), until=until),) if held else ()
        return ErasedPart(erased={"images.photos": gone}, kept=why)


def _check(data: bytes) -> None:
    if len(data) > MOST_BYTES:
        raise TooLarge("A photo has at most 8 MiB.")
    try:
        check_header(data)
    except NotAPicture as fault:
        if fault.reason == "too_large":
            raise PictureTooLarge("A photo has at most 50 megapixels; take it at a lower resolution.") from fault
        raise NoPicture("Send the bytes of a JPEG, PNG or WebP picture.") from fault


def _stored(photo: Photo) -> Fact:
    data = PhotoStored(
        photo_id=photo.photo_id, case_id=photo.case_id, bay_id=photo.bay_id, sha256=photo.sha256, bytes=photo.bytes
    )
    return Fact(
        data=data, municipality_id=photo.municipality_id, subject_id=photo.photo_id, occurred_at=photo.stored_at
    )
