"""`tocsin fatalities`: how many may be killed in each period ahead, as a distribution."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.panel import build_panel
from data.regions import load_region_set
from models.fatalities.forecast import forecast_fatalities
from service.cli.backtest import parse_by, parse_horizons
from service.cli.output import (
    AsOfOption,
    JsonOption,
    SetOption,
    print_json,
    print_table,
    progress_bar,
    say,
)
from service.cli.places import check_place
from service.cli.session import open_session
from service.modelling.backtesting import fold_folder, write_predictions

_SHOWN = ("q05", "q25", "q50", "q75", "q95")


def fatalities(
    name: SetOption = None,
    as_of: AsOfOption = None,
    by: Annotated[str, typer.Option("--by", help="A unit is a region or a country.")] = "country",
    horizons: Annotated[
        str | None, typer.Option("--horizons", help="Periods ahead, e.g. 1,2,3; default: 1 to 12.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", callback=check_place, help="All quantiles: a .parquet or .csv file."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Forecasts the deaths of each period ahead as a distribution, from what was known on a day.

    Half of all cases should lie between q25 and q75, nine in ten between q05 and q95; what such
    forecasts were worth says `tocsin backtest --outcome fatalities`. Nothing is stored.

    Example: tocsin fatalities --set sahel --as-of 2022-01-15 --by country --out fatalities.csv
    """
    unit = parse_by(by)
    ahead = tuple(range(1, 13)) if horizons is None else parse_horizons(horizons)
    if out is not None:
        fold_folder(out)
    with open_session() as session:
        region_set, day = session.set_name(name), session.as_of(as_of)
        with session.database.read() as connection:
            panel = build_panel(connection, load_region_set(connection, region_set), day)
        with progress_bar(f"Forecasting fatalities in {region_set}") as on_progress:
            table = forecast_fatalities(
                panel, session.settings, by=unit, horizons=ahead, on_progress=on_progress
            )
    if out is not None:
        write_predictions(table, out)
    if as_json:
        print_json(table.astype(object).where(table.notna(), None).to_dict("records"))
        return
    known = table[table["q50"].notna()]
    kind = "Simulated, deaths" if panel.is_simulated else "Deaths"
    say(f"{kind} per {panel.step} by {by}, origin {table['origin'].iloc[0]}.")
    print_table(
        [by, "period", *_SHOWN],
        [
            [row["region_id"], row["period"], *(f"{row[q]:,.0f}" for q in _SHOWN)]
            for _, row in known.sort_values(["region_id", "horizon"]).iterrows()
        ],
    )
    unknown = table["region_id"].nunique() - known["region_id"].nunique()
    if unknown:
        say(f"Too early to tell for {unknown} more: their last year is not known whole.")
    if out is not None:
        say(f"Quantiles: {out}")
