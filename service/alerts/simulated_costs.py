"""What simulated alerts save, by what acting on one costs."""

from __future__ import annotations

from collections.abc import Sequence

from service.alerts.simulate import Figures, RuleSimulation

_RATIOS = [number / 20 for number in range(21)]


def net_saving(figures: Figures, ratio: float) -> float | None:
    """Returns the share of the losses of all episodes that acting on the alerts saves, net of cost.

    Acting on an alert costs `ratio` of the loss of an episode, once, and saves the whole loss of an
    episode during which an alert is open. Never acting saves 0; acting on perfect foresight saves
    1 - `ratio`. The cost-loss model of Murphy (1977,
    doi:10.1175/1520-0493(1977)105<0803:TVOCCA>2.0.CO;2), for alerts in place of forecasts.

    Args:
        figures: What a simulation counted.
        ratio: Cost of acting on one alert over the loss of one episode, from 0.

    Returns:
        At most 1, negative where acting costs more than it saves; None without an episode.
    """
    if not figures.n_episodes:
        return None
    saved = figures.n_episodes - figures.n_missed - ratio * figures.n_judged
    return saved / figures.n_episodes


def cost_curves(found: Sequence[RuleSimulation]) -> list[dict[str, object]]:
    """Returns the points of the cost curves of rules and of their levels beside.

    Args:
        found: The rules, as simulated.

    Returns:
        Rows with `rule`, `shift` of its levels, `ratio` from 0 to 1 and `saved`, see `net_saving`;
        none for a rule that saw no episode.
    """
    return [
        {"rule": result.rule_id, "shift": figures.shift, "ratio": ratio, "saved": saved}
        for result in found
        for figures in (result.figures, *result.beside)
        for ratio in _RATIOS
        if (saved := net_saving(figures, ratio)) is not None
    ]
