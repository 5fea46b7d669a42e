"""The pages that list: the start page, a set's publications and alerts, and what Tocsin is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from data.regions import RegionSetHead, list_region_sets, list_set_heads, load_region_set
from data.sources.registry import SOURCES
from service.feeds.addresses import CAP_FORMAT
from service.publications.store import list_publications
from service.settings import Settings
from service.web import words
from service.web.alerts_view import summarise_incidents, view_incidents, view_rules
from service.web.banners import SIMULATED, Banner
from service.web.levels import describe_levels
from service.web.licences import SOFTWARE, licence_address
from service.web.overview_view import SetCard, view_published, view_unpublished
from service.web.page_head import Frame, set_title, warn_of_set
from service.web.publications_view import view_publications
from service.web.reading import Reader
from service.web.sessions import Session
from service.web.templating import render_page

ROWS_ON_A_PAGE = 200


def render_start(reader: Reader, connection: Connection) -> HTMLResponse:
    """Returns the index of region sets."""
    cards = _overview(reader, connection)
    return render_page("index.html", sets=cards, banners=_banners_of(cards))


def render_publications(
    reader: Reader, connection: Connection, name: str, page: int
) -> HTMLResponse:
    """Returns one page of the list of a set's publications.

    Raises:
        UnknownName: There is no such set.
    """
    region_set = load_region_set(connection, name)
    heads = list_publications(connection, name)
    last = max(1, math.ceil(len(heads) / ROWS_ON_A_PAGE))
    shown = slice((page - 1) * ROWS_ON_A_PAGE, page * ROWS_ON_A_PAGE)
    return render_page(
        "publications.html",
        **describe_set(region_set, "publications"),
        rows=view_publications(heads, shown, lambda number: reader.files(connection, number)),
        n_rows=len(heads),
        newer=page - 1 if 1 < page <= last + 1 else None,
        older=page + 1 if page < last else None,
    )


def render_all_alerts(
    reader: Reader, connection: Connection, me: Session | None = None
) -> HTMLResponse:
    """Returns the alerts of all sets, the open ones first."""
    sets = list_region_sets(connection)
    incidents = [
        item
        for region_set in sets
        for item in view_incidents(
            connection, region_set, reader.newest(connection, region_set.name)
        )
    ]
    rules = dict.fromkeys(
        rule for region_set in sets for rule in view_rules(connection, region_set)
    )
    is_any_simulated = any(map(is_simulated, sets))
    return render_page(
        "alerts.html",
        me=me,
        nav={"set": None, "here": "alerts"},
        set_name=None,
        has_cap=False,
        title="All regions",
        is_simulated=bool(sets) and all(map(is_simulated, sets)),
        banners=[SIMULATED] if is_any_simulated else [],
        summary=summarise_incidents(incidents),
        open=[item for item in incidents if item.is_open],
        past=[item for item in incidents if not item.is_open],
        rules=list(rules),
    )


def render_alerts(
    reader: Reader, connection: Connection, name: str, me: Session | None = None
) -> HTMLResponse:
    """Returns a set's alerts, the open ones first.

    Raises:
        UnknownName: There is no such set.
    """
    region_set = load_region_set(connection, name)
    newest = reader.newest(connection, name)
    incidents = view_incidents(connection, region_set, newest)
    return render_page(
        "alerts.html",
        me=me,
        has_cap=newest is not None
        and CAP_FORMAT in reader.files(connection, newest.publication.publication_id),
        **describe_set(region_set, "alerts", newest),
        summary=summarise_incidents(incidents),
        open=[item for item in incidents if item.is_open],
        past=[item for item in incidents if not item.is_open],
        rules=view_rules(connection, region_set),
    )


def render_about(reader: Reader, connection: Connection, settings: Settings) -> HTMLResponse:
    """Returns what Tocsin is and is not, its words, and the sources behind its publications."""
    cards = _overview(reader, connection)
    shown = _frames(reader, connection)
    frames = [frame for _, frame in shown if frame is not None]
    steps = dict.fromkeys(region_set.step for region_set, _ in shown) or {"month": None}
    named = dict.fromkeys(item for frame in frames for item in frame.publication.attributions)
    return render_page(
        "about.html",
        # Where one set is served, its pages stay in reach.
        nav={"set": shown[0][0].name if len(shown) == 1 else None, "here": "about"},
        sets=cards,
        banners=_banners_of(cards),
        credits=[
            {
                "source": item.source,
                "text": item.text,
                "licence": item.licence,
                "url": licence_address(item.licence),
            }
            for item in named
        ],
        software_licence=SOFTWARE,
        multiple=settings.escalation_multiple,
        quantile=settings.escalation_quantile,
        floor=settings.escalation_floor,
        horizons=words.listed(
            [words.steps(ahead, step) for step in steps for ahead in settings.horizons_of(step)],
            "or",
        ),
        levels=words.listed(
            [
                f"{level.words} ({level.bounds})"
                for level in describe_levels(settings.levels).values()
            ]
        ),
        warning_days=words.listed(
            [words.counted(days, "day") for days in map(settings.warning_days, steps)],
            "or",
        ),
        many_steps=len(steps) > 1,
        too_early_below=settings.too_early_below,
    )


def _overview(reader: Reader, connection: Connection) -> Sequence[SetCard]:
    return [
        view_published(frame)
        if frame is not None
        else view_unpublished(
            load_region_set(connection, head.name), is_simulated=is_simulated(head)
        )
        for head, frame in _frames(reader, connection)
    ]


def _banners_of(cards: Sequence[SetCard]) -> list[Banner]:
    return [SIMULATED] if cards and all(card.is_simulated for card in cards) else []


def _frames(reader: Reader, connection: Connection) -> list[tuple[RegionSetHead, Frame | None]]:
    return [(head, reader.newest(connection, head.name)) for head in list_set_heads(connection)]


def describe_set(
    region_set: RegionSetHead, here: str, newest: Frame | None = None
) -> dict[str, Any]:
    """Returns what the template of a page about a set needs.

    Args:
        region_set: The set.
        here: Name of the page in the navigation.
        newest: Its newest publication, where the page is only as good as that is new.
    """
    simulated = is_simulated(region_set)
    return {
        "nav": {"set": region_set.name, "here": here},
        "set_name": region_set.name,
        "title": set_title(region_set.name),
        "is_simulated": simulated,
        "banners": warn_of_set(newest, is_simulated=simulated),
    }


def is_simulated(region_set: RegionSetHead) -> bool:
    """Returns True if the set's source makes events up, or if nobody knows the source."""
    source = SOURCES.get(region_set.source)
    return source is None or source.is_simulated
