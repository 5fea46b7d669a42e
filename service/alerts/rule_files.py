"""Rule files: TOML with one table `[[rules]]` for each rule."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from data.errors import BadInput, MissingInput
from service.alerts.rules import Rule, parse_rule

DEFAULT_RULES = Path(__file__).with_name("default_rules.toml")
"""The rule file that comes with Tocsin."""


def read_rules(path: Path) -> tuple[Rule, ...]:
    """Returns the rules of a file, in its order.

    Raises:
        MissingInput: There is no such file, or it cannot be read.
        BadInput: It is no TOML, or a rule in it is refused.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise MissingInput(
            f"The rule file {path} cannot be read: {problem.strerror}.", "Check the path."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadInput(f"{path} is not a TOML file: {problem}.", "Mend that line.") from None
    try:
        return parse_rules(content)
    except BadInput as problem:
        raise BadInput(f"{path}: {problem.message}", problem.hint) from None


def parse_rules(content: dict[str, Any]) -> tuple[Rule, ...]:
    """Returns the rules of a parsed rule file.

    Raises:
        BadInput: The content is not a list of rules, a rule is refused, or an id comes twice.
    """
    bodies = content.get("rules")
    if set(content) != {"rules"} or not isinstance(bodies, list) or not bodies:
        raise BadInput(
            "A rule file holds one or more tables [[rules]] and nothing else.",
            "See service/alerts/default_rules.toml for an example.",
        )
    for body in bodies:
        if not isinstance(body, dict) or "version" in body:
            raise BadInput(
                "A rule is a table without 'version': versions are counted for you.",
                "Write [[rules]] and remove 'version'.",
            )
    rules = tuple(parse_rule(body) for body in bodies)
    ids = [rule.id for rule in rules]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        raise BadInput(f"Rule '{name}' is there twice.", "Give each rule its own id.")
    return rules
