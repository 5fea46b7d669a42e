"""The address of rules: by what people are alerted."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from service.alerts.rule_store import list_rules
from service.api.context import ApiContext
from service.api.problem_schema import declare_problems
from service.api.schemas import Answer


class RuleOut(Answer):
    """An alert rule in its newest version."""

    rule_id: str
    version: int = Field(description="Every edit is a new version.")
    name: str
    why: str = Field(description="Why somebody should be told.")
    enabled: bool
    body: dict[str, Any] = Field(description="The rule as it is written in a rule file.")


def make_rule_routes(context: ApiContext) -> APIRouter:
    """Returns the route of rules."""
    router = APIRouter(tags=["alerts"])

    @router.get("/rules", responses=declare_problems())
    def list_alert_rules() -> list[RuleOut]:
        """Lists the newest version of every rule, enabled or not."""
        with context.database.read() as connection:
            rules = list_rules(connection)
        return [
            RuleOut(
                rule_id=rule.id,
                version=rule.version,
                name=rule.name,
                why=rule.why,
                enabled=rule.enabled,
                body=rule.body,
            )
            for rule in rules
        ]

    return router
