"""The address of the forecast ledger: whoever keeps a head can hold us to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from service.api.context import ApiContext
from service.api.problem_schema import declare_problems
from service.api.schemas import Answer
from service.record.forecast_ledger import describe_entry, list_entries


class LedgerEntryOut(Answer):
    """A publication in the ledger."""

    sequence: int = Field(description="Number over all region sets, without gaps.")
    published_at: datetime
    region_set: str
    as_of: date
    revision: int
    model_version: str
    outcome_version: str
    n_forecasts: int
    digest: str = Field(description="SHA-256 of what was forecast; see docs/feeds.md.")
    previous_hash: str = Field(description="`entry_hash` of the entry before; zeros for the first.")
    entry_hash: str = Field(description="SHA-256 of this entry and of the hash before.")


def make_ledger_routes(context: ApiContext) -> APIRouter:
    """Returns the route of the ledger."""
    router = APIRouter(tags=["publications"])

    @router.get("/ledger", responses=declare_problems())
    def list_ledger(
        before: Annotated[
            int | None, Query(description="Only entries with a smaller number.", ge=1, lt=2**31)
        ] = None,
        limit: Annotated[int, Query(description="Entries a page.", ge=1, le=1000)] = 100,
    ) -> list[LedgerEntryOut]:
        """Lists the sealed chain of all that was published, the newest entry first."""
        with context.database.read() as connection:
            entries = list_entries(connection, before=before, limit=limit)
        return [LedgerEntryOut.model_validate(describe_entry(entry)) for entry in entries]

    return router
