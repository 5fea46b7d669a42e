"""Problems as the OpenAPI document declares them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.problems import OUTCOMES, PROBLEM_MEDIA_TYPE


class Problem(BaseModel):
    """What went wrong (RFC 9457). Branch on `code`: it is stable, the texts are not."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="Reference that identifies the kind of problem.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="HTTP status.")
    code: str = Field(description="Stable code, one of those that `/api/v1/problems` lists.")
    detail: str = Field(description="What is wrong this time.")
    instance: str = Field(description="Path of the request.")
    hint: str | None = Field(default=None, description="What the caller can do.")
    errors: list[dict[str, Any]] | None = Field(
        default=None, description="One entry per wrong parameter."
    )


def declare_problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Returns the declaration of an address that may answer with these codes.

    `usage` (a wrong parameter) and `internal` may come from every address and are added.
    """
    by_status: dict[int, list[str]] = {}
    for code in sorted({*codes, "usage", "internal"}):
        by_status.setdefault(OUTCOMES[code].status, []).append(code)
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": f"Problem: {', '.join(found)}",
            "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}},
        }
        for status, found in sorted(by_status.items())
    }
