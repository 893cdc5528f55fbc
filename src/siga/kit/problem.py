"""One family of errors, out as RFC 9457 `application/problem+json`: the class holds slug and status, its docstring
is the title, and `docs/reference/errors.md` is made from all of them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence

import msgspec

MEDIA_TYPE = "application/problem+json"


class FieldFault(msgspec.Struct, frozen=True):
    """What is wrong with one field: JSON pointer (RFC 6901) and reason."""

    pointer: str
    reason: str


class ProblemBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every refusal."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldFault] | None = None
    server_time: str | None = None


class Problem(Exception):
    """Something went wrong."""

    slug = "problem"
    status = 500
    retry_after_s: int | None = None
    """After how long it is worth trying again, where that can be said of the kind as such."""

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldFault] = (),
        headers: Mapping[str, str] | None = None,
        server_time: str | None = None,
    ) -> None:
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.errors = list(errors)
        self.headers = dict(headers or {})
        if self.retry_after_s is not None and not any(name.lower() == "retry-after" for name in self.headers):
            self.headers["Retry-After"] = str(self.retry_after_s)
        self.server_time = server_time

    @classmethod
    def title(cls) -> str:
        """The class's docstring, its first sentence."""
        return inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].rstrip(".")

    def body(self, instance: str) -> ProblemBody:
        """The answer's body for the request at path `instance`."""
        return ProblemBody(
            type=f"/problems/{self.slug}",
            title=self.title(),
            status=self.status,
            detail=self.detail,
            instance=instance,
            errors=self.errors or None,
            server_time=self.server_time,
        )


def problem_kinds() -> Iterator[type[Problem]]:
    """Every kind of problem that is loaded, by slug; for the reference and for `/problems/{slug}`."""

    def walk(cls: type[Problem]) -> Iterator[type[Problem]]:
        for child in cls.__subclasses__():
            yield child
            yield from walk(child)

    return iter(sorted(set(walk(Problem)), key=lambda kind: kind.slug))


class Malformed(Problem):
    """The request cannot be read"""

    slug, status = "malformed", 400


class Invalid(Problem):
    """Something in the request is not acceptable"""

    slug, status = "invalid", 422


class Unauthenticated(Problem):
    """It is not known who is asking"""

    slug, status = "unauthenticated", 401


class Forbidden(Problem):
    """This caller may not do that"""

    slug, status = "forbidden", 403


class StepUp(Forbidden):
    """Confirm first that it is you"""

    slug, status = "step-up", 403


class NotFound(Problem):
    """There is no such thing"""

    slug, status = "not-found", 404


class MethodNotAllowed(Problem):
    """That cannot be done here"""

    slug, status = "method-not-allowed", 405


class Conflict(Problem):
    """It collides with what is already there"""

    slug, status = "conflict", 409


class TooLarge(Problem):
    """The body is too large"""

    slug, status = "too-large", 413


class UnsupportedMedia(Problem):
    """That kind of content is not taken here"""

    slug, status = "unsupported-media", 415


class TooMany(Problem):
    """Too many requests: wait and try again"""

    slug, status = "too-many", 429


class Unavailable(Problem):
    """It cannot be done just now: try again"""

    slug, status = "unavailable", 503
    retry_after_s = 2


class StoreFailed(Unavailable):
    """The store cannot be used just now: try again"""

    slug, status = "store-failed", 503


class StoreDamaged(StoreFailed):
    """The store is damaged"""

    slug, status = "store-damaged", 503
    store = what = ""
    """Which store, and what is wrong with it: for those who run SIGA, no part of the answer."""


class StoreFull(Problem):
    """The disk is full: nothing was changed, try again later"""

    slug, status = "store-full", 507
    retry_after_s = 5


class Broken(Problem):
    """A fault inside SIGA"""

    slug, status = "broken", 500
