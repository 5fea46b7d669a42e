"""The addresses of rules: by what people are alerted, checked and applied."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from data.errors import BadInput, UnknownName
from service.alerts.rule_files import Refusal, check_content
from service.alerts.rule_store import apply_rules, list_rule_versions, list_rules
from service.alerts.rules import Rule
from service.api.access import PROTECTED, require_scope
from service.api.context import ApiContext
from service.api.problem_schema import declare_problems
from service.api.schemas import Answer
from service.keys import Caller

RulePath = Annotated[str, Path(description="Id of a rule.", max_length=64)]


class RuleOut(Answer):
    """An alert rule in one of its versions."""

    rule_id: str
    version: int = Field(description="Every edit is a new version.")
    name: str
    why: str = Field(description="Why somebody should be told.")
    enabled: bool
    body: dict[str, Any] = Field(description="The rule as it is written in a rule file.")


class RuleVersionOut(RuleOut):
    """A version of a rule, with the moment it was stored."""

    created_at: datetime


class RulesIn(BaseModel):
    """Rules as a rule file has them, in JSON."""

    model_config = ConfigDict(extra="forbid")

    rules: list[dict[str, Any]] = Field(min_length=1, max_length=500)


class RefusalOut(Answer):
    """Why a rule cannot be used."""

    rule_id: str | None
    reason: str


class RuleCheckOut(Answer):
    """What a check found; nothing was stored."""

    good: list[str] = Field(description="Ids of the rules that can be used.")
    refusals: list[RefusalOut]


class StoredRuleOut(Answer):
    """A version that was stored."""

    rule_id: str
    version: int


class RulesAppliedOut(Answer):
    """What was stored; rules that were not named stay in force."""

    stored: list[StoredRuleOut]
    n_unchanged: int


def make_rule_routes(context: ApiContext) -> APIRouter:
    """Returns the routes of rules."""
    router = APIRouter(tags=["alerts"])
    may_write = require_scope(context, "rules:write")

    @router.get("/rules", responses=declare_problems())
    def list_alert_rules() -> list[RuleOut]:
        """Lists the newest version of every rule, enabled or not."""
        with context.database.read() as connection:
            rules = list_rules(connection)
        return [RuleOut(**_describe(rule)) for rule in rules]

    @router.get("/rules/{rule_id}", responses=declare_problems("unknown_name"))
    def show_rule(rule_id: RulePath) -> list[RuleVersionOut]:
        """Lists all versions of a rule, the newest first."""
        with context.database.read() as connection:
            versions = list_rule_versions(connection, rule_id)
        if not versions:
            raise UnknownName(f"There is no rule '{rule_id}'.", "/api/v1/rules lists them.")
        return [
            RuleVersionOut(**_describe(item.rule), created_at=item.created_at) for item in versions
        ]

    @router.post("/rules/check", responses=declare_problems(*PROTECTED))
    def check_rules(order: RulesIn, caller: Caller = may_write) -> RuleCheckOut:
        """Checks rules and stores nothing."""
        del caller
        rules, refusals = check_content({"rules": order.rules})
        return RuleCheckOut(
            good=[rule.id for rule in rules],
            refusals=[RefusalOut(rule_id=item.rule_id, reason=item.reason) for item in refusals],
        )

    @router.post("/rules", responses=declare_problems(*PROTECTED, "bad_input"))
    def apply_alert_rules(order: RulesIn, caller: Caller = may_write) -> RulesAppliedOut:
        """Stores rules, all or none; a changed rule becomes a new version from the next cycle."""
        rules, refusals = check_content({"rules": order.rules})
        if refusals:
            raise BadInput(_join(refusals), "Mend the rules; nothing was stored.")
        with context.database.write() as connection:
            stored = apply_rules(connection, rules, actor=caller.actor, now=context.clock())
        return RulesAppliedOut(
            stored=[StoredRuleOut(rule_id=rule.id, version=rule.version) for rule in stored],
            n_unchanged=len(rules) - len(stored),
        )

    return router


def _describe(rule: Rule) -> dict[str, Any]:
    return {
        "rule_id": rule.id,
        "version": rule.version,
        "name": rule.name,
        "why": rule.why,
        "enabled": rule.enabled,
        "body": rule.body,
    }


def _join(refusals: tuple[Refusal, ...]) -> str:
    return "; ".join(map(str, refusals)).rstrip(".") + "."
