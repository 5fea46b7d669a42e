"""The page of a region."""

from __future__ import annotations

import math
from datetime import date

from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from service.indicator_values import are_counts_closed
from service.web import words
from service.web.alerts_view import view_incidents
from service.web.fatalities_view import view_fatalities
from service.web.history import TYPES, tabulate_latest
from service.web.reading import Reader
from service.web.region_view import view_region
from service.web.set_page import frame_values
from service.web.templating import render_page


def render_region(
    reader: Reader,
    connection: Connection,
    name: str,
    region_id: str,
    *,
    horizon: int | None,
    as_of: date | None,
    outcome: str | None,
) -> HTMLResponse:
    """Returns the page of a region.

    Raises:
        UnknownName: No such set, as-of, outcome, region or horizon.
        NotReady: Nothing is published of the set.
    """
    frame = reader.frame(connection, name, as_of, outcome)
    view = view_region(frame, region_id, horizon)
    history = reader.history(connection, frame, region_id)
    points = reader.points(connection, frame, region_id, view.horizon)
    ahead = view_fatalities(frame.publication, region_id)
    newest = reader.newest(connection, name)
    per_step = None if view.threshold is None else view.threshold / view.horizon
    return render_page(
        "region.html",
        **frame_values(frame, ""),
        view=view,
        shapes=reader.shapes(frame),
        types=TYPES,
        pictures=(
            ()
            if history is None
            else reader.deaths_pictures(frame, history, region_id, view.horizon)
        ),
        are_counts_closed=are_counts_closed(frame.region_set.source),
        latest=() if history is None else tabulate_latest(history),
        per_step="" if per_step is None else words.counted(math.ceil(per_step), "death"),
        ahead=ahead,
        fan_pictures=() if history is None else reader.fan_pictures(frame, history, ahead),
        score_pictures=reader.score_pictures(frame, region_id, view.horizon, points),
        incidents=view_incidents(connection, frame.region_set, newest, region_id),
    )
