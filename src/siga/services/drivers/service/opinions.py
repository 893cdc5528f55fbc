"""Doubts about what a sensor says, and ratings of bays that were used."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from siga.contract.drivers import BayDoubted, BayRated, BayRatings, Doubt, DoubtAsk, Rating, RatingAsk
from siga.contract.settings import DOUBTS_PER_HOUR
from siga.kit.ids import new_id
from siga.kit.journal import Fact
from siga.services.drivers import model
from siga.services.drivers.problems import NotUsed
from siga.services.drivers.service.tools import Someone, Tools, log
from siga.services.drivers.store import check_ins, opinions
from siga.services.drivers.store.tables import journal

_COMMENTS = 50
MayRead = Callable[[str, str], bool]
"""Whether the caller may read comments in that municipality and zone."""


class Doubts:
    """Takes down that a bay is not free (D6)."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def doubt(self, someone: Someone, ask: DoubtAsk) -> tuple[Doubt, bool]:
        """The doubt and whether it is a new one: before the bay changes, a person has one about it.

        TooMany over the hour's limit.
        """
        bay = await self._tools.bay(ask.bay_id, someone)
        who = self._tools.seals.pseudonym("doubt", someone.sub)
        by = self._tools.seals.pseudonym("doubt at a bay", bay.bay_id, someone.sub)
        now = self._tools.clock()
        new = Doubt(doubt_id=new_id(), bay_id=bay.bay_id, at=now)

        def work(conn: Connection) -> Doubt:
            earlier = opinions.doubt_of(conn, bay.bay_id, who, now - model.DOUBT_HOLDS)
            if earlier is not None:
                return earlier
            times = opinions.doubt_times(conn, who, now - model.HOUR)
            self._tools.refuse_too_many(DOUBTS_PER_HOUR, bay.municipality_id, times, now)
            opinions.add_doubt(conn, new, who)
            data = BayDoubted(doubt_id=new.doubt_id, bay_id=bay.bay_id, at=now, by=by)
            fact = Fact(data=data, municipality_id=bay.municipality_id, subject_id=bay.bay_id, occurred_at=now)
            journal.append(conn, [fact], now)
            return new

        done = await self._tools.database.write(work)
        if done is new:
            log.info("bay_doubted", bay_id=bay.bay_id)
        return done, done is new


class Ratings:
    """Keeps what users of a bay think of it, and tells it from three on."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def rate(self, someone: Someone, ask: RatingAsk) -> Rating:
        """Keep the rating of the caller's latest check-in there; again, it takes the earlier one's place.

        NotUsed without a check-in at the bay within seven days.
        """
        bay = await self._tools.bay(ask.bay_id, someone)
        who = self._tools.seals.pseudonym("check-in", someone.sub)
        now = self._tools.clock()
        comment = (ask.comment or "").strip() or None
        new = Rating(rating_id=new_id(), bay_id=bay.bay_id, rated_at=now, width=ask.width, kerb=ask.kerb,
                     surface=ask.surface, comment=comment)  # fmt: skip

        def work(conn: Connection) -> Rating:
            used = check_ins.lately_of(conn, who, now - model.USED_WITHIN)
            mine = next((one for one in used if one.bay_id == bay.bay_id), None)
            if mine is None:
                raise NotUsed("Check in at the bay first: it can be rated for seven days from then.")
            kept = opinions.put_rating(conn, new, mine.check_in_id)
            data = BayRated(rating_id=kept.rating_id, bay_id=bay.bay_id, at=now, width=ask.width, kerb=ask.kerb,
                            surface=ask.surface)  # fmt: skip
            fact = Fact(data=data, municipality_id=bay.municipality_id, subject_id=bay.bay_id, occurred_at=now)
            journal.append(conn, [fact], now)
            return kept

        return await self._tools.database.write(work)

    async def of_bay(self, someone: Someone, bay_id: str, may_read: MayRead) -> BayRatings:
        """What users think of a bay, as number and means; `comments` only for who answers reports there."""
        bay = await self._tools.bay(bay_id, someone)
        with_comments = may_read(bay.municipality_id, bay.zone_id)

        def work(conn: Connection) -> tuple[opinions.Aggregate, list[str] | None]:
            said = opinions.comments_on(conn, bay_id, _COMMENTS) if with_comments else None
            return opinions.rated(conn, bay_id), said

        sums, comments = await self._tools.database.read(work)
        if sums.number < model.FEWEST_RATINGS:
            return BayRatings(bay_id=bay_id, comments=comments)
        means = (model.mean(total, sums.number) for total in (sums.width, sums.kerb, sums.surface))
        width, kerb, surface = means
        return BayRatings(bay_id=bay_id, count=sums.number, width=width, kerb=kerb, surface=surface, comments=comments)
