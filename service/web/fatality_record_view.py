"""The track record of published fatalities as the page of the track record tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.languages import write_day, write_percent
from service.web import words
from service.web.skill_view import interval_words

_ALL = "all"
_FRENCH = {
    "month": ("un mois", "12 derniers mois seuls"),
    "week": ("une semaine", "12 dernières semaines seules"),
}


@dataclass(frozen=True)
class DeathsRow:
    """The record of one period ahead, in words; that of conflictology in brackets."""

    horizon_words: str
    n_forecasts: str
    crps: str
    gain: str
    half_held: str
    most_held: str
    width: str


@dataclass(frozen=True)
class DeathsRecordView:
    """What the page says of published fatalities.

    Attributes:
        step: Calendar unit of a period.
        n_published: Distributions so far, in words.
        sentences: What live forecasts were worth, or that there is no track record yet, by
            language.
        parts: Heading and rows of live forecasts and of replays; only those that have any.
    """

    step: str
    n_published: str
    sentences: Mapping[str, str]
    parts: tuple[tuple[str, tuple[DeathsRow, ...]], ...]


def view_fatality_record(record: Mapping[str, Any]) -> DeathsRecordView:
    """Returns the section of fatalities.

    Args:
        record: What `service.record.fatality_record.describe_fatality_record` returned.
    """
    step = record["step"]
    headings = (
        ("live", "Published before the period was over"),
        ("afterwards", "Made up afterwards (replays)"),
    )
    return DeathsRecordView(
        step=step,
        n_published=words.counted(record["n_published"], "distribution"),
        sentences=_sentences(record),
        parts=tuple(
            (
                heading,
                (
                    *(
                        _row(words.steps(int(horizon), step), kinds[kind])
                        for horizon, kinds in record["horizons"].items()
                        if kinds[kind]["n_forecasts"]
                    ),
                    _row(_ALL, record["all_horizons"][kind]),
                ),
            )
            for kind, heading in headings
            if record["all_horizons"][kind]["n_forecasts"]
        ),
    )


def _row(horizon_words: str, own: Mapping[str, Any]) -> DeathsRow:
    served, theirs = (own["coverage"][name] for name in ("served", "conflictology"))
    width = own["width_90"]
    return DeathsRow(
        horizon_words=horizon_words,
        n_forecasts=f"{own['n_forecasts']:,}",
        crps=f"{own['crps']:.2f} ({own['crps_of_conflictology']:.2f})",
        gain=interval_words(own["gain"], is_signed=True),
        half_held=f"{words.percent(served['50%'])} ({words.percent(theirs['50%'])})",
        most_held=f"{words.percent(served['90%'])} ({words.percent(theirs['90%'])})",
        width=f"{words.number(width['served'])} ({words.number(width['conflictology'])})",
    )


def _sentences(record: Mapping[str, Any]) -> dict[str, str]:
    own, step = record["all_horizons"]["live"], record["step"]
    n = own["n_forecasts"]
    if not n or record["as_of"] is None:
        return {
            "en": "There is no track record yet: no period of a live forecast of deaths is closed "
            "and known. Each cycle checks.",
            "fr": "Il n’y a pas encore de bilan\u00a0: aucune période d’une prévision de morts "
            "publiée à temps n’est close et connue. Chaque cycle le vérifie.",
        }
    as_of = date.fromisoformat(record["as_of"])
    held, theirs = (own["coverage"][name]["90%"] for name in ("served", "conflictology"))
    per, rival = _FRENCH[step]
    many = "s" if n > 1 else ""
    return {
        "en": f"Of {words.counted(n, 'live forecast')} of the deaths of one {step}, with what came "
        f"known up to {words.day(as_of)}, the interval that should hold nine in ten held "
        f"{words.percent(held)}; that of the last 12 {step}s alone held {words.percent(theirs)}. "
        f"The mean error of the whole distribution (CRPS) is {own['crps']:.2f} deaths against "
        f"{own['crps_of_conflictology']:.2f}.",
        "fr": f"Sur {n} prévision{many} des morts d’{per} publiée{many} à temps, au "
        f"{write_day(as_of, 'fr')}, l’intervalle qui devait contenir neuf cas sur dix en a contenu "
        f"{write_percent(held, 'fr')}\u00a0; celui des {rival} en a contenu "
        f"{write_percent(theirs, 'fr')}. L’erreur moyenne de toute la distribution (CRPS) est de "
        f"{_comma(own['crps'])} morts, contre {_comma(own['crps_of_conflictology'])}.",
    }


def _comma(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")
