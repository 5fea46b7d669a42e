"""The catalogue as a page of documentation, written from the declarations and nothing else."""

from __future__ import annotations

from features.catalogue import CATALOGUE, family_codes
from features.feature_sets import DEFAULT_FEATURE_SET, FEATURE_SETS
from features.indicator import Indicator, months_in_words

_HEAD = """# Indicators

Written from the catalogue by `tocsin indicators page`; a test holds this page to it.

An indicator is a named number per region and period. All are published for people to read. A model
sees only those of its feature set, after the transform: what enters a set has to earn its place out
of time (`tocsin indicators gain`).

In formulas, x[s] is the value of period s in the region, t the origin and h the horizon. "Last n
months" ends with t and counts n periods of a monthly panel, or n * 30.4375 / 7 of a weekly one,
rounded. An indicator is *missing* where any period that it needs is unknown, or where no source
supplies it; it is never zero for that reason. What other sources observe is used as it was known at
the end of t. Where all of it was loaded at once, long after, a number counts as known once the
reporting lag of its source is over.
"""


def write_page() -> str:
    """Returns the page, Markdown, ending with a line break."""
    sets = [
        f"| `{name}` | {len(members)} |{' default' if name == DEFAULT_FEATURE_SET else ''} |"
        for name, members in FEATURE_SETS.items()
    ]
    lines = [
        _HEAD,
        f"There are {len(CATALOGUE)} indicators in {len(family_codes())} families.",
        "",
        "| feature set | indicators | |",
        "| --- | --- | --- |",
        *sets,
    ]
    for code in family_codes():
        members = [one for one in CATALOGUE.values() if one.family_code == code]
        heading = members[0].family
        lines += ["", f"## {heading[0].upper()}{heading[1:]}"]
        for one in members:
            lines += ["", *_describe(one)]
    return "\n".join(lines) + "\n"


def _describe(one: Indicator) -> list[str]:
    sets = [f"`{name}`" for name, members in FEATURE_SETS.items() if one.name in members]
    lag = f"; reporting lag: {months_in_words(one.lag_months)}" if one.lag_months else ""
    return [
        f"### `{one.name}`",
        "",
        f"{one.label}. {one.why}",
        "",
        f"- formula: {one.formula}",
        f"- unit: {one.unit}; window: {one.window}{lag}; a model sees: {one.transform}",
        f"- source: {one.source}",
        f"- feature sets: {', '.join(sets) or 'none'}",
    ]
