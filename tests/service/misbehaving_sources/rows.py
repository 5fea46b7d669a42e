"""Rows as each source tells them: two good years of months, and one month more."""

from __future__ import annotations

from datetime import date
from typing import Any

from data.calendar import period_end, period_of
from data.sources.gleditsch_ward import STATES

BEFORE = [date(2024 + n // 12, n % 12 + 1, 1) for n in range(24)]
NEW = [date(2026, 1, 1)]
AREAS = ("ML01", "ML02", "ML05")
Rows = list[dict[str, Any]]


def end_of(month: date) -> date:
    return period_end(period_of(month, "month"), "month")


def ged_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "id": f"{month:%Y%m}{n}",
            "type_of_violence": 1,
            "dyad_name": "A - B",
            "side_a": "A",
            "side_b": f"B{n}",
            "number_of_sources": 2,
            "where_prec": 1,
            "adm_1": "Mopti region",
            "adm_2": "",
            "latitude": 14.5,
            "longitude": -4.2,
            "country_id": 432,
            "date_prec": 1,
            "date_start": str(month.replace(day=n + 1)),
            "date_end": str(month.replace(day=n + 1)),
            "deaths_civilians": 0,
            **dict.fromkeys(("best", "high", "low"), 0 if zero else 4),
        }
        for month in months
        for n in range(6)
    ]


def acled_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "event_id_cnty": f"MLI{month:%Y%m}{n}",
            "event_date": str(month.replace(day=n + 1)),
            "time_precision": 1,
            "event_type": "Battles",
            "sub_event_type": "Armed clash",
            "actor1": "JNIM",
            "inter1": "Rebel group",
            "actor2": f"Forces {n}",
            "inter2": "State forces",
            "country": "Mali",
            "admin1": "Mopti",
            "admin2": "",
            "latitude": 14.5,
            "longitude": -4.2,
            "geo_precision": 1,
            "source": "RFI",
            "fatalities": 0 if zero else 4,
            "timestamp": 1767225600,
        }
        for month in months
        for n in range(6)
    ]


def hapi_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "location_code": "MLI",
            "admin1_code": area,
            "admin2_code": None,
            "event_type": "political_violence",
            "events": 0 if zero else 7,
            "fatalities": 0 if zero else 20,
            "reference_period_start": f"{month}T00:00:00",
            "reference_period_end": f"{end_of(month)}T23:59:59",
        }
        for month in months
        for area in AREAS
    ]


def ipc_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "location_code": "MLI",
            "admin1_code": area,
            "admin2_code": None,
            "ipc_phase": "3+",
            "ipc_type": "current",
            "population_in_phase": 0 if zero else 1000,
            "population_fraction_in_phase": 0 if zero else 0.2,
            "reference_period_start": str(month),
            "reference_period_end": str(end_of(month)),
        }
        for month in months
        for area in AREAS
    ]


def idmc_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "id": int(f"{month:%Y%m}{n}"),
            "iso3": "MLI",
            "latitude": 14.5,
            "longitude": -4.2,
            "displacement_type": "Conflict",
            "figure": 0 if zero else 250,
            "displacement_start_date": f"{month}T11:00:00.000Z",
            "displacement_end_date": f"{month}T11:00:00.000Z",
        }
        for month in months
        for n in range(3)
    ]


def dtm_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "id": f"{month}{area}",
            "operation": "Mali",
            "admin0Pcode": "MLI",
            "admin1Pcode": area,
            "numPresentIdpInd": 0 if zero else 5000,
            "reportingDate": f"{month}T00:00:00",
            "roundNumber": month.month,
        }
        for month in months
        for area in AREAS
    ]


def wfp_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "date": str(month.replace(day=15)),
            "market": area,
            "latitude": 14.5,
            "longitude": -4.2,
            "commodity": "Millet",
            "unit": "KG",
            "priceflag": "actual",
            "pricetype": "Retail",
            "currency": "XOF",
            "price": 0 if zero else 250,
        }
        for month in months
        for area in AREAS
    ]


def chirps_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "date": str(month),
            "PCODE": area,
            "rfh": 0 if zero else 12.5,
            "r3q": 0 if zero else 95,
            "version": "final",
        }
        for month in months
        for area in AREAS
    ]


COUNTRIES = sorted({state.iso3 for state in STATES.values()} - {"DDR", "CSK", "YMD"})[:12]


def views_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "isoab": country,
            "month_id": (month.year - 1980) * 12 + month.month,
            "main_mean": 0 if zero else 1.5,
            "main_dich": 0 if zero else 0.1,
        }
        for month in months
        for country in COUNTRIES
    ]


def conflictforecast_rows(months: list[date], zero: bool) -> Rows:
    return [
        {
            "isocode": country,
            "period": f"{month:%Y%m}",
            "ons_armedconf_03_all": 0 if zero and month == months[-1] else 0.2,
        }
        for month in months
        for country in COUNTRIES
    ]
