"""How the server of each source answers, and how the source is asked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from werkzeug import Request, Response

from data.sources.contract import Query
from tests.service.misbehaving_sources.rows import (
    Rows,
    acled_rows,
    chirps_rows,
    conflictforecast_rows,
    dtm_rows,
    ged_rows,
    hapi_rows,
    idmc_rows,
    ipc_rows,
    views_rows,
    wfp_rows,
)


def as_json(body: Any) -> Response:
    return Response(json.dumps(body), content_type="application/json")


def as_csv(rows: Rows, columns: list[str]) -> Response:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns)
    writer.writeheader()
    writer.writerows(rows)
    return Response(stream.getvalue(), content_type="text/csv")


@dataclass(frozen=True)
class Spec:
    """How a source is asked, and how its server answers."""

    name: str
    make_rows: Callable[[list[date], bool], Rows]
    answer: Callable[[Request, Rows, list[str]], Response]
    first: Query
    second: Query
    column: str
    file_name: str = ""


def answer_ged(request: Request, rows: Rows, columns: list[str]) -> Response:
    if request.path.startswith("/files"):
        return as_csv(rows, columns)
    return as_json({"TotalCount": len(rows), "NextPageUrl": None, "Result": rows})


def answer_acled(request: Request, rows: Rows, columns: list[str]) -> Response:
    if request.path == "/oauth/token":
        return as_json({"access_token": "t"})
    return as_json({"status": 200, "success": True, "data": rows})


def answer_hapi(request: Request, rows: Rows, columns: list[str]) -> Response:
    assert request.headers["X-HDX-HAPI-APP-IDENTIFIER"] == "right"
    start, limit = int(request.args["offset"]), int(request.args["limit"])
    return as_json({"data": rows[start : start + limit]})


def answer_dtm(request: Request, rows: Rows, columns: list[str]) -> Response:
    assert request.headers["Ocp-Apim-Subscription-Key"] == "right"
    return as_json({"isSuccess": True, "result": rows})


def answer_views(request: Request, rows: Rows, columns: list[str]) -> Response:
    page, size = int(request.args.get("page", 1)), 100
    following = f"https://api.example.org{request.path}?page={page + 1}"
    months = [row["month_id"] for row in rows]
    return as_json(
        {
            "data": rows[(page - 1) * size : page * size],
            "next_page": following if page * size < len(rows) else "",
            "row_count": len(rows),
            "start_date": min(months, default=0),
            "end_date": max(months, default=0),
        }
    )


def answer_conflictforecast(request: Request, rows: Rows, columns: list[str]) -> Response:
    if "listing" in request.path:
        name = "conflictforecast_ons_armedconf_03.csv"
        return as_json([{"name": name, "publicUrl": f"{request.host_url}{name}"}])
    return as_csv(rows, columns)


def answer_list(_request: Request, rows: Rows, _columns: list[str]) -> Response:
    return as_json(rows)


def answer_csv(_request: Request, rows: Rows, columns: list[str]) -> Response:
    return as_csv(rows, columns)


def answer_hdx(request: Request, rows: Rows, columns: list[str]) -> Response:
    if request.path != "/api/3/action/package_show":
        assert request.path.startswith("/dataset/")
        return as_csv(rows, columns)
    name = HDX_FILES[request.args["id"]]
    others = ["readme.txt", f"old-{name}"]
    return as_json(
        {
            "success": True,
            "result": {
                "resources": [
                    {"name": file, "url": f"{request.host_url}dataset/download/{file}"}
                    for file in (*others, name)
                ]
            },
        }
    )


HDX_FILES = {
    "wfp-food-prices-for-mali": "wfp_food_prices_mli.csv",
    "mli-rainfall-subnational": "mli-rainfall-subnat-full.csv",
}
MLI = ("MLI",)
SPAN = {"since": date(2024, 1, 1), "until": date(2025, 12, 31)}
NEXT = {"since": date(2026, 1, 1), "until": date(2026, 1, 31)}
SPECS = {
    "ged file": Spec(
        "ged",
        ged_rows,
        answer_ged,
        Query(MLI, version="25.1"),
        Query(MLI, version="26.0.1"),
        "best",
    ),
    "ged api": Spec(
        "ged",
        ged_rows,
        answer_ged,
        Query(MLI, version="25.1", part="api"),
        Query(MLI, version="26.0.1", part="api"),
        "best",
    ),
    "acled": Spec(
        "acled", acled_rows, answer_acled, Query(MLI, **SPAN), Query(MLI, **NEXT), "fatalities"
    ),
    "hapi": Spec("hapi", hapi_rows, answer_hapi, Query(MLI), Query(MLI, **NEXT), "fatalities"),
    "ipc": Spec("ipc", ipc_rows, answer_hapi, Query(MLI), Query(MLI), "population_in_phase"),
    "idmc": Spec("idmc", idmc_rows, answer_list, Query(MLI), Query(MLI), "figure"),
    "dtm": Spec("dtm", dtm_rows, answer_dtm, Query(MLI), Query(MLI), "numPresentIdpInd"),
    "wfp": Spec("wfp", wfp_rows, answer_csv, Query(), Query(), "price", "wfp_food_prices_mli.csv"),
    "chirps": Spec("chirps", chirps_rows, answer_csv, Query(), Query(), "rfh", "mli-rainfall.csv"),
    "wfp on hdx": Spec("wfp", wfp_rows, answer_hdx, Query(MLI), Query(MLI), "price"),
    "chirps on hdx": Spec("chirps", chirps_rows, answer_hdx, Query(MLI), Query(MLI), "rfh"),
    "views": Spec(
        "views", views_rows, answer_views, Query(version="a_1"), Query(version="a_2"), "main_mean"
    ),
    "conflictforecast": Spec(
        "conflictforecast",
        conflictforecast_rows,
        answer_conflictforecast,
        Query(),
        Query(),
        "ons_armedconf_03_all",
    ),
}
