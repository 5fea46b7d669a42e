"""The page of the track record."""

from __future__ import annotations

from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from data.regions import load_region_set
from models.fatalities.names import FATALITIES
from service.modelling.drift import load_verdict
from service.publications.store import find_head
from service.record.forecast_ledger import list_entries
from service.web import links
from service.web.fatality_record_view import view_fatality_record
from service.web.list_pages import describe_set
from service.web.reading import Reader
from service.web.reliability_view import view_reliability
from service.web.set_view import link_outcomes
from service.web.templating import render_page


def render_reliability(
    reader: Reader, connection: Connection, name: str, horizon: int | None, outcome: str | None
) -> HTMLResponse:
    """Returns the track record of a set: what was published, against what came.

    Args:
        reader: The reader.
        connection: A read transaction.
        name: Name of the set.
        horizon: The horizon that is shown whole; None for the default.
        outcome: The outcome; None for the first that is published.

    Raises:
        UnknownName: There is no such set, or nothing was published of that outcome or at that
            horizon.
    """
    region_set = load_region_set(connection, name)
    if outcome is None and find_head(connection, name) is None:
        record = reader.record(connection, name, reader.settings.outcomes[0])
        view = view_reliability(record, horizon)
    else:
        frame = reader.frame(connection, name, outcome=outcome)
        record = reader.record(connection, name, frame.outcome)
        view = view_reliability(
            record,
            horizon,
            named=frame.outcome_words.name.lower(),
            asked_outcome=frame.asked_outcome,
            outcomes=link_outcomes(frame, lambda of: links.to_reliability(name, horizon, of)),
        )
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
        deaths=view_fatality_record(reader.record(connection, name, FATALITIES)),
        drift=load_verdict(connection, name, record["outcome"]),
    )
