"""`tocsin regions`: import, make and list region sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from data.calendar import STEPS, Step, parse_day
from data.errors import UsageError
from data.panel.counts import require_countable
from data.regions import (
    RegionKind,
    RegionSet,
    dissolve_countries,
    list_region_sets,
    load_region_set,
    priogrid_regions,
    read_region_file,
    save_region_set,
    weigh_crosswalk,
)
from service.cli.output import JsonOption, SetOption, messages, print_json, print_table, say
from service.cli.session import Session, open_session
from service.schedule.schedules import schedule_of
from service.web.words import country_name

app = typer.Typer(help="Import, make and list region sets.", no_args_is_help=True)

NameOption = Annotated[str, typer.Option("--set", help="Name of the new region set.")]
StepOption = Annotated[str, typer.Option(help="Calendar unit of its panel: month or week.")]
SourceOption = Annotated[
    str, typer.Option(help="Source of its panel: one of events, or hapi for monthly counts.")
]


@app.command("import")
def import_regions(
    file: Annotated[Path, typer.Argument(help="GeoJSON FeatureCollection, WGS 84.")],
    name: NameOption,
    id_property: Annotated[str, typer.Option(help="Property with the identifier.")] = "pcode",
    name_property: Annotated[str, typer.Option(help="Property with the name.")] = "name",
    country_property: Annotated[
        str, typer.Option(help="Property with the ISO country code, alpha-3 or alpha-2.")
    ] = "iso3",
    kind: Annotated[RegionKind, typer.Option(help="What a region is.")] = "admin1",
    step: StepOption = "month",
    source: SourceOption = "ged",
    attribution: Annotated[
        str, typer.Option(help="Who made the shapes and under which licence; shown to readers.")
    ] = "",
    parent_property: Annotated[
        str, typer.Option(help="Property with the code of the area above, where there is one.")
    ] = "parent",
    valid_from_property: Annotated[
        str, typer.Option(help="Property with the first day of a region, where there is one.")
    ] = "valid_from",
    valid_to_property: Annotated[
        str, typer.Option(help="Property with the last day of a region, where there is one.")
    ] = "valid_to",
    valid_from: Annotated[
        str | None, typer.Option(help="First day of the regions that do not say it: 2025-07-02.")
    ] = None,
    valid_to: Annotated[
        str | None, typer.Option(help="Last day of the regions that do not say it.")
    ] = None,
    replaces: Annotated[
        bool,
        typer.Option(
            "--replace", help="The borders of this set were redrawn: its alerts and scores go on."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Imports a region set from GeoJSON and finds which regions are neighbours.

    Example: tocsin regions import admin1.geojson --set sahel --id-property pcode
    --name-property name --country-property iso3 --attribution "© OpenStreetMap contributors, ODbL"

    Example: tocsin regions import adm2.geojson --set sahel-adm2 --kind admin2
    --id-property ADM2_PCODE --parent-property ADM1_PCODE --name-property ADM2_FR

    Example: tocsin regions import admin1.geojson --set sahel --id-property pcode --source hapi

    Example: tocsin regions import bfa17.geojson --set bfa --replace --valid-from 2025-07-02
    """
    with open_session() as session:
        region_set = read_region_file(
            file,
            name=name,
            id_property=id_property,
            name_property=name_property,
            country_property=country_property,
            kind=kind,
            step=_step(step),
            source=source,
            attribution=attribution,
            parent_property=parent_property,
            valid_from_property=valid_from_property,
            valid_to_property=valid_to_property,
            valid_from=None if valid_from is None else parse_day(valid_from),
            valid_to=None if valid_to is None else parse_day(valid_to),
        )
        _save(session, region_set, as_json, replaces=replaces)


@app.command("countries")
def make_countries(
    name: NameOption,
    over: Annotated[str, typer.Option(help="Imported region set whose areas make up countries.")],
    step: StepOption = "month",
    source: SourceOption = "ged",
    as_json: JsonOption = False,
) -> None:
    """Makes a set of whole countries out of the areas of an imported region set.

    Example: tocsin regions countries --set sahel-countries --over sahel
    """
    with open_session() as session:
        with session.database.read() as connection:
            areas = load_region_set(connection, over)
        region_set = dissolve_countries(
            name,
            areas,
            step=_step(step),
            source=source,
            attribution=areas.attribution,
            name_of=country_name,
        )
        _save(session, region_set, as_json)


@app.command("grid")
def make_grid(
    name: NameOption,
    over: Annotated[
        str, typer.Option(help="Imported region set to cover; gives each cell its country.")
    ],
    step: StepOption = "month",
    source: SourceOption = "ged",
    as_json: JsonOption = False,
) -> None:
    """Makes the PRIO-GRID cells (0.5°) that cover an imported region set.

    Example: tocsin regions grid --set sahel-grid --over sahel
    """
    with open_session() as session:
        with session.database.read() as connection:
            covered = load_region_set(connection, over)
        region_set = priogrid_regions(
            name,
            covered,
            step=_step(step),
            source=source,
            attribution=f"PRIO-GRID cells, computed; countries from: {covered.attribution}",
        )
        _save(session, region_set, as_json)


@app.command("crosswalk")
def crosswalk(
    old: Annotated[str, typer.Argument(help="Region set with the borders of before.")],
    new: Annotated[str, typer.Argument(help="Region set with the borders of now.")],
    as_json: JsonOption = False,
) -> None:
    """Shows how much of each old region lies in each new one, by area, after a redraw.

    Example: tocsin regions crosswalk mali10 mali20
    """
    with open_session() as session, session.database.read() as connection:
        before, after = load_region_set(connection, old), load_region_set(connection, new)
    found = weigh_crosswalk(before, after)
    rows = [
        [before.regions[row], after.regions[column], float(found.weights[row, column])]
        for row, column in zip(*found.weights.nonzero(), strict=True)
    ]
    if as_json:
        print_json(
            [
                {"old": one.region_id, "new": other.region_id, "weight": weight}
                for one, other, weight in rows
            ]
        )
    else:
        print_table(
            ["old", "name", "new", "name", "share of the old"],
            [
                [one.region_id, one.name, other.region_id, other.name, f"{weight:.1%}"]
                for one, other, weight in rows
            ],
        )


@app.command("list")
def list_sets(as_json: JsonOption = False) -> None:
    """Lists the region sets."""
    with open_session() as session, session.database.read() as connection:
        summaries = [_summary(region_set) for region_set in list_region_sets(connection)]
    if as_json:
        print_json(summaries)
    elif summaries:
        print_table(list(summaries[0]), [list(row.values()) for row in summaries])
    else:
        say("No region sets yet: see `tocsin regions import --help`.")


@app.command("show")
def show_set(name: SetOption = None, as_json: JsonOption = False) -> None:
    """Lists the regions of a set with their validity and neighbours.

    Example: tocsin regions show --set sahel
    """
    with open_session() as session, session.database.read() as connection:
        region_set = load_region_set(connection, session.set_name(name))
    rows: list[dict[str, Any]] = [
        {
            "region_id": region.region_id,
            "name": region.name,
            "country": region.country,
            "parent": region.parent,
            "valid_from": region.valid_from,
            "valid_to": region.valid_to,
            "neighbours": [region_set.region_ids[position] for position in touching],
        }
        for region, touching in zip(region_set.regions, region_set.neighbours, strict=True)
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(
            list(rows[0]),
            [[*list(row.values())[:-1], " ".join(row["neighbours"])] for row in rows],
        )


def _save(
    session: Session, region_set: RegionSet, as_json: bool, *, replaces: bool = False
) -> None:
    require_countable(region_set)
    with session.database.write() as connection:
        is_new = save_region_set(connection, region_set, session.clock(), replace=replaces)
    if as_json:
        print_json({**_summary(region_set), "is_new": is_new})
    else:
        done = "Imported" if is_new else "Unchanged:"
        say(
            f"{done} region set {region_set.name}: {len(region_set.regions)} regions in "
            f"{', '.join(region_set.countries)}, {_n_borders(region_set)} borders."
        )
    if is_new:
        messages.print(_when_scored(session, region_set))
    if is_new and not region_set.attribution:
        messages.print(
            "Readers will not see who made these shapes: most licences want them named, with "
            "--attribution."
        )


def _when_scored(session: Session, region_set: RegionSet) -> str:
    """Returns in words when the set is scored, and how far ahead."""
    settings, step = session.settings, region_set.step
    ahead = ", ".join(str(horizon) for horizon in settings.horizons_of(step))
    variable = "TOCSIN_HORIZONS_WEEKLY" if step == "week" else "TOCSIN_HORIZONS"
    horizons = f"Horizons are {ahead} {step}s ({variable})."
    schedule = schedule_of(settings, region_set)
    if schedule is None:
        example = "0 6 * * wed" if step == "week" else "0 6 12 * *"
        return (
            f"No schedule scores it, because its source is not fetched: give it a line, "
            f'TOCSIN_SCHEDULES=\'{{"{region_set.name}": {{"cron": "{example}"}}}}\', or '
            f"score it by hand. {horizons}"
        )
    return f"It is scored on schedule, at '{schedule.cron}' ({schedule.time_zone}). {horizons}"


def _summary(region_set: RegionSet) -> dict[str, Any]:
    return {
        "set": region_set.name,
        "kind": region_set.kind,
        "step": region_set.step,
        "source": region_set.source,
        "regions": len(region_set.regions),
        "countries": ", ".join(region_set.countries),
        "borders": _n_borders(region_set),
    }


def _n_borders(region_set: RegionSet) -> int:
    return sum(len(touching) for touching in region_set.neighbours) // 2


def _step(text: str) -> Step:
    for step in STEPS:
        if step == text:
            return step
    raise UsageError(f"'{text}' is no step.", "Use --step month or --step week.")
