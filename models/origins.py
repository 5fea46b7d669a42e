"""Which origins a replay as known has, and from which deliveries: what its report says of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from data.calendar import period_label
from data.errors import NothingKnown, NotReady
from models.as_known import Knowledge
from models.backtest import Span
from models.history import OutcomeHistory
from models.metrics import Ints

MIN_ORIGINS = 6
"""Origins as known below which nothing is measured: fewer than half a year says nothing of when."""


def check_origins(history: OutcomeHistory, span: Span, folds: list[list[int]]) -> None:
    """Refuses a replay as known of which there is too little.

    Raises:
        NotReady: Too few periods once were the newest.
    """
    n_origins, asked = sum(map(len, folds)), _closed_periods(history, span)
    if n_origins >= MIN_ORIGINS:
        return
    window = f"{history.horizon} {history.step}{'s' if history.horizon > 1 else ''}"
    raise NotReady(
        f"Of {len(asked)} {history.step}s that a closed window of {window} follows, {n_origins} "
        f"were the newest one known on some day; {MIN_ORIGINS} are needed. Nobody could forecast "
        f"from a {history.step} that came with later ones.",
        "Ingest the earlier releases of the source too, oldest first, each with the --known-at of "
        "its day, or replay the final data: --replay final.",
    )


def _closed_periods(history: OutcomeHistory, span: Span) -> Ints:
    """Returns the periods of a span after which it is known what came."""
    rows = slice(span.first_row, span.last_row - history.horizon + 1)
    is_closed = np.isfinite(history.window_sums[rows]).any(axis=1)
    return np.asarray(history.periods[rows][is_closed])


def describe_origins(
    history: OutcomeHistory,
    span: Span,
    folds: list[list[int]],
    knowledge: Knowledge,
    also: Sequence[str],
) -> dict[str, Any]:
    """Returns which origins are replayed as known, from which deliveries, ready for JSON.

    Raises:
        NothingKnown: Of an auxiliary set nothing was known at any refit.
    """
    asked = _closed_periods(history, span)
    rows = [row for origins in folds for row in origins]
    first_known = [knowledge.origins[int(history.periods[row])] for row in rows]
    last_refit = knowledge.origins[int(history.periods[folds[-1][0]])].as_of
    for name in also:
        if knowledge.known_from.get(name, date.max) > last_refit:
            raise NothingKnown(
                f"Nothing of '{name}' was known when the model was last fitted, on {last_refit}.",
                "Leave it out of --also, or ingest what its source told earlier.",
            )
    return {
        "n_origins": len(rows),
        "n_never_newest": int((~np.isin(asked, list(knowledge.origins))).sum()),
        "deliveries_sha256": knowledge.digest,
        "auxiliary_known_from": {name: knowledge.known_from[name].isoformat() for name in also},
        "origins": [
            {
                "origin": period_label(int(history.periods[row]), history.step),
                "as_of": one.as_of.isoformat(),
                "vintages": list(one.vintages),
            }
            for row, one in zip(rows, first_known, strict=True)
        ],
    }
