"""`siga plates read`: reads the plates in picture files and prints them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from siga.kit.log import configure
from siga.services.images.decode import MOST_BYTES
from siga.services.images.model import PlateCandidate, Reading, candidates
from siga.services.images.pool import ReaderFailed, ReaderPool

SITE_COUNTRY = "ES"
_FAILED = {
    "not_an_image": "not a JPEG, PNG or WebP picture",
    "too_large": "larger than 8 MiB or 50 megapixels",
    "file_not_read": "the file cannot be read",
    "reader_too_slow": "the reader took too long",
    "reader_died": "the reader ended while it worked",
    "reader_not_ready": "the reader could not be started",
}
_EMPTY = {
    "too_small": "the picture or the plate is too small",
    "too_dark": "too dark",
    "no_plate": "no plate in view",
}


class _Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the answer in JSON."""

    file: str
    plates: tuple[PlateCandidate, ...] = ()
    reason: str | None = None


def run(images: list[str], *, as_json: bool, candidates: bool) -> int:
    """Read every file and print what was read; 0, or 1 when a file could not be read as a picture.

    With `as_json`, one line per picture: {"file", "plates": [{"plate", "confidence", "country", "box"}], "reason"},
    best first; `reason` is a reading's, or says why there is none ("file_not_read", "reader_too_slow", ...). With
    `candidates` and exactly one picture, only the list of candidates for its best place, as JSON. Otherwise a table for
    people, to which `candidates` adds the second and third choice. What failed is told on stderr too.
    """
    configure(process="plates", sink=None)
    return asyncio.run(_run(images, as_json=as_json, choices=candidates))


async def _run(images: list[str], *, as_json: bool, choices: bool) -> int:
    exit_code = 0
    pool = ReaderPool(workers=1)
    await pool.start()
    try:
        for file in images:
            outcome = await _outcome(pool, file)
            if outcome.reason in _FAILED:
                exit_code = 1
                sys.stderr.write(f"siga plates read: {file}: {_FAILED[outcome.reason]}\n")
            sys.stdout.write(_shown(outcome, as_json=as_json, choices=choices, alone=len(images) == 1))
            sys.stdout.flush()
    finally:
        await pool.stop()
    return exit_code


async def _outcome(pool: ReaderPool, file: str) -> _Outcome:
    try:
        image = await asyncio.to_thread(_bytes_of, Path(file))
        reading = await pool.read(image, SITE_COUNTRY)
    except OSError:
        return _Outcome(file=file, reason="file_not_read")
    except ReaderFailed as fault:
        return _Outcome(file=file, reason=fault.reason)
    return _Outcome(file=file, plates=reading.plates, reason=reading.reason)


def _bytes_of(path: Path) -> bytes:
    """Read a file, but never more than one byte beyond what a picture may have."""
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _shown(outcome: _Outcome, *, as_json: bool, choices: bool, alone: bool) -> str:
    best = candidates(Reading(plates=outcome.plates))
    if choices and alone:
        return msgspec.json.encode(best).decode() + "\n"
    if as_json:
        return msgspec.json.encode(outcome).decode() + "\n"
    if not outcome.plates:
        return f"{outcome.file}: {_EMPTY.get(outcome.reason or '', 'not read')}\n"
    rows = [*(best if choices else best[:1]), *(plate for plate in outcome.plates if plate not in best)]
    return "".join(f"{_row(plate)}  {outcome.file}\n" for plate in rows)


def _row(plate: PlateCandidate) -> str:
    return f"{plate.plate:<10}  {plate.confidence:4.0%}  {plate.country or '--'}"
