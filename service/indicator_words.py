"""Names and units of indicators in French; the English ones stand in the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping

from service.languages import Language

_IN = "{stem} au cours des {n} derniers mois"
_IN_ONE = "{stem} au cours du dernier mois"
YES_OR_NO = "yes or no"
"""Unit of an indicator that is 1 or 0."""

_ANSWERS: Mapping[Language, tuple[str, str]] = {"en": ("no", "yes"), "fr": ("non", "oui")}
_NO_UNIT = ("", "1", "ratio")
_WINDOW = re.compile(r"^(?P<stem>\w+?)_(?P<n>\d+)(?P<step>[my])$")

_COUNTED: Mapping[str, str] = {
    "events": "Événements",
    "events_state_based": "Événements impliquant l’État",
    "events_non_state": "Événements entre groupes armés",
    "events_one_sided": "Événements de violence unilatérale contre des civils",
    "deaths": "Décès",
    "deaths_state_based": "Décès dans des combats impliquant l’État",
    "deaths_non_state": "Décès dans des combats entre groupes armés",
    "deaths_one_sided": "Décès dus à la violence unilatérale contre des civils",
    "deaths_civilians": "Décès de civils",
    "events_burstiness": "Irrégularité des événements",
    "deaths_burstiness": "Irrégularité des décès",
    "events_coordinated": "Événements d’un même groupe en plusieurs lieux en deux jours",
    "coordinated_share": "Part des événements coordonnés",
    "one_sided_share": "Part des attaques contre des civils parmi les événements",
    "civilian_death_share": "Part des civils parmi les morts",
    "actors_active": "Acteurs armés actifs",
    "actor_entropy": "Diversité des acteurs armés",
    "actor_dominance": "Part de l’acteur armé le plus actif",
    "actors_new": "Nouveaux acteurs armés",
    "rivals_contest": "Rivalité entre les deux groupes rivaux",
    "rivals_clashes": "Affrontements entre les deux groupes rivaux",
    "events_outside_force": "Événements avec une force extérieure",
    "events_self_defence": "Événements avec un groupe d’autodéfense",
    "state_force_share": "Part des événements où l’État est une partie",
    "events_on_posts": "Attaques contre des postes militaires",
    "events_on_convoys": "Attaques contre des convois",
    "events_abduction": "Enlèvements",
    "events_on_aid_workers": "Attaques contre des travailleurs humanitaires",
    "events_looting": "Pillages et destructions de biens",
    "bases_overrun": "Bases prises",
    "territory_taken": "Territoires pris par des groupes armés",
    "territory_regained": "Territoires repris par l’État",
    "neighbour_events_mean": "Événements dans une région voisine moyenne",
    "neighbour_events_sum": "Événements dans toutes les régions voisines",
    "neighbour_events_max": "Événements dans la région voisine la plus touchée",
    "neighbour_deaths_mean": "Décès dans une région voisine moyenne",
    "neighbour_deaths_sum": "Décès dans toutes les régions voisines",
    "neighbour_deaths_max": "Décès dans la région voisine la plus touchée",
    "country_events": "Événements dans l’ensemble du pays",
    "country_deaths": "Décès dans l’ensemble du pays",
    "exposure_events": "Événements dans les régions proches, pondérés par la proximité,",
    "exposure_deaths": "Décès dans les régions proches, pondérés par la proximité,",
    "centroid_distance": "Distance de la capitale au centre des décès du pays",
    "centroid_advance": "Rapprochement de la capitale du centre des décès du pays",
    "front_distance": "Distance de la capitale au front actif le plus proche du pays",
    "front_advance": "Rapprochement de la capitale du front actif le plus proche du pays",
    "estimate_gap": "Écart entre estimations haute et basse des décès",
    "coarse_share": "Part des décès dont le lieu ou la date n’est qu’approximatif",
    "sources_per_event": "Rapports par événement en moyenne",
    "single_source_share": "Part des événements qui reposent sur un seul rapport",
    "persons_displaced": "Nouveaux déplacés par le conflit (avec un mois de retard)",
    "monthly_political_violence": "Violences politiques décomptées par zone (avec un mois de "
    "retard)",
    "monthly_civilian_targeting": "Attaques contre des civils décomptées par zone (avec un mois "
    "de retard)",
    "monthly_demonstrations": "Manifestations (avec un mois de retard)",
    "rainfall_mm": "Pluie (avec un mois de retard)",
}
"""Stem of a name that ends in a window of months to what is counted over it."""

_NAMES: Mapping[str, str] = {
    "months_since_event": "Mois depuis le dernier événement",
    "months_since_death": "Mois depuis le dernier décès",
    "first_event_in_12m": "Premier événement après 12 mois sans aucun",
    "first_event_in_60m": "Premier événement après 60 mois sans aucun",
    "events_trend_3m_12m": "Événements des 3 derniers mois par rapport au rythme des 12 derniers",
    "deaths_trend_3m_12m": "Décès des 3 derniers mois par rapport au rythme des 12 derniers",
    "events_record_3y": "Plus d’événements en un mois que depuis 3 ans",
    "events_record_10y": "Plus d’événements en un mois que depuis 10 ans",
    "deaths_record_3y": "Plus de décès en un mois que depuis 3 ans",
    "deaths_record_10y": "Plus de décès en un mois que depuis 10 ans",
    "events_decay_1m": "Événements à ce jour, de poids réduit de moitié tous les mois (1 mois)",
    "events_decay_3m": "Événements à ce jour, de poids réduit de moitié tous les 3 mois",
    "events_decay_12m": "Événements à ce jour, de poids réduit de moitié tous les 12 mois",
    "deaths_decay_1m": "Décès à ce jour, de poids réduit de moitié tous les mois (1 mois)",
    "deaths_decay_3m": "Décès à ce jour, de poids réduit de moitié tous les 3 mois",
    "deaths_decay_12m": "Décès à ce jour, de poids réduit de moitié tous les 12 mois",
    "outside_force_arrival_12m": "Une force extérieure apparaît après 12 mois d’absence",
    "outside_force_departure_12m": "Aucune force extérieure depuis 12 mois, après une présence "
    "dans les 12 précédents",
    "capital_distance": "Distance de la région à la capitale",
    "is_border_region": "Région à une frontière de son pays",
    "displaced_present": "Personnes déplacées dans la région",
    "food_price_anomaly": "Prix alimentaires par rapport à leur niveau saisonnier",
    "rainfall_anomaly": "Pluie de trois mois par rapport à sa moyenne de long terme",
    "food_crisis_share": "Part de la population en crise alimentaire ou pire",
    "people_in_food_crisis": "Personnes en crise alimentaire ou pire",
    "population": "Habitants de la région",
    "poverty_rate": "Part de la population pauvre",
    "travel_hours_to_city": "Heures de trajet jusqu’à la ville la plus proche",
    "months_since_coup": "Mois depuis le dernier coup d’État",
    "months_since_election": "Mois depuis la dernière élection",
    "months_to_election": "Mois jusqu’à la prochaine élection",
    "months_since_withdrawal": "Mois depuis le dernier retrait d’une mission",
    "blockades": "Blocus en vigueur",
    "ceasefires": "Cessez-le-feu en vigueur",
    "season_sin": "Saison : première ou seconde moitié de l’année",
    "season_cos": "Saison : début ou milieu de l’année",
    "season_june_september": "Part de la période de prévision entre juin et septembre",
    "escalation_threshold": "Décès qui compteraient comme une escalade",
    "threshold_over_current": "Seuil d’escalade rapporté à la dernière période",
    "threshold_over_pace_3m": "Seuil d’escalade rapporté au rythme des derniers mois",
    "threshold_over_pace_12m": "Seuil d’escalade rapporté au rythme de la dernière année",
}
"""Names that are no count over a window of months."""

_UNITS: Mapping[str, str] = {
    "events": "événements",
    "deaths": "décès",
    "months": "mois",
    "yes or no": "oui ou non",
    "ratio": "rapport",
    "share": "part",
    "actors": "acteurs",
    "events per region": "événements par région",
    "deaths per region": "décès par région",
    "reports per event": "rapports par événement",
    "movements": "déplacements",
    "persons": "personnes",
    "percent": "pour cent",
    "hours": "heures",
    "blockades": "blocus",
    "ceasefires": "cessez-le-feu",
}
"""English unit to the French one; a symbol is the same in both."""


def name_indicator(name: str, label: str, language: Language) -> str:
    """Returns an indicator in words; one that has no French name yet keeps its own.

    Args:
        name: Name of the indicator.
        label: Its English words.
        language: Language.
    """
    if language == "en":
        return label
    if name in _NAMES:
        return _NAMES[name]
    found = _WINDOW.match(name)
    stem = _COUNTED.get(found["stem"]) if found else None
    if found is None or stem is None:
        return label
    return (_IN_ONE if found["n"] == "1" else _IN).format(stem=stem, n=found["n"])


def name_unit(unit: str, language: Language) -> str:
    """Returns a unit in words."""
    return _UNITS.get(unit, unit) if language == "fr" else unit


def write_amount(value: float, unit: str, language: Language) -> str:
    """Returns a value with its unit: `41 deaths`, `0,35`; `yes` and `no` for what is either."""
    if unit == YES_OR_NO:
        return _ANSWERS[language][value != 0]
    amount = f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    if language == "fr":
        amount = amount.replace(".", ",")
    return amount if unit in _NO_UNIT else f"{amount} {name_unit(unit, language)}"
