"""The child process that reads plates: `python -m siga.services.images.worker`, one picture after the other over pipes.

Every question and every answer is one frame of `siga.kit.child`. A question holds the length of its header (4 bytes,
big-endian), the header as JSON and the picture as it came; an answer is JSON. An empty frame says that the models are
loaded and warm. A fault of the reader itself ends the process, and its parent starts another.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from siga.kit.child_side import serve
from siga.services.images.model import Reading

if TYPE_CHECKING:
    from siga.services.images.reader import PlateReader

NICENESS = 10
ADDRESS_SPACE_BYTES = 4 * 1024**3
"""Address space, not memory: 0.7 GiB of it is taken after the warm-up (libraries, models, reserves of onnxruntime and
the allocator), 1.3 GiB was the most seen, for a WebP of 50 megapixels; with 0.6 GiB the models do not load. 4 GiB
leaves room for other builds of onnxruntime and still stops a decoder that runs away."""
OPEN_FILES = 64
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What goes with a picture; `site_country` (ISO 3166-1) is where the camera stands."""

    id: str
    site_country: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was read in the picture of the question with this `id`."""

    id: str
    reading: Reading


def pack(question: Question, image: bytes) -> bytes:
    """Put a question and its picture into one frame."""
    header = msgspec.json.encode(question)
    return b"".join((len(header).to_bytes(4, "big"), header, image))


def unpack(frame: bytes) -> tuple[Question, bytes]:
    """Take a frame apart; `msgspec.DecodeError` when it holds no question."""
    end = 4 + int.from_bytes(frame[:4], "big")
    return msgspec.json.decode(frame[4:end], type=Question), frame[end:]


def answer(reader: PlateReader, frame: bytes) -> bytes:
    """Read one picture; a bad one is answered too, with the reason."""
    question, image = unpack(frame)
    return msgspec.json.encode(Answer(id=question.id, reading=reader.read(image, question.site_country)))


def limit_resources() -> None:
    """Let this process neither grow without end nor write a file nor leave its memory behind in a core dump."""
    if sys.platform == "win32":
        return
    import resource

    sys.dont_write_bytecode = True
    limits = {
        resource.RLIMIT_AS: ADDRESS_SPACE_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        with contextlib.suppress(
            ValueError, OSError
        ):  # a lower limit is already set, or the system has none of the kind
            resource.setrlimit(kind, (most, most))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Send what libraries print while they load to stderr: stdout belongs to the frames."""
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def main() -> None:
    """Load the models, say so, and answer until stdin ends."""
    limit_resources()
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    with _quiet():
        from siga.services.images.reader import PlateReader

        reader = PlateReader()
        reader.warm_up()
    serve(lambda frame: answer(reader, frame), niceness=NICENESS)


if __name__ == "__main__":
    main()
