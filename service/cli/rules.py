"""`tocsin rules`: alert rules, as files and as they are in force."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.errors import BadInput, UnknownName
from service.alerts.condition_words import rule_words
from service.alerts.rule_files import SHIPPED, check_rule_file, read_rules
from service.alerts.rule_store import apply_rules, list_rule_versions, list_rules
from service.alerts.rule_tests import run_rule_tests
from service.alerts.rules import Rule
from service.cli.actor import ByOption
from service.cli.output import JsonOption, print_json, print_table, say
from service.cli.session import open_session

app = typer.Typer(help="Alert rules: check a file, apply it, list.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="Rule file (TOML).")]


@app.command("check")
def check(path: FileArgument, as_json: JsonOption = False) -> None:
    """Checks a rule file and stores nothing; every refusal has its line and its reason.

    Example: tocsin rules check rules.toml
    """
    rules, refusals = check_rule_file(path)
    if as_json and not refusals:
        print_json({"file": path, "rules": [rule.body for rule in rules], "refusals": []})
    elif not as_json:
        for rule in rules:
            say(f"{rule.id}: good")
        for refusal in refusals:
            where = path if refusal.line is None else f"{path}:{refusal.line}"
            say(f"{where}: {refusal.reason}")
    if refusals:
        reasons = (
            "; ".join(map(str, refusals)) if as_json else f"{len(refusals)} refused, see above"
        )
        raise BadInput(f"{path}: {reasons}.", "Mend the file.")


@app.command("apply")
def apply(path: FileArgument, by: ByOption, as_json: JsonOption = False) -> None:
    """Stores the rules of a file; a changed rule becomes a new version, from the next publication.

    Rules that the file does not name stay in force. To end one, apply it with `enabled = false`.

    Example: tocsin rules apply rules.toml --by awa
    """
    rules = read_rules(path)
    with open_session() as session, session.database.write() as connection:
        stored = apply_rules(connection, rules, actor=by, now=session.clock())
    if as_json:
        print_json([{"id": rule.id, "version": rule.version} for rule in stored])
        return
    for rule in stored:
        say(f"{rule.id}: version {rule.version}{'' if rule.enabled else ', disabled'}")
    say(f"{len(stored)} stored, {len(rules) - len(stored)} unchanged.")


@app.command("list")
def list_them(as_json: JsonOption = False) -> None:
    """Lists the newest version of every rule."""
    with open_session() as session, session.database.read() as connection:
        rules = list_rules(connection)
    if as_json:
        print_json([{**rule.body, "version": rule.version} for rule in rules])
    elif rules:
        print_table(
            ["rule", "version", "name", "measure", "outcome", "horizons", "levels", "state"],
            [
                [
                    rule.id,
                    rule.version,
                    rule.name,
                    rule.measure,
                    rule.selector.outcome,
                    ", ".join(map(str, rule.selector.horizons)) or "all",
                    _level_words(rule),
                    "in force" if rule.enabled else "disabled",
                ]
                for rule in rules
            ],
        )
    else:
        say("No rules. The first publication stores the default ones.")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Id of the rule.")], as_json: JsonOption = False
) -> None:
    """Shows a rule with all its versions, the newest first.

    Example: tocsin rules show escalation-risk
    """
    with open_session() as session, session.database.read() as connection:
        versions = list_rule_versions(connection, name)
        known = ", ".join(rule.id for rule in list_rules(connection))
    if not versions:
        raise UnknownName(f"There is no rule '{name}'.", f"Known: {known or 'none yet'}.")
    if as_json:
        print_json(
            [
                {**item.rule.body, "version": item.rule.version, "created_at": item.created_at}
                for item in versions
            ]
        )
        return
    newest = versions[0].rule
    say(f"{newest.name}{'' if newest.enabled else ' (disabled)'}\n{newest.why}")
    for item in versions:
        rule = item.rule
        say(f"\nversion {rule.version}, stored {item.created_at:%Y-%m-%d %H:%M} UTC")
        say(f"  {rule.measure}: {_level_words(rule)}")
        for condition in rule.conditions:
            say(f"  only with {rule_words(condition)}")
        say(f"  for_n {rule.for_n}, clear_n {rule.clear_n}, stale_n {rule.stale_n}")
        chosen = {
            key: value for key, value in rule.selector.model_dump(mode="json").items() if value
        }
        say("  follows " + "; ".join(f"{key} {value}" for key, value in chosen.items()))


@app.command("test")
def run_tests(
    path: Annotated[Path, typer.Argument(help="Test file (TOML); it names its rule file.")],
    as_json: JsonOption = False,
) -> None:
    """Runs the tests of a file: given these scores, these events and no others.

    Ends with exit code 1 if a test fails.

    Example: tocsin rules test rules_test.toml
    """
    results = run_rule_tests(path)
    n_failed = sum(not result.is_passed for result in results)
    if as_json:
        print_json(results)
    else:
        for result in results:
            say(f"{'passed' if result.is_passed else 'FAILED'}  {result.rule_id}: {result.name}")
            for difference in result.differences:
                say(f"        {difference}")
        say(f"{len(results) - n_failed} passed, {n_failed} failed.")
    if n_failed:
        raise typer.Exit(1)


@app.command("example")
def example(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(SHIPPED)}.")] = "sahel-desk",
) -> None:
    """Prints a rule file that comes with Tocsin, to begin from.

    Example: tocsin rules example sahel-desk > rules.toml
    """
    if name not in SHIPPED:
        raise UnknownName(f"There is no rule file '{name}'.", f"Known: {', '.join(SHIPPED)}.")
    typer.echo(SHIPPED[name].read_text(encoding="utf-8"), nl=False)


def _level_words(rule: Rule) -> str:
    return ", ".join(f"{level.name} {level.enter:g}/{level.exit:g}" for level in rule.levels)
