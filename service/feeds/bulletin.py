"""What a bulletin says: the map, the regions that rose most, the record so far, the caveats.

Pure: from a publication to texts that are ready to be set, in one language. The bulletin is about
one outcome and one horizon (the first outcome; three steps, or else its shortest horizon); the
record covers all horizons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data.regions import RegionSet
from service.feeds.bulletin_words import WORDS
from service.feeds.facts import count_statuses, lead_time_days
from service.feeds.map_picture import draw_map
from service.feeds.palette import MISSING, colour_levels, is_dark
from service.languages import (
    Language,
    count_steps,
    name_level,
    name_outcome,
    write_day,
    write_percent,
)
from service.publications.explanation import group_by_family, name_family
from service.publications.publication import FamilyShare, Publication, PublishedScore

N_REGIONS = 10
N_DRIVERS = 3
MAIN_HORIZON = 3

Bulletin = dict[str, Any]


def compose_bulletin(
    publication: Publication, region_set: RegionSet, language: Language
) -> Bulletin:
    """Returns the texts of a bulletin by their place in it, JSON-ready."""
    words = WORDS[language]
    outcome, horizon = _choose_main(publication)
    if publication.scores:
        # Model, definition, notices and record are those of what the bulletin is about.
        publication = publication.of_outcome(outcome)
    rows = [row for row in publication.scores if (row.outcome, row.horizon) == (outcome, horizon)]
    span = count_steps(horizon, publication.step, language)
    risen = sorted(
        (row for row in rows if (row.change or 0) > 0), key=lambda row: -(row.change or 0)
    )
    highest = sorted(
        (row for row in rows if row.risk_score is not None), key=lambda row: -(row.risk_score or 0)
    )
    listed = risen or highest
    levels = colour_levels(publication.manifest.get("levels", {}))
    colours = {row.region_id: levels[row.level] for row in rows if row.level in levels}
    return {
        "language": language,
        "title": words["title"],
        "set": publication.region_set,
        "date": [publication.as_of.year, publication.as_of.month, publication.as_of.day],
        "simulated": publication.is_simulated,
        "notices": write_notices(publication, language),
        "facts": _write_facts(publication, horizon, span, language),
        "map": draw_map(region_set, colours),
        "map_title": words["map"].format(outcome=name_outcome(outcome, language), horizon=span),
        "legend": [
            {"name": name_level(name, language), "colour": colour, "dark": is_dark(colour)}
            for name, colour in levels.items()
        ]
        + [{"name": words["no_score"], "colour": MISSING, "dark": False}],
        "table_title": words["rose" if risen else "highest"].format(horizon=span),
        "table_note": "" if risen else words["no_rise"],
        "head": [
            words[name] for name in ("region", "country", "risk", "change", "level", "drivers")
        ],
        "rows": [_write_row(row, language) for row in listed[:N_REGIONS]],
        "record_title": words["reliability"],
        "record_text": words["reliability_text"],
        "record_head": [
            words["horizon"],
            words["served"],
            words["forecasts"],
            words["skill"],
            words["warnings"],
        ],
        "record": _write_record(publication, outcome, language),
        "caveats_title": words["caveats"],
        "caveats": [words[f"caveat_{number}"] for number in (1, 2, 3, 4)],
        "sources_title": words["sources"],
        "sources": [
            " – ".join(part for part in (item.source, item.text, item.licence) if part)
            for item in publication.attributions
        ],
    }


def write_notices(publication: Publication, language: Language) -> list[str]:
    """Returns what a reader must know before using the figures, the gravest first."""
    words = WORDS[language]
    notices = []
    if publication.is_simulated:
        notices.append(words["simulated"])
    if publication.is_counted:
        notices.append(words["counts"])
    if publication.is_schematic:
        notices.append(words["schematic"])
    note = publication.manifest.get("revision_note")
    if note:
        notices.append(words["corrected"].format(revision=publication.revision, note=note))
    for (_, horizon), statuses in count_statuses(publication).items():
        span = count_steps(horizon, publication.step, language)
        notices += [
            words[status].format(horizon=span, n=statuses[status], total=statuses.total())
            for status in ("baseline_only", "stale", "too_early")
            if statuses[status]
        ]
        if publication.window(horizon)[1] < publication.published_at.date():
            notices.append(words["replay"].format(horizon=span))
    earlier = publication.manifest.get("previous_model_version")
    if earlier is not None and earlier != publication.model_version:
        notices.append(words["model_changed"])
    return list(dict.fromkeys(notices))


def _choose_main(publication: Publication) -> tuple[str, int]:
    if not publication.scores:
        return "escalation", 1
    outcome = publication.scores[0].outcome
    horizons = sorted({row.horizon for row in publication.scores if row.outcome == outcome})
    return outcome, MAIN_HORIZON if MAIN_HORIZON in horizons else horizons[0]


def _write_facts(
    publication: Publication, horizon: int, span: str, language: Language
) -> list[list[str]]:
    words = WORDS[language]
    first, last = publication.window(horizon)
    return [
        [words["as_of"], write_day(publication.as_of, language)],
        [words["cutoff"], write_day(publication.data_cutoff, language)],
        [words["published"], write_day(publication.published_at.date(), language)],
        [words["revision"], str(publication.revision)],
        [words["horizon"], span],
        [words["window"], f"{write_day(first, language)} – {write_day(last, language)}"],
        [words["lead"], _write_lead(lead_time_days(publication, horizon), language)],
        [words["model"], publication.model_version],
        [words["outcome_version"], publication.outcome_version],
    ]


def _write_lead(days: int, language: Language) -> str:
    words = WORDS[language]
    return words["days"].format(n=days) if days >= 0 else words["begun"].format(n=-days)


def _write_change(change: float, language: Language) -> str:
    """Returns `+12 points`; what rounds to none has a decimal, so that a rise is not `+0`."""
    points = change * 100
    text = f"{points:+.0f}" if abs(points) >= 0.95 else f"{points:+.1f}"
    if language == "fr":
        text = text.replace(".", ",")
    return WORDS[language]["points"].format(n=text)


def _write_row(row: PublishedScore, language: Language) -> list[str]:
    change = "–"
    if row.change is not None:
        change = _write_change(row.change, language)
    return [
        row.region_name,
        row.country,
        "–" if row.risk_score is None else write_percent(row.risk_score, language),
        change,
        "–" if row.level is None else name_level(row.level, language),
        _write_drivers(row, language),
    ]


def _write_drivers(row: PublishedScore, language: Language) -> str:
    """What moves the model's number most, and what moved it since the publication before."""
    told = [_write_families(group_by_family(row.contributions)[:N_DRIVERS], language)]
    if row.change:
        causes = [one for one in row.changed_families if one.log_odds * row.change > 0][:N_DRIVERS]
        if causes:
            told.append(f"{WORDS[language]['since']} {_write_families(causes, language)}")
    return " – ".join(told)


def _write_families(families: Sequence[FamilyShare], language: Language) -> str:
    return "; ".join(
        f"{'▲' if one.log_odds > 0 else '▼'} {name_family(one.family, language)}"
        for one in families
    )


def _write_record(publication: Publication, outcome: str, language: Language) -> list[list[str]]:
    """Rows of horizon, what is served, forecasts checked, skill, and the record of warnings."""
    words = WORDS[language]
    model = publication.manifest.get("model", {})
    rows = []
    for horizon in sorted({row.horizon for row in publication.scores if row.outcome == outcome}):
        skill = (model.get("skill") or {}).get(str(horizon))
        span = count_steps(horizon, publication.step, language)
        if not isinstance(skill, dict) or not skill.get("n_forecasts"):
            rows.append([span, words["unchecked"].format(horizon=span), "", "", ""])
            continue
        gate = (model.get("gate") or {}).get(str(horizon)) or {}
        against = (skill.get("skill_against") or {}).get("climatology") or {}
        value = against.get("value") if isinstance(against, dict) else against
        record = "; ".join(
            words["record"].format(
                bound=write_percent(item["threshold"], language),
                n=item["n_followed"],
                total=item["n_forecasts"],
            )
            for item in skill.get("track_record", [])
            if item["n_forecasts"]
        )
        rows.append(
            [
                span,
                words["yes" if gate.get("is_passed") else "no"],
                str(skill["n_forecasts"]),
                "–" if value is None else f"{value:.2f}",
                record,
            ]
        )
    return rows
