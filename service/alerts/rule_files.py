"""Rule files: TOML with one table `[[rules]]` for each rule."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import BadInput, MissingInput
from service.alerts.rules import Rule, check_rule
from service.alerts.toml_lines import find_lines, line_of

DEFAULT_RULES = Path(__file__).with_name("default_rules.toml")
"""The rule file that a new installation starts with."""

SHIPPED: dict[str, Path] = {
    "default": DEFAULT_RULES,
    "sahel-desk": Path(__file__).with_name("sahel_desk_rules.toml"),
}
"""The rule files that come with Tocsin, by name."""


@dataclass(frozen=True)
class Refusal:
    """Something in a rule file that cannot be used.

    Attributes:
        line: Line from 1, or None where it cannot be told.
        rule_id: The rule; None if the file as a whole is meant.
        reason: What is wrong.
    """

    line: int | None
    rule_id: str | None
    reason: str

    def __str__(self) -> str:
        where = "" if self.line is None else f"line {self.line}: "
        return f"{where}{self.reason}"


def read_rules(path: Path) -> tuple[Rule, ...]:
    """Returns the rules of a file, in its order.

    Raises:
        MissingInput: There is no such file, or it cannot be read.
        BadInput: It is no TOML, or a rule in it is refused; the message says all with their lines.
    """
    rules, refusals = check_rule_file(path)
    if refusals:
        reasons = "; ".join(map(str, refusals))
        raise BadInput(f"{path}: {reasons}.", "Mend the file; nothing was stored.")
    return rules


def check_rule_file(path: Path) -> tuple[tuple[Rule, ...], tuple[Refusal, ...]]:
    """Returns the good rules of a file and all that is wrong with it.

    Raises:
        MissingInput: There is no such file, or it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as problem:
        raise MissingInput(
            f"The rule file {path} cannot be read: {problem.strerror}.", "Check the path."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        return (), (Refusal(None, None, f"not a TOML file: {problem}"),)
    return check_content(content, text)


def check_content(
    content: dict[str, Any], text: str = ""
) -> tuple[tuple[Rule, ...], tuple[Refusal, ...]]:
    """Returns the good rules of what a rule file holds, and all that is wrong with it.

    Args:
        content: The parsed file, `{"rules": […]}`.
        text: Its text, for the lines of refusals; without it they have none.
    """
    bodies = content.get("rules")
    if set(content) != {"rules"} or not isinstance(bodies, list) or not bodies:
        reason = "a rule file holds one or more tables [[rules]] and nothing else"
        return (), (Refusal(None, None, reason),)
    lines = find_lines(text, "rules")
    if len(lines) != len(bodies):
        # Written in a way that the reading of lines does not follow: no line is better than a
        # wrong one.
        lines = [{} for _ in bodies]
    rules: list[Rule] = []
    refusals: list[Refusal] = []
    for body, places in zip(bodies, lines, strict=True):
        if not isinstance(body, dict):
            refusals.append(Refusal(None, None, "a rule is a table, written [[rules]]"))
            continue
        name = str(body.get("id", "?"))
        if "version" in body:
            reason = f"Rule '{name}': remove 'version', versions are counted for you"
            refusals.append(Refusal(line_of(places, ("version",)), name, reason))
            continue
        checked = check_rule(body)
        if not isinstance(checked, Rule):
            refusals += [
                Refusal(line_of(places, fault.place), name, f"Rule '{name}' is refused: {fault}")
                for fault in checked
            ]
        elif any(rule.id == checked.id for rule in rules):
            reason = f"Rule '{name}' is there twice: give each rule its own id"
            refusals.append(Refusal(line_of(places, ("id",)), name, reason))
        else:
            rules.append(checked)
    return tuple(rules), tuple(refusals)
