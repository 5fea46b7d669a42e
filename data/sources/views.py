"""VIEWS: monthly forecasts of deaths per country and PRIO-GRID cell, for comparison.

Hegre et al. (2021), "ViEWS2020: Revising and evaluating the ViEWS political Violence Early-Warning
System", Journal of Peace Research 58(3), doi:10.1177/0022343320962157. The API pages its answers,
may ignore a filter and may repeat rows: what was not asked for is left out, a row that comes twice
counts once, and a unit that lacks a month is an error.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pandas as pd

from data.calendar import period_end, period_start, to_epoch_day
from data.errors import BadInput, MissingInput, UsageError
from data.events import Refusal
from data.forecast import FORECAST_COLUMNS, ForecastBatch
from data.regions.iso_countries import to_alpha3
from data.sources.contract import Access, Query, SourceInfo
from data.sources.paging import Page, collect_pages
from data.sources.saving import save_json

VIEWS = SourceInfo(
    name="views",
    title="VIEWS",
    licence="CC-BY-NC-4.0",
    attribution="VIEWS, Uppsala University and Peace Research Institute Oslo (CC BY-NC 4.0)",
    url="https://viewsforecasting.org",
    # Not for money: what Tocsin publishes may be used for anything.
    redistributable=False,
    is_simulated=False,
    kind="forecasts",
)
LEVELS = ("country", "grid")
"""Tables of the API; the first is fetched if none is named."""

PAGE_ROWS = 1000
_PATH = {"country": "cm", "grid": "pgm"}
_UNIT = {"country": "isoab", "grid": "pg_id"}
_QUANTITIES = {"country": {"main_mean": "deaths_mean", "main_dich": "probability_25_deaths"}}
# What threshold the probability of a cell has the API does not say.
_QUANTITIES["grid"] = {"main_mean": "deaths_mean"}
_FIRST_YEAR = 1980
_LAST_MONTH = 12 * (2100 - _FIRST_YEAR)
_FEW_UNITS = 10
_RUN = re.compile(r"[A-Za-z0-9_]{1,64}")


def fetch_views(access: Access, query: Query) -> list[Path]:
    """Returns a JSON file with the forecasts of a run, by default the newest.

    Raises:
        UsageError: The run has a name that no run has.
        SourceUnavailable: They cannot be had whole, or there is none.
    """
    level = query.part or LEVELS[0]
    run = query.version or _find_newest(access)
    if _RUN.fullmatch(run) is None:
        # It names a file, too.
        raise UsageError(
            f"'{run}' is no run of {VIEWS.title}.", "Write it as fatalities003_2026_05_t01."
        )
    url = f"{access.settings.views_url}/{run}/{_PATH[level]}"
    asked: dict[str, float] = {"pagesize": PAGE_ROWS}
    if query.box is not None and level == "grid":
        west, south, east, north = query.box
        asked |= {"lat_sw": south, "lon_sw": west, "lat_ne": north, "lon_ne": east}
    spans: set[tuple[int, int]] = set()

    def read_page(page_url: str) -> Page:
        answer = access.fetcher.get_json(page_url, hint="Check the run.")
        try:
            rows, following = answer["data"], answer["next_page"]
            spans.add((int(answer["start_date"]), int(answer["end_date"])))
            total = int(answer["row_count"])
            is_table = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
        except (KeyError, TypeError, ValueError, OverflowError):
            is_table = False
        if not is_table:
            raise access.fetcher.fail(page_url, "its answer has no data, row_count and next_page")
        if not following:
            return Page(rows, None, total)
        here, there = urlsplit(url), urlsplit(str(following))
        if there.path != here.path:
            raise access.fetcher.fail(page_url, f"its next page is {there.path}")
        # The next page is asked for at the address in the settings, whatever host it names.
        return Page(rows, there._replace(scheme=here.scheme, netloc=here.netloc).geturl(), total)

    rows = collect_pages(
        access.fetcher,
        access.folder,
        f"{url}?{urlencode(asked)}",
        read_page,
        is_fixed=True,
        on_progress=access.on_progress,
    )
    kept = [row for row in rows if _is_wanted(row, query)]
    if not kept:
        raise access.fetcher.fail(url, f"none of its {len(rows)} rows is of what was asked for")
    target = access.folder / f"views-{run}-{level}.json"
    save_json({"run": run, "data": kept}, target)
    return [target]


def read_views(path: Path, query: Query, _known_at: date) -> ForecastBatch:
    """Returns the forecasts of a run from a file that was fetched, or an answer that was saved.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no such file, does not say its run, or lacks months of a unit.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise MissingInput(f"{path} cannot be read: {problem.strerror}.") from None
    except (ValueError, RecursionError):
        raise BadInput(f"{path.name} is no JSON.", "Fetch it again.") from None
    rows = content.get("data") if isinstance(content, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BadInput(f"{path.name} holds no forecasts of {VIEWS.title}.", "Fetch it again.")
    run = str(content.get("run") or query.version or "")
    if _RUN.fullmatch(run) is None:
        raise BadInput(
            f"{path.name} does not say of which run it is.",
            "Add --version fatalities003_2026_05_t01, or what the run is.",
        )
    level = "grid" if "pg_id" in rows[0] else "country"
    columns = ("month_id", _UNIT[level], *_QUANTITIES[level])
    missing = [name for name in columns if name not in rows[0]]
    if missing:
        raise BadInput(f"{path.name} has no {', '.join(missing)}.", "Fetch it again.")
    return _collect(path, run, level, [row for row in rows if _is_wanted(row, query)])


def _collect(path: Path, run: str, level: str, rows: Sequence[dict[str, Any]]) -> ForecastBatch:
    found: dict[tuple[str, int, str], float] = {}
    refusals: list[Refusal] = []
    for number, row in enumerate(rows, start=1):
        try:
            unit, values = _read_row(row, level)
            month = int(row["month_id"])
            if not 0 < month <= _LAST_MONTH:
                raise ValueError(f"month_id {month}")
        except (KeyError, TypeError, ValueError, OverflowError) as bad:
            told = {name: str(value) for name, value in row.items()}
            refusals.append(Refusal(number, None, "bad_number", f"It cannot be used: {bad}.", told))
            continue
        for quantity, value in values.items():
            if found.setdefault((unit, month, quantity), value) != value:
                raise BadInput(
                    f"{path.name} says two things of {unit} in month {month}.", "Fetch it again."
                )
    if not found or len(refusals) * 10 > len(rows):
        first = refusals[0].message if refusals else "nothing of what was asked for is in it."
        raise BadInput(f"{path.name} has no forecasts that can be used: {first}")
    months = sorted({month for _, month, _ in found})
    units = sorted({unit for unit, _, _ in found})
    for quantity in sorted({name for _, _, name in found}):
        for month in range(months[0], months[-1] + 1):
            values_of_month = [found.get((unit, month, quantity)) for unit in units]
            if None in values_of_month:
                lacking = units[values_of_month.index(None)]
                raise BadInput(
                    f"{path.name} has no {quantity} of {lacking} in month {month}.",
                    "Rows are missing: fetch it again.",
                )
            if len(units) >= _FEW_UNITS and not any(values_of_month):
                raise BadInput(
                    f"{path.name} says {quantity} 0 of all {len(units)} units in month {month}.",
                    "No forecast says that: fetch it again.",
                )
    table = pd.DataFrame(
        [
            (level, unit, *_days_of(month), quantity, value)
            for (unit, month, quantity), value in found.items()
        ],
        columns=list(FORECAST_COLUMNS),
    )
    return ForecastBatch(run, table.astype(FORECAST_COLUMNS), tuple(refusals), len(rows))


def _read_row(row: dict[str, Any], level: str) -> tuple[str, dict[str, float]]:
    if level == "grid":
        unit = str(int(row["pg_id"]))
    else:
        unit = to_alpha3(str(row["isoab"])) or ""
        if not unit:
            raise ValueError(f"'{row['isoab']}' is no country")
    values = {quantity: float(row[name]) for name, quantity in _QUANTITIES[level].items()}
    for quantity, value in values.items():
        limit = 1 if quantity.startswith("probability_") else math.inf
        if not 0 <= value <= limit or math.isinf(value):
            raise ValueError(f"{quantity} {value}")
    return unit, values


def _is_wanted(row: dict[str, Any], query: Query) -> bool:
    if "pg_id" in row:
        if query.box is None:
            return True
        west, south, east, north = query.box
        try:
            cell = int(row["pg_id"]) - 1
        except (TypeError, ValueError, OverflowError):
            return True  # What is wrong with the row is said where it is read.
        longitude, latitude = cell % 720 / 2 - 179.75, cell // 720 / 2 - 89.75
        return west <= longitude <= east and south <= latitude <= north
    return not query.countries or to_alpha3(str(row.get("isoab"))) in query.countries


def _days_of(month_id: int) -> tuple[int, int]:
    # VIEWS counts months from January 1980, which is 1; a period ordinal from January 1970.
    ordinal = month_id - 1 + (_FIRST_YEAR - 1970) * 12
    first, last = period_start(ordinal, "month"), period_end(ordinal, "month")
    return to_epoch_day(first), to_epoch_day(last)


def _find_newest(access: Access) -> str:
    url = f"{access.settings.views_url}/"
    answer = access.fetcher.get_json(url)
    runs = answer.get("runs") if isinstance(answer, dict) else None
    named = [
        match
        for run in (runs if isinstance(runs, list) else [])
        if (match := re.fullmatch(r"fatalities(\d{3})_(\d{4})_(0[1-9]|1[0-2])_t\d\d", str(run)))
    ]
    if not named:
        raise access.fetcher.fail(url, "it lists no run", "Name one with --version.")
    return max(named, key=lambda match: (match[2], match[3], match[1], match[0]))[0]
