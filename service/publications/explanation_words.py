"""The words of explanations, in English and in French."""

from __future__ import annotations

from collections.abc import Mapping

from service.languages import Language

OTHER = "other"
"""Family of a feature that the catalogue does not hold."""

FAMILIES: Mapping[str, Mapping[Language, str]] = {
    "events": {"en": "recent events", "fr": "les événements récents"},
    "events by type": {"en": "the kinds of events", "fr": "les types d’événements"},
    "deaths": {"en": "recent deaths", "fr": "les décès récents"},
    "deaths by type": {
        "en": "deaths by kind of violence",
        "fr": "les décès par type de violence",
    },
    "decays": {"en": "the course of the past years", "fr": "l’évolution des dernières années"},
    "tempo": {"en": "the pace of violence", "fr": "le rythme de la violence"},
    "neighbours": {"en": "the neighbouring regions", "fr": "les régions voisines"},
    "civilians": {"en": "violence against civilians", "fr": "les violences contre les civils"},
    "actors": {"en": "who is active", "fr": "les acteurs présents"},
    "coordination": {"en": "coordinated attacks", "fr": "les attaques coordonnées"},
    "control and coercion": {"en": "control and coercion", "fr": "le contrôle et la contrainte"},
    "front and spillover": {"en": "the movement of the front", "fr": "le déplacement du front"},
    "structure": {"en": "place and distance", "fr": "le lieu et les distances"},
    "contested reports": {
        "en": "how far reports differ",
        "fr": "les divergences entre les rapports",
    },
    "country": {"en": "the country as a whole", "fr": "l’ensemble du pays"},
    "threshold": {
        "en": "the distance to the region’s own threshold",
        "fr": "l’écart au seuil propre à la région",
    },
    "context": {"en": "rainfall, displacement and prices", "fr": "pluies, déplacements et prix"},
    "season": {"en": "the season", "fr": "la saison"},
    "counts by area": {"en": "monthly counts by area", "fr": "les décomptes mensuels par zone"},
    "markers": {"en": "political turning points", "fr": "les tournants politiques"},
    OTHER: {"en": "other parts of the model", "fr": "d’autres éléments du modèle"},
}
"""Family of indicators to a phrase that can stand in a sentence."""

PHRASES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "score": "{region}: {percent} over {span} ({outcome}, {level})",
        "raised": "raised most by {families}",
        "lowered": "lowered most by {families}",
        "average": "with nothing far from the average",
        "more": "{points} more than before, mainly from {families}",
        "less": "{points} less than before, mainly from {families}",
        "more_alone": "{points} more than before",
        "less_alone": "{points} less than before",
        "same": "as before",
        "baseline": "{region}: no forecast of the model over {span} ({outcome}), which came in "
        "{percent} of such periods in the region’s own past",
        "none": "{region}: no score over {span}, which does not mean no risk",
        "and": " and ",
        "end": ".",
        "first": "There is no publication before to compare with.",
        "model_changed": "The model changed since the publication before: its drivers cannot be "
        "compared.",
        "not_scored": "The model said nothing of this region now, or in the publication before.",
    },
    "fr": {
        "score": "{region} : {percent} sur {span} ({outcome}, niveau {level})",
        "raised": "tiré vers le haut surtout par {families}",
        "lowered": "tiré vers le bas surtout par {families}",
        "average": "sans rien qui s’écarte de la moyenne",
        "more": "{points} de plus qu’avant (surtout {families})",
        "less": "{points} de moins qu’avant (surtout {families})",
        "more_alone": "{points} de plus qu’avant",
        "less_alone": "{points} de moins qu’avant",
        "same": "comme avant",
        "baseline": "{region} : pas de prévision du modèle sur {span} ({outcome}) ; dans le passé "
        "de la région, {percent} de telles périodes en ont été marquées",
        "none": "{region} : sans valeur sur {span}, ce qui ne veut pas dire sans risque",
        "and": " et ",
        "end": ".",
        "first": "Il n’y a pas de publication précédente à laquelle comparer.",
        "model_changed": "Le modèle a changé depuis la publication précédente : ses facteurs ne "
        "sont pas comparables.",
        "not_scored": "Le modèle ne disait rien de cette région, maintenant ou dans la publication "
        "précédente.",
    },
}
"""Key to text; both languages have the same keys and the same fields in braces."""
