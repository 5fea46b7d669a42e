"""Query parameters: their types, and the refusal of those that an address does not have."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated

from fastapi import Path, Query, Request

from data.calendar import parse_day
from data.errors import UsageError

MAX_LIMIT = 1000
"""Rows of the largest page of a list."""

SetPath = Annotated[str, Path(alias="set", description="Name of a region set.", examples=["sahel"])]
RegionPath = Annotated[str, Path(description="Identifier of a region of the set.")]
IncidentPath = Annotated[str, Path(description="Id of an incident.", max_length=96)]
SilencePath = Annotated[int, Path(description="Number of a silence.", ge=1, le=2**31 - 1)]
MessagePath = Annotated[str, Path(description="Id of a message.", max_length=64)]
SetQuery = Annotated[
    str, Query(alias="set", description="Name of a region set.", examples=["sahel"])
]
AsOfQuery = Annotated[
    str | None,
    Query(
        description="Knowledge limit of the publication; the latest if left out.",
        pattern=r"^\d{4}-\d{2}-\d{2}$",
        examples=["2022-01-15"],
        json_schema_extra={"format": "date"},
    ),
]
CountryQuery = Annotated[
    str | None, Query(description="ISO 3166-1 alpha-3 code.", pattern="^[A-Z]{3}$")
]
RegionQuery = Annotated[str | None, Query(description="Identifier of a region.")]
HorizonQuery = Annotated[int | None, Query(description="Steps ahead.", ge=1, le=999)]
CursorQuery = Annotated[
    str | None, Query(description="`next_cursor` of the page before.", max_length=200)
]


def refuse_unknown_parameters(request: Request) -> None:
    """Refuses parameters that the address does not have, and repeated ones.

    A misspelt filter that is ignored answers another question than the one asked.

    Raises:
        UsageError: There is such a parameter.
    """
    known = sorted(field.alias for field in request.scope["route"].dependant.query_params)
    given = Counter(name for name, _ in request.query_params.multi_items())
    hint = f"Parameters here: {', '.join(known) or 'none'}."
    for name, number in given.items():
        if name not in known:
            raise UsageError(f"There is no parameter '{name}'.", hint)
        if number > 1:
            raise UsageError(f"The parameter '{name}' is given {number} times.", "Give it once.")


def read_as_of(text: str | None) -> date | None:
    """Returns the day of the parameter `as_of`, or None.

    Raises:
        UsageError: It is no day of the calendar.
    """
    return None if text is None else parse_day(text)
