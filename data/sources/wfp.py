"""WFP food prices per market and month, as distributed on HDX for each country.

Prices in local currency: in dollars an exchange rate would move them as well. A price that WFP
forecasts is no observation and is left out.
"""

from __future__ import annotations

import calendar
import re
from datetime import date
from pathlib import Path
from typing import Any

from data.calendar import from_epoch_day, to_epoch_day
from data.errors import BadInput
from data.observation import ObservationBatch
from data.regions.iso_countries import to_alpha3
from data.sources.contract import Access, Query, SourceInfo
from data.sources.country_names import slug_of_country
from data.sources.hdx_files import fetch_hdx_file
from data.sources.observed import Unusable, read_observations, to_day, to_value

WFP = SourceInfo(
    name="wfp",
    title="WFP food prices",
    licence="CC-BY-3.0-IGO",
    attribution="World Food Programme (WFP), food prices, via HDX",
    url="https://data.humdata.org/organization/wfp",
    redistributable=True,
    is_simulated=False,
    kind="observations",
)

_COLUMNS = (
    "date",
    "market",
    "latitude",
    "longitude",
    "commodity",
    "unit",
    "priceflag",
    "pricetype",
    "currency",
    "price",
)
_FILE = re.compile(r"wfp_food_prices_([a-z]{3})", re.IGNORECASE)


def read_wfp(path: Path, query: Query, _known_at: date) -> ObservationBatch:
    """Returns `food_price` per market, good, unit, kind of price and month.

    The file does not say its country: the query names it, or the file's name as on HDX
    (`wfp_food_prices_mli.csv`).

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no such file, its country is not said, or too little of it can be used.
    """
    named = _FILE.search(path.name)
    code = named[1] if named else query.countries[0] if len(query.countries) == 1 else ""
    country = to_alpha3(code)
    if country is None:
        raise BadInput(
            f"{path.name} does not say which country it is of.",
            "Add --countries MLI, or name it as on HDX: wfp_food_prices_mli.csv.",
        )

    def read_row(row: dict[str, str]) -> list[dict[str, Any]]:
        return _read_row(row, country)

    return read_observations(path, WFP.title, _COLUMNS, read_row)


def fetch_wfp(access: Access, query: Query) -> list[Path]:
    """Returns a file of prices per country, as it lies on HDX now.

    Raises:
        SourceUnavailable: A country has none there, or it cannot be had whole.
    """
    return [
        fetch_hdx_file(
            access,
            f"wfp-food-prices-for-{slug_of_country(country)}",
            [rf"wfp_food_prices_{country}\.csv"],
        )
        for country in query.countries
    ]


def _read_row(row: dict[str, str], country: str) -> list[dict[str, Any]]:
    # WFP writes `actual`, `aggregate`, or both, and `forecast` for what it expects.
    if "forecast" in row["priceflag"].lower():
        return []
    price = to_value(row["price"])
    if price is None:
        return []
    if price <= 0:
        raise Unusable("bad_number", f"price '{row['price']}' is none.")
    latitude, longitude = to_value(row["latitude"]), to_value(row["longitude"])
    if latitude is None or longitude is None:
        # A national average lies at no market.
        return []
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise Unusable("impossible_latitude", f"'{latitude}', '{longitude}' is no place.")
    day = from_epoch_day(to_day(row["date"]))
    last = calendar.monthrange(day.year, day.month)[1]
    item = "|".join(row[name].strip() for name in ("commodity", "unit", "pricetype", "currency"))
    market = row.get("market_id", "").strip() or row["market"].strip()
    return [
        {
            "observation_key": f"{market[:40]}/{item[:100]}/{day.year}-{day.month:02d}",
            "indicator": "food_price",
            "place": "",
            "country": country,
            "latitude": latitude,
            "longitude": longitude,
            "date_start": to_epoch_day(day.replace(day=1)),
            "date_end": to_epoch_day(day.replace(day=last)),
            "value": price,
            "item": item[:160],
        }
    ]
