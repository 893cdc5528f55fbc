"""The tables of History. Changes, stays and gaps lie bay by bay in the order of time."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table

from siga.kit.columns import Instant, Position
from siga.kit.journal import Journal
from siga.kit.proofs import Proofs

metadata = MetaData()
journal = Journal("history", metadata)
"""Nothing follows History; the journal's table of cursors is what it needs."""
proofs = Proofs("history", metadata)
"""Of the months' keys that were destroyed."""

bays = Table(
    "bays",
    metadata,
    Column("bay_no", Position, primary_key=True),
    Column("bay_id", String(36), nullable=False, unique=True),
    Column("municipality_id", String(36), nullable=False, index=True),
    Column("code", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("place_no", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("base", Instant),
    Column("current", Instant),
    Column("told", Boolean),
    Column("stay_id", String(36)),
    Column("since", Instant),
    Column("ordinal", BigInteger, nullable=False),
    Column("first_at", Instant),
    Column("first_told_at", Instant),
    Column("seen_again_at", Instant),
)
"""A bay as it is known now (`version`, `place_no`) and how far its changes have come (the rest, see model.Tip)."""

places = Table(
    "places",
    metadata,
    Column("place_no", Position, primary_key=True),
    Column("bay_no", BigInteger, nullable=False, index=True),
    Column("since_at", Instant, nullable=False),
    Column("zone_id", String(36), nullable=False),
    Column("category", String(20), nullable=False),
    Column("personal", Boolean, nullable=False),
)
"""What a bay was and to which zone it belonged, from `since_at` until its next place: the past keeps its own."""

changes = Table(
    "changes",
    metadata,
    Column("bay_no", BigInteger, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("ordinal", BigInteger, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("told", Boolean),
    Column("occupancy", String(10), nullable=False),
    Column("cause", String(20), nullable=False),
    Column("place_no", BigInteger, nullable=False),
    Column("authorisation", String(15)),
    Column("previous_occupancy", String(10)),
    Column("previous_authorisation", String(15)),
    Column("authorised_by", String(10)),
    Column("stay_id", String(36)),
    Column("subject", String(48)),
    Column("simulated", Boolean, nullable=False),
    Column("said_at", Instant),
    Column("said_since", Instant),
    Column("error_s", Integer),
    sqlite_with_rowid=False,
)
Index(
    "changes_subject", changes.c.at,
    sqlite_where=changes.c.subject.is_not(None), postgresql_where=changes.c.subject.is_not(None),
)  # fmt: skip

stays = Table(
    "stays",
    metadata,
    Column("bay_no", BigInteger, primary_key=True),
    Column("started_at", Instant, primary_key=True),
    Column("opened", BigInteger, primary_key=True),
    Column("place_no", BigInteger, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", String(10)),
    Column("stay_id", String(36)),
    Column("authorisation", String(15)),
    Column("authorised_by", String(10)),
    Column("subject", String(48)),
    Column("simulated", Boolean, nullable=False),
    Column("known_by", BigInteger, nullable=False),
    Column("started_error_s", Integer),
    Column("ended_error_s", Integer),
    sqlite_with_rowid=False,
)
Index(
    "stays_open", stays.c.bay_no,
    sqlite_where=stays.c.ended_at.is_(None), postgresql_where=stays.c.ended_at.is_(None),
)  # fmt: skip
Index(
    "stays_stay", stays.c.stay_id,
    sqlite_where=stays.c.stay_id.is_not(None), postgresql_where=stays.c.stay_id.is_not(None),
)  # fmt: skip
Index(
    "stays_subject", stays.c.ended_at,
    sqlite_where=stays.c.subject.is_not(None), postgresql_where=stays.c.subject.is_not(None),
)  # fmt: skip

gaps = Table(
    "gaps",
    metadata,
    Column("bay_no", BigInteger, primary_key=True),
    Column("started_at", Instant, primary_key=True),
    Column("opened", BigInteger, primary_key=True),
    Column("place_no", BigInteger, nullable=False),
    Column("ended_at", Instant),
    Column("kind", String(10), nullable=False),
    Column("occupied", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "gaps_open", gaps.c.bay_no,
    sqlite_where=gaps.c.ended_at.is_(None), postgresql_where=gaps.c.ended_at.is_(None),
)  # fmt: skip

corrections = Table(
    "corrections",
    metadata,
    Column("bay_no", BigInteger, primary_key=True),
    Column("assignment", BigInteger, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""What a report's count told of before it, by that report's place in Parking's order: where it was last told."""
