"""What Enforcement hears of other services."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from siga.contract.drivers import MisuseReported
from siga.contract.events import Event
from siga.contract.parking import StaffBayView
from siga.kit.consumer import Advance, Consumer, Handler
from siga.kit.problem import NotFound
from siga.ports import EventFeed
from siga.services.enforcement import intake
from siga.services.enforcement.tables import journal
from siga.services.enforcement.tools import Tools
from siga.services.enforcement.turn import Turn

_PAUSE_S = 0.1
Effect = Callable[[Turn, Sequence[Event]], None]


def consumers(tools: Tools, feed: Callable[[str], EventFeed]) -> list[Consumer]:
    """Parking, Images and Drivers, each by its own cursor."""
    handlers = {
        "parking": (_by_turns(tools, intake.from_parking), ("StaySuspected", "BayChanged")),
        "images": (_by_turns(tools, intake.from_images), ("PhotoStored", "PlateRead")),
        "drivers": (_reports(tools), ("MisuseReported",)),
    }
    return [
        Consumer(
            name="enforcement",
            feed=feed(source),
            database=tools.database,
            journal=journal,
            handle=handle,
            kinds=kinds,
            pause_s=_PAUSE_S,
        )
        for source, (handle, kinds) in handlers.items()
    ]


def _by_turns(tools: Tools, effect: Effect) -> Handler:
    """Effects that need the store alone: one turn for a batch."""

    async def handle(events: Sequence[Event], advance: Advance) -> None:
        def work(turn: Turn) -> None:
            effect(turn, events)
            advance(turn.conn)

        await tools.turn(work)

    return handle


def _reports(tools: Tools) -> Handler:
    """Reports of misuse: Parking is asked first how the bay is, then one turn for the batch."""

    async def handle(events: Sequence[Event], advance: Advance) -> None:
        told = [(event, data) for event in events if isinstance(data := event.decoded(), MisuseReported)]
        bays = {bay_id: await _bay(tools, bay_id) for bay_id in {data.bay_id for _, data in told}}

        def work(turn: Turn) -> None:
            for event, data in told:
                intake.reported(turn, event, data, bays[data.bay_id])
            advance(turn.conn)

        await tools.turn(work)

    return handle


async def _bay(tools: Tools, bay_id: str) -> StaffBayView | None:
    try:
        return await tools.peers["parking"].get(f"/internal/v1/bays/{bay_id}", StaffBayView)
    except NotFound:
        return None
