"""Rules in the database: a new version for every edit, all versions kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from data.database import take_turn
from data.errors import BadInput
from service.alerts.audit import record_action
from service.alerts.rule_files import DEFAULT_RULES, read_rules
from service.alerts.rules import Rule, parse_rule
from service.tables import rules as rule_rows


def apply_rules(
    connection: Connection, rules: Sequence[Rule], *, actor: str, now: datetime
) -> tuple[Rule, ...]:
    """Stores a new version of each rule whose body differs from its newest one.

    Rules that are not named stay as they are; to end a rule, apply it with `enabled = false`. Each
    version has its entry in the audit trail.

    Args:
        connection: An open write transaction.
        rules: The rules; their versions are not looked at.
        actor: Who applies them.
        now: The present moment.

    Returns:
        The versions that were stored; empty if nothing changed.

    Raises:
        BadInput: An id comes twice.
        UsageError: The actor names nobody.
    """
    if len({rule.id for rule in rules}) < len(rules):
        raise BadInput("A rule is there twice.", "Give each rule its own id.")
    take_turn(connection, "apply rules")
    stored = {rule.id: rule for rule in list_rules(connection)}
    changed = []
    for rule in rules:
        newest = stored.get(rule.id)
        if newest is None:
            changed.append(rule.model_copy(update={"version": 1}))
        elif newest.body != rule.body:
            changed.append(rule.model_copy(update={"version": newest.version + 1}))
    for rule in changed:
        connection.execute(
            insert(rule_rows).values(
                rule_id=rule.id, version=rule.version, body=rule.body, created_at=now
            )
        )
        record_action(
            connection,
            actor=actor,
            action="apply_rule",
            subject=rule.id,
            detail={"version": rule.version, "enabled": rule.enabled},
            now=now,
        )
    return tuple(changed)


def apply_default_rules(connection: Connection, now: datetime) -> tuple[Rule, ...]:
    """Stores the default rules whose id was never stored, and returns them.

    What an operator made of a default rule stays. The audit trail names `tocsin` as who did it.
    """
    take_turn(connection, "apply rules")
    known = {rule.id for rule in list_rules(connection)}
    missing = [rule for rule in read_rules(DEFAULT_RULES) if rule.id not in known]
    return apply_rules(connection, missing, actor="tocsin", now=now)


def list_rules(connection: Connection) -> tuple[Rule, ...]:
    """Returns the newest version of every rule, enabled or not, by id."""
    newest = (
        select(rule_rows.c.rule_id, func.max(rule_rows.c.version).label("version"))
        .group_by(rule_rows.c.rule_id)
        .subquery()
    )
    query = (
        select(rule_rows.c.body, rule_rows.c.version)
        .join(
            newest,
            (rule_rows.c.rule_id == newest.c.rule_id) & (rule_rows.c.version == newest.c.version),
        )
        .order_by(rule_rows.c.rule_id)
    )
    return tuple(parse_rule(row.body, row.version) for row in connection.execute(query))


@dataclass(frozen=True)
class RuleVersion:
    """A version of a rule as it was stored.

    Attributes:
        rule: The rule with its version.
        created_at: When it was stored, UTC.
    """

    rule: Rule
    created_at: datetime


def list_rule_versions(connection: Connection, rule_id: str) -> tuple[RuleVersion, ...]:
    """Returns all versions of a rule, the newest first; empty if there is no such rule."""
    query = (
        select(rule_rows).where(rule_rows.c.rule_id == rule_id).order_by(rule_rows.c.version.desc())
    )
    return tuple(
        RuleVersion(parse_rule(row.body, row.version), row.created_at)
        for row in connection.execute(query)
    )


def active_rules(connection: Connection) -> tuple[Rule, ...]:
    """Returns the newest version of every rule that is enabled, by id."""
    return tuple(rule for rule in list_rules(connection) if rule.enabled)


def load_rules(connection: Connection, versions: Iterable[tuple[str, int]]) -> tuple[Rule, ...]:
    """Returns the rules of the given ids and versions, by id; those not stored are left out."""
    wanted = set(versions)
    query = (
        select(rule_rows)
        .where(rule_rows.c.rule_id.in_({rule_id for rule_id, _ in wanted}))
        .order_by(rule_rows.c.rule_id, rule_rows.c.version)
    )
    return tuple(
        parse_rule(row.body, row.version)
        for row in connection.execute(query)
        if (row.rule_id, row.version) in wanted
    )
