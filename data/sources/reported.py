"""Events that analysts report one by one, by the API, each with a confidence.

A report adds to what is known and says nothing of what it leaves out: unlike a file it speaks for
no country and day, so that a month without a report is not a month without violence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from data.calendar import to_epoch_day
from data.events import EVENT_COLUMNS, Batch, Refusal, conform_events, find_refusals
from data.regions.iso_countries import to_alpha3
from data.sources.contract import SourceInfo

REPORTS = SourceInfo(
    name="reports",
    title="Reports of analysts",
    licence="internal: not to be passed on",
    attribution="The analysts of this desk",
    url="",
    redistributable=False,
    is_simulated=False,
)
FIRST_DAY = date(1946, 1, 1)
"""An earlier day is a slip of the pen."""


def read_reports(rows: Sequence[Mapping[str, Any]], *, known_at: date) -> Batch:
    """Returns the reports that are events, with the confidence of each, and those that are refused.

    Args:
        rows: The event columns (`data.events.EVENT_COLUMNS`, days as `datetime.date`) and
            `confidence`, 0 to 1, which must be there.
        known_at: Day on which they became known.
    """
    candidates = pd.DataFrame([_read(row) for row in rows], columns=[*EVENT_COLUMNS, "confidence"])
    codes = find_refusals(candidates, first_day=FIRST_DAY, known_at=known_at)
    refusals: list[Refusal] = []
    seen: set[str] = set()
    for index, row in enumerate(rows):
        identifier = str(row["event_id"])
        if codes[index] == "" and identifier in seen:
            codes[index] = "duplicate_id"
        seen.add(identifier)
        if codes[index] != "":
            code = str(codes[index])
            told = {name: "" if value is None else str(value) for name, value in row.items()}
            message = f"{code.replace('_', ' ')}: event {identifier}."
            refusals.append(Refusal(index + 1, identifier or None, code, message, told))
    accepted = candidates[codes == ""]
    said = accepted["confidence"].astype(float)
    return Batch(
        events=conform_events(accepted),
        refusals=tuple(refusals),
        n_rows=len(rows),
        countries=(),
        covers_from=known_at,
        covers_to=known_at,
        confidences=dict(zip(accepted["event_id"], said, strict=True)),
    )


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    read = {name: row.get(name) for name in EVENT_COLUMNS}
    for name in ("date", "date_start"):
        read[name] = float(to_epoch_day(row[name]))
    read["country"] = to_alpha3(str(row["country"])) or ""
    for name, dtype in EVENT_COLUMNS.items():
        if dtype != "str" and read[name] is None:
            read[name] = float("nan")
    return {**read, "confidence": row["confidence"]}
