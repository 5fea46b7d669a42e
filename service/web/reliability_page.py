"""The page of the track record."""

from __future__ import annotations

from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from data.regions import load_region_set
from service.drift import load_verdict
from service.forecast_ledger import list_entries
from service.web.list_pages import describe_set
from service.web.reading import Reader
from service.web.reliability_view import view_reliability
from service.web.templating import render_page


def render_reliability(
    reader: Reader, connection: Connection, name: str, horizon: int | None
) -> HTMLResponse:
    """Returns the track record of a set: what was published, against what came.

    Raises:
        UnknownName: There is no such set, or nothing was published at that horizon.
    """
    region_set = load_region_set(connection, name)
    record = reader.record(connection, name)
    view = view_reliability(record, horizon)
    return render_page(
        "reliability.html",
        **describe_set(region_set, "reliability"),
        view=view,
        parts_shown=(
            ("live", "Published before the window was over", view.live),
            ("afterwards", "Made up afterwards (replays)", view.afterwards),
        ),
        pictures={
            kind: (
                reader.reliability_pictures(part.reliability),
                reader.skill_pictures(part.years),
            )
            for kind, part in (("live", view.live), ("afterwards", view.afterwards))
        },
        entries=list_entries(connection, region_set=name, limit=1),
        drift=load_verdict(connection, name, record["outcome"]),
    )
