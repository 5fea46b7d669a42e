"""The words of the bulletin in English and French."""

from __future__ import annotations

from collections.abc import Mapping

from service.languages import Language

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "title": "Conflict risk bulletin",
        "as_of": "As of",
        "cutoff": "Data up to",
        "published": "Published",
        "revision": "Revision",
        "model": "Model",
        "outcome_version": "Outcome definition",
        "horizon": "Horizon",
        "window": "Window",
        "lead": "Lead time",
        "days": "{n} days from publication to the start of the window",
        "begun": "none: the window began {n} days before publication",
        "map": "Risk over {horizon}: {outcome}",
        "no_score": "no score",
        "rose": "The regions whose risk rose most over {horizon}",
        "highest": "The regions with the highest risk over {horizon}",
        "no_rise": "No region can be compared with a publication before, or none rose: "
        "the highest risks are listed instead.",
        "region": "Region",
        "country": "Country",
        "risk": "Risk",
        "change": "Change",
        "level": "Level",
        "drivers": "What moves it most",
        "since": "since before:",
        "points": "{n} points",
        "reliability": "Reliability so far",
        "reliability_text": "On past periods that the model had not seen. The skill compares it with "
        "each region's own past frequency: 0 is no better, 1 is perfect.",
        "forecasts": "Forecasts checked",
        "skill": "Brier skill",
        "warnings": "Warnings that came true",
        "record": "Said {bound} or more: {n} of {total} came true",
        "served": "Served",
        "yes": "model",
        "no": "past frequency only",
        "caveats": "Read this before use",
        "caveat_1": "A risk is a probability, not a prediction: of ten regions at 30 %, about three "
        "should see the outcome.",
        "caveat_2": "Events reach the sources late and are corrected for months; the last periods are "
        "the least certain.",
        "caveat_3": "What is not reported is not seen: less reporting is not less violence.",
        "caveat_4": "A region without a score is unknown, not safe. Do not use this bulletin as the "
        "only ground for a decision about people.",
        "sources": "Sources and licences",
        "simulated": "SIMULATED: these events did not happen. The figures show how the service works "
        "and say nothing about any real place.",
        "counts": "Made from monthly counts per area, without a list of events: actors, kinds of "
        "fighting and precision are not known.",
        "schematic": "The map shapes are computed, not surveyed: they are no borders.",
        "baseline_only": "Baseline only over {horizon}: {n} of {total} scores are the region's own past "
        "frequency.",
        "stale": "Stale over {horizon}: {n} of {total} regions have no score, because their data end "
        "too early.",
        "too_early": "Too early to tell over {horizon}: {n} of {total} regions have no score, because "
        "too few of the newest events are known yet.",
        "replay": "A replay: the window of {horizon} had ended before this was published.",
        "model_changed": "The model changed since the publication before: part of each change comes "
        "from that.",
        "corrected": "Revision {revision}: {note}",
        "unchecked": "Too early to tell how good this model is over {horizon}: no past forecast has "
        "been checked.",
    },
    "fr": {
        "title": "Bulletin de risque de conflit",
        "as_of": "État des connaissances au",
        "cutoff": "Données jusqu’au",
        "published": "Publié le",
        "revision": "Révision",
        "model": "Modèle",
        "outcome_version": "Définition de l’événement",
        "horizon": "Horizon",
        "window": "Période couverte",
        "lead": "Délai",
        "days": "{n} jours entre la publication et le début de la période",
        "begun": "aucun : la période a commencé {n} jours avant la publication",
        "map": "Risque sur {horizon} : {outcome}",
        "no_score": "sans valeur",
        "rose": "Les régions dont le risque a le plus augmenté sur {horizon}",
        "highest": "Les régions au risque le plus élevé sur {horizon}",
        "no_rise": "Aucune région n’est comparable à une publication précédente, ou aucune n’a "
        "augmenté : voici les risques les plus élevés.",
        "region": "Région",
        "country": "Pays",
        "risk": "Risque",
        "change": "Évolution",
        "level": "Niveau",
        "drivers": "Facteurs principaux",
        "since": "depuis la dernière fois :",
        "points": "{n} points",
        "reliability": "Fiabilité à ce jour",
        "reliability_text": "Sur des périodes passées que le modèle n’avait pas vues. Le score compare "
        "le modèle à la fréquence passée de chaque région : 0 = pas mieux, 1 = parfait.",
        "forecasts": "Prévisions vérifiées",
        "skill": "Score de Brier relatif",
        "warnings": "Alertes confirmées",
        "record": "Annoncé {bound} ou plus : {n} sur {total} se sont réalisées",
        "served": "Publié",
        "yes": "modèle",
        "no": "fréquence passée seulement",
        "caveats": "À lire avant usage",
        "caveat_1": "Un risque est une probabilité, non une prédiction : sur dix régions à 30 %, "
        "environ trois devraient connaître l’événement.",
        "caveat_2": "Les événements parviennent tard aux sources et sont corrigés pendant des mois ; "
        "les dernières périodes sont les moins sûres.",
        "caveat_3": "Ce qui n’est pas rapporté n’est pas vu : moins de rapports ne veut pas dire moins "
        "de violence.",
        "caveat_4": "Une région sans valeur est inconnue, non pas sûre. Ce bulletin ne doit pas être "
        "le seul fondement d’une décision concernant des personnes.",
        "sources": "Sources et licences",
        "simulated": "SIMULÉ : ces événements n’ont pas eu lieu. Les chiffres montrent le fonctionnement "
        "du service et ne disent rien d’un lieu réel.",
        "counts": "Établi à partir de décomptes mensuels par zone, sans liste d'événements : les "
        "acteurs, les types de combat et la précision ne sont pas connus.",
        "schematic": "Les formes de la carte sont calculées, non relevées : ce ne sont pas des "
        "frontières.",
        "baseline_only": "Référence seulement sur {horizon} : {n} valeurs sur {total} sont la fréquence "
        "passée de la région.",
        "stale": "Données trop anciennes sur {horizon} : {n} régions sur {total} sont sans valeur.",
        "too_early": "Trop tôt pour se prononcer sur {horizon} : {n} régions sur {total} sont sans "
        "valeur, car trop peu d’événements récents sont déjà connus.",
        "replay": "Reconstitution : la période de {horizon} était terminée avant cette publication.",
        "model_changed": "Le modèle a changé depuis la publication précédente : une part des évolutions "
        "en provient.",
        "corrected": "Révision {revision} : {note}",
        "unchecked": "Trop tôt pour juger ce modèle sur {horizon} : aucune prévision passée n’a été "
        "vérifiée.",
    },
}
"""Key to text; both languages have the same keys and the same fields in braces."""
