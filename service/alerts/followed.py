"""What came after past forecasts: whether an outcome followed, where that is known by now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import numpy as np

from data.panel import Panel
from models.outcome import OUTCOMES, outcome_definition, thresholds_and_labels
from models.settings import ModelSettings
from service.alerts.measures import Key

Outcomes = Mapping[Key, Mapping[int, bool]]
"""By region, outcome and horizon: whether the outcome came in the window after each origin, where
that is known."""


def find_outcomes(
    kinds: Collection[tuple[str, int]],
    origins: Collection[int],
    panel: Panel,
    settings: ModelSettings,
) -> Outcomes:
    """Returns what came after some origins; a window that is not over is left out.

    Args:
        kinds: Outcomes with their horizons; one that is not known any more is left out.
        origins: Ordinals of the periods after which the windows begin.
        panel: What is known by now.
        settings: For the definitions of the outcomes.
    """
    found: dict[Key, dict[int, bool]] = defaultdict(dict)
    for outcome, horizon in sorted(kinds):
        if outcome not in OUTCOMES:
            continue
        definition = outcome_definition(settings, outcome)
        _, labels = thresholds_and_labels(
            panel.values["deaths"], panel.known, horizon, definition, panel.step
        )
        for row, ordinal in enumerate(panel.periods):
            if int(ordinal) not in origins:
                continue
            for position, region_id in enumerate(panel.region_ids):
                label = labels[row, position]
                if np.isfinite(label):
                    found[region_id, outcome, horizon][int(ordinal)] = bool(label)
    return found
