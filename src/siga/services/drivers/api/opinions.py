"""Routes of doubts and ratings."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from siga.contract.auth import Claims, may
from siga.contract.drivers import BayRatings, Doubt, DoubtAsk, Rating, RatingAsk
from siga.services.drivers.api.callers import anyone
from siga.services.drivers.service.opinions import Doubts, Ratings


def handlers(doubts: Doubts, ratings: Ratings) -> list[ControllerRouterHandler]:
    """Doubt, rate, ask for the ratings of a bay."""

    @post("/api/v1/doubts")
    async def doubt(caller: Claims, data: DoubtAsk) -> Response[Doubt]:
        """Say on the spot that a bay is not free. No account is needed; 429 over the hour's limit.

        201 for a new doubt; until the bay next changes, another one by you is the same one, with 200.
        """
        done, new = await doubts.doubt(anyone(caller), data)
        return Response(done, status_code=201 if new else 200)

    @post("/api/v1/ratings")
    async def rate(caller: Claims, data: RatingAsk) -> Rating:
        """Rate a bay that you used in the last seven days: 403 `not-used` otherwise. Again, it replaces the first."""
        return await ratings.rate(anyone(caller), data)

    @get("/api/v1/ratings")
    async def bay_ratings(caller: Claims, bay_id: str) -> BayRatings:
        """What users of a bay think of it: number and means from three ratings on.

        `comments` only for those who answer reports there.
        """
        return await ratings.of_bay(anyone(caller), bay_id, lambda m, z: may(caller, "reports.answer", m, z))

    return [doubt, rate, bay_ratings]
