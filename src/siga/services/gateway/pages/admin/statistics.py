"""Figures of the last four weeks by zone, hour or category: a sentence, a table, a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from litestar import get
from litestar.response.base import ASGIResponse
from litestar.types import ControllerRouterHandler

from siga.contract.history import Statistics, StatisticsRow
from siga.contract.parking import CATEGORIES, Authorisation
from siga.services.gateway.pages.admin.desk import Desk, desk_router
from siga.services.gateway.pages.admin.lookups import worded, zones_of
from siga.services.gateway.pages.i18n import Texts
from siga.services.gateway.pages.web import Page, Web

_BY = ("zone", "hour", "category", "weekday")
_WORDS: tuple[str, ...] = get_args(Authorisation)
_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def handlers(web: Web) -> list[ControllerRouterHandler]:
    """The routes of statistics."""
    return [desk_router("statistics", [table, as_file])]


@dataclass(frozen=True)
class Row:
    """One group as the table says it; shares are 0 to 1."""

    label: str
    figures: StatisticsRow
    mix: list[tuple[str, int, float]]
    """(authorisation, stays, share), those with stays."""


@get("/admin/statistics")
async def table(desk: Desk, by: str = "zone") -> Page:
    """The table."""
    by = by if by in _BY else "zone"
    figures = await _ask(desk, by)
    rows = await _rows(desk, figures)
    return desk.page(
        "statistics.html", by=by, bys=worded(desk, _BY, "admin.by"), figures=figures, rows=rows, words=_WORDS,
        says=sentence(rows, desk.t, by), simulated=any(row.simulated for row in figures.rows),
    )  # fmt: skip


@get("/admin/statistics/file")
async def as_file(desk: Desk, by: str = "zone") -> ASGIResponse:
    """The same as CSV."""
    by = by if by in _BY else "zone"
    body = csv_of(await _rows(desk, await _ask(desk, by)))
    headers = {"content-disposition": f'attachment; filename="siga-{by}.csv"', "cache-control": "no-store"}
    return ASGIResponse(body=body, media_type="text/csv; charset=utf-8", headers=headers)


async def _ask(desk: Desk, by: str) -> Statistics:
    return await desk.visitor.get(
        "history", "/api/v1/history/statistics", Statistics, municipality_id=desk.municipality_id, by=by
    )


async def _rows(desk: Desk, figures: Statistics) -> list[Row]:
    names = {zone.zone_id: zone.name for zone in await zones_of(desk)} if figures.by == "zone" else {}
    return [Row(label_of(one, figures.by, names, desk.t), one, mix_of(one)) for one in figures.rows]


def label_of(row: StatisticsRow, by: str, zones: dict[str, str], t: Texts) -> str:
    """What a group is called."""
    if by == "zone":
        return zones.get(row.group, row.label)
    if by == "category" and row.group in CATEGORIES:
        return t(f"category.{row.group}")
    if by == "hour" and row.group.isdigit():
        return f"{int(row.group):02d}:00–{(int(row.group) + 1) % 24:02d}:00"
    if by == "weekday" and row.group in "1234567":
        return t(f"weekday.{_WEEKDAYS[int(row.group) - 1]}").capitalize()
    return row.label


def mix_of(row: StatisticsRow) -> list[tuple[str, int, float]]:
    """How the stays of a group were authorised, what rounds to nothing left out."""
    whole = sum(row.authorisations.values())
    known = [(word, row.authorisations.get(word, 0)) for word in _WORDS]
    return [(word, stays, stays / whole) for word, stays in known if stays and stays >= whole / 200]


def sentence(rows: Sequence[Row], t: Texts, by: str) -> str:
    """The table in plain words: how many stays, where or when it is fullest, how many were unverified."""
    known = [row for row in rows if row.figures.occupancy is not None]
    stays = sum(row.figures.stays for row in rows)
    if not stays or not known:
        return t("admin.stats.nothing")
    fullest = max(known, key=lambda row: row.figures.occupancy or 0.0)
    words = [t("admin.stats.says", stays=t.number(stays))]
    words.append(t(f"admin.stats.fullest.{by}", label=fullest.label, share=t.percent(fullest.figures.occupancy or 0.0)))
    unverified = sum(n for row in rows for word, n, _ in row.mix if word == "unverified")
    words.append(t("admin.stats.unverified", share=t.percent(unverified / stays)))
    return " ".join(words)


def csv_of(rows: Sequence[Row]) -> bytes:
    """The rows as CSV with a BOM, so that spreadsheets read its accents; shares are 0 to 1."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["group", "label", "bays", "stays", "mean_stay_min", "occupancy", "coverage", *_WORDS, "simulated"])
    for row in rows:
        one = row.figures
        counts = [one.authorisations.get(word, 0) for word in _WORDS]
        writer.writerow([
            one.group, _harmless(row.label), one.bays, one.stays, one.mean_stay_min, one.occupancy, one.coverage,
            *counts, one.simulated,
        ])  # fmt: skip
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
