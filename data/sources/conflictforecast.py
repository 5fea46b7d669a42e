"""conflictforecast.org: risk of violence per country within 3 and 12 months, for comparison.

Mueller & Rauh (2022), "The Hard Problem of Prediction for Conflict Prevention", Journal of the
European Economic Association 20(6), doi:10.1093/jeea/jvac025. Each vintage holds the whole past;
only its last month is a forecast that was made at the time, so only that is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from data.calendar import period_end, period_label, period_of, period_start, to_epoch_day
from data.errors import BadInput, SettingsError, UsageError
from data.events import Refusal
from data.forecast import FORECAST_COLUMNS, ForecastBatch
from data.regions.iso_countries import to_alpha3
from data.sources.contract import Access, Query, SourceInfo
from data.sources.observed import Unusable, read_table, to_value

CONFLICTFORECAST = SourceInfo(
    name="conflictforecast",
    title="conflictforecast.org",
    licence="CC-BY-4.0",
    attribution="conflictforecast.org (Hannes Mueller, Christopher Rauh, Ben Seimon)",
    url="https://conflictforecast.org",
    redistributable=True,
    is_simulated=False,
    kind="forecasts",
    credentials=("conflictforecast_url",),
)

_QUANTITIES = {
    "armedconf": "probability_armed_conflict",
    "anyviolence": "probability_any_violence",
    "lnbest": "log1p_deaths",
}
_FILE = re.compile(r"conflictforecast_(?:(?:ons|int)_)?(armedconf|anyviolence|lnbest)_(\d\d)\.csv")
_VINTAGE = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_FEW_UNITS = 10
_MOST_REFUSED = 0.1


def fetch_conflictforecast(access: Access, query: Query) -> list[Path]:
    """Returns the files of a vintage (`2026-08`), by default the newest.

    Raises:
        SettingsError: The address of the file service is not set.
        UsageError: The vintage is no month.
        SourceUnavailable: They cannot be had whole, or there is none.
    """
    base = access.settings.conflictforecast_url
    if not base:
        raise SettingsError(
            f"The address of {CONFLICTFORECAST.title}'s file service is not set.",
            "Set TOCSIN_CONFLICTFORECAST_URL to what stands on its download page.",
        )
    if query.version is None:
        url, params = f"{base}/get-latest-file-listing", None
    else:
        vintage = _VINTAGE.fullmatch(query.version)
        if vintage is None:
            # It names a folder, too.
            raise UsageError(
                f"'{query.version}' is no vintage of {CONFLICTFORECAST.title}.",
                "Write the month, as 2026-08.",
            )
        url, params = f"{base}/get-file-listing", {"date": f"{vintage[2]}-{vintage[1]}"}
    listing = access.fetcher.get_json(url, params=params)
    if not isinstance(listing, list) or not all(isinstance(item, dict) for item in listing):
        raise access.fetcher.fail(url, "its answer is no list of files")
    wanted = {
        str(item.get("name")): str(item.get("publicUrl") or "")
        for item in listing
        if _FILE.fullmatch(str(item.get("name")))
    }
    if not wanted:
        raise access.fetcher.fail(url, f"none of its {len(listing)} files is a forecast")
    here, targets = urlsplit(base), []
    folder = access.folder / f"conflictforecast-{query.version or 'latest'}"
    folder.mkdir(exist_ok=True)
    for name, address in sorted(wanted.items()):
        there = urlsplit(address)
        # Files may lie elsewhere; but not at an address that only this machine can reach.
        if there.scheme != "https" and there.netloc != here.netloc:
            raise access.fetcher.fail(url, f"{name} lies at {address.partition('?')[0]}")
        target = folder / name
        if query.version is None or not target.exists():
            access.fetcher.download(address, target, on_progress=access.on_progress)
        targets.append(target)
    return targets


def read_conflictforecast(path: Path, query: Query, _known_at: date) -> ForecastBatch:
    """Returns the forecasts of the last month of a file, the vintage being that month.

    Since 2024 a file has `period` and a share (`…_all`); before that `year`, `month` and percent
    (`best_model`).

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no such file, or too little of it can be used.
    """
    named = _FILE.fullmatch(path.name)
    if named is None:
        raise BadInput(
            f"{path.name} is no name of a file of {CONFLICTFORECAST.title}.",
            "Keep it as distributed: conflictforecast_ons_armedconf_03.csv.",
        )
    quantity, horizon = _QUANTITIES[named[1]], int(named[2])
    old = ("isocode", "year", "month", "best_model")
    rows = read_table(path, CONFLICTFORECAST.title, ("isocode", "period"), or_columns=old)
    if not rows:
        raise BadInput(f"{path.name} has a header but no rows.", "Download it again.")
    column, scale = _find_column(path, rows[0][1], named[1])
    months = [_month_of(path, line, row) for line, row in rows]
    last = max(months)
    newest = [item for item, month in zip(rows, months, strict=True) if month == last]
    found: dict[str, float] = {}
    refusals: list[Refusal] = []
    for line, row in newest:
        try:
            country, value = _read_row(row, column, scale, quantity)
            if country in found:
                raise Unusable("duplicate_id", f"{country} stands there twice.")
        except Unusable as bad:
            refusals.append(Refusal(line, None, bad.reason, bad.message, row))
        else:
            if value is not None and (not query.countries or country in query.countries):
                found[country] = value
    _check(path, found, refusals, len(newest))
    first, end = period_start(last + 1, "month"), period_end(last + horizon, "month")
    window = (to_epoch_day(first), to_epoch_day(end))
    table = pd.DataFrame(
        [("country", country, *window, quantity, value) for country, value in found.items()],
        columns=list(FORECAST_COLUMNS),
    )
    run = period_label(last, "month")
    return ForecastBatch(run, table.astype(FORECAST_COLUMNS), tuple(refusals), len(newest))


def _find_column(path: Path, row: dict[str, str], name: str) -> tuple[str, float]:
    """Returns the column of the combined model, and what its numbers are divided by."""
    if "best_model" in row:
        # A logarithm is no percentage in either layout.
        return "best_model", 1 if name == "lnbest" else 100
    columns = [column for column in row if re.fullmatch(rf"(?:\w+_)?{name}_\d\d_all", column)]
    columns = columns or [column for column in row if re.fullmatch(rf"(?:\w+_)?{name}_all", column)]
    if len(columns) != 1:
        raise BadInput(
            f"{path.name} has {len(columns)} columns of the combined model, not one.",
            "Give the file as distributed.",
        )
    return columns[0], 1


def _month_of(path: Path, line: int, row: dict[str, str]) -> int:
    try:
        text = row.get("period", "").strip()
        if text:
            year, month = divmod(int(float(text)), 100)
        else:
            year, month = int(float(row["year"])), int(float(row["month"]))
        return period_of(date(year, month, 1), "month")
    except (KeyError, ValueError, OverflowError):
        raise BadInput(f"{path.name}, line {line}: no month.", "Download it again.") from None


def _read_row(
    row: dict[str, str], column: str, scale: float, quantity: str
) -> tuple[str, float | None]:
    country = to_alpha3(row["isocode"])
    if country is None:
        raise Unusable("unknown_country", f"'{row['isocode']}' is no country.")
    number = to_value(row[column])
    if number is None:
        return country, None
    value = number / scale
    if value < 0 or (quantity.startswith("probability_") and value > 1):
        raise Unusable("bad_number", f"{column} '{row[column]}' is out of range.")
    return country, value


def _check(path: Path, found: dict[str, float], refusals: Sequence[Refusal], n_rows: int) -> None:
    if not found or len(refusals) > _MOST_REFUSED * n_rows:
        first = refusals[0].message if refusals else "its last month has no values."
        raise BadInput(f"{path.name} has no forecasts that can be used: {first}")
    if len(found) >= _FEW_UNITS and not any(found.values()):
        raise BadInput(
            f"{path.name} says 0 of all {len(found)} countries in its last month.",
            "No forecast says that: download it again.",
        )
