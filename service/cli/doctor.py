"""`tocsin doctor`: is this installation well, and which settings are in force?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import typer
from pydantic import SecretStr
from rich.markup import escape

from service.cli.output import JsonOption, console, print_json, print_table, say
from service.cli.session import open_session
from service.health.examination import examine
from service.settings import PREFIX, Settings

_SIGNS = {"ok": "[green]ok[/]", "warning": "[yellow]look[/]", "failure": "[red]FAILS[/]"}


def doctor(as_json: JsonOption = False) -> None:
    """Says what is right and what is wrong here, what to do about it, and every setting in force.

    The exit code is 1 if something does not work; a warning leaves it at 0.

    Example: tocsin doctor --json
    """
    with open_session() as session:
        findings = examine(session.database, session.settings, session.clock())
        settings = _describe_settings(session.settings)
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings], "settings": settings})
    else:
        for finding in findings:
            remedy = f"\n        → {finding.remedy}" if finding.remedy else ""
            sign = f"{_SIGNS[finding.verdict]:<16}"
            # What was found holds words of others, whose brackets are no markup.
            found = escape(f"{finding.text}{remedy}")
            console.print(f"{sign} [bold]{escape(finding.subject)}[/]: {found}")
        say("\nSettings")
        print_table(
            ["variable", "value", "meaning"],
            [[row["variable"], row["value"], row["description"]] for row in settings],
        )
    if any(finding.verdict == "failure" for finding in findings):
        raise typer.Exit(1)


def _describe_settings(settings: Settings) -> list[dict[str, Any]]:
    rows = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        shown = "(set, not shown)" if isinstance(value, SecretStr) else value
        rows.append(
            {
                "variable": PREFIX + name.upper(),
                "value": None if shown is None else str(shown),
                "description": field.description,
            }
        )
    return rows
