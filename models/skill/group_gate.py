"""The gate, group by group: where a group of regions has enough cases, its own record decides.

A model may be worth something over a whole set and nothing in one part of it. Groups are the
countries, or such as the settings name (a border area, a basin). Where the out-of-time forecasts of
a group hold enough cases, the gate judges them alone; where they do not, an interval would be so
wide that nothing could pass, and the verdict on the whole set stands.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from data.errors import UsageError
from data.panel import Panel
from models.bootstrap import BlockDraws, draw_blocks
from models.forecasts import Forecasts, pick_forecasts
from models.metrics import Floats
from models.settings import ModelSettings
from models.skill.gate import judge
from models.skill.table import skill_intervals


def group_regions(panel: Panel, settings: ModelSettings) -> tuple[str, ...]:
    """Returns the group of each region: one that the settings name, else its country.

    Args:
        panel: The panel of the set.
        settings: Groups by region set.

    Raises:
        UsageError: A group holds a region that the set has not, holds one that another holds too,
            or is called like a country of the set.
    """
    found = [panel.countries[at] for at in panel.country_of]
    position = {region_id: at for at, region_id in enumerate(panel.region_ids)}
    named: dict[str, str] = {}
    for group, region_ids in settings.gate_groups.get(panel.region_set, {}).items():
        unknown = [one for one in region_ids if one not in position]
        twice = [one for one in region_ids if one in named]
        for is_wrong, words in (
            (unknown, f"holds {', '.join(unknown)}, which '{panel.region_set}' has not."),
            (twice, f"holds {', '.join(twice)}, as another does."),
            (group in panel.countries, "is called like a country of the set."),
        ):
            if is_wrong:
                raise UsageError(f"The group '{group}' {words}", "Correct TOCSIN_GATE_GROUPS.")
        for one in region_ids:
            named[one] = found[position[one]] = group
    return tuple(found)


def judge_by_group(
    forecasts: Forecasts,
    probability: Floats,
    draws: BlockDraws,
    panel: Panel,
    settings: ModelSettings,
) -> dict[str, Any]:
    """Returns the verdict on the whole set and on each group, ready for JSON.

    Args:
        forecasts: Out-of-time forecasts.
        probability: Probabilities as served, shape (n_forecasts,).
        draws: Draws for the whole set.
        panel: The panel of the set.
        settings: Groups, from how many cases on one is judged by itself; draws and seed.

    Returns:
        `is_passed` and `reason` of the whole set; `groups`: by group `is_passed`, `reason`,
        `n_forecasts`, `n_positives` and `is_own`, true if its own record decided; `group_of`: the
        group of each region whose group is not its country.

    Raises:
        UsageError: See `group_regions`.
    """
    group_of = group_regions(panel, settings)
    whole = judge(skill_intervals(forecasts, probability, draws))
    of_forecast = np.array(group_of)[forecasts.region]
    groups: dict[str, Any] = {}
    for group in sorted(set(group_of)):
        here = of_forecast == group
        n_forecasts, n_positives = int(here.sum()), int(forecasts.observed[here].sum())
        is_own = min(n_positives, n_forecasts - n_positives) >= settings.gate_group_cases
        verdict = whole
        if is_own:
            part = pick_forecasts(forecasts, here)
            own = draw_blocks(
                part.region, part.year, n_draws=settings.bootstrap_draws, seed=settings.seed
            )
            verdict = judge(skill_intervals(part, probability[here], own))
            if not verdict.is_passed:
                verdict = replace(verdict, reason=f"In {group}: {verdict.reason}")
        groups[group] = {
            **asdict(verdict),
            "n_forecasts": n_forecasts,
            "n_positives": n_positives,
            "is_own": is_own,
        }
    own_groups = {
        region_id: group
        for region_id, group, at in zip(panel.region_ids, group_of, panel.country_of, strict=True)
        if group != panel.countries[at]
    }
    return {**asdict(whole), "groups": groups, "group_of": own_groups}


def groups_without(gate: dict[str, Any]) -> list[str]:
    """Returns the groups whose own record did not pass the gate."""
    return [
        group
        for group, verdict in gate.get("groups", {}).items()
        if verdict["is_own"] and not verdict["is_passed"]
    ]
