"""The words of CAP messages, in English and French."""

from __future__ import annotations

from collections.abc import Mapping

from service.alerts.cap_decision import CapReason
from service.languages import Language

EVENTS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "escalation": "Risk of escalating violence",
        "severe": "Risk of severe violence",
        "onset": "Risk of an onset of violence",
        "": "Risk of violence",
    },
    "fr": {
        "escalation": "Risque d’escalade de la violence",
        "severe": "Risque de violence grave",
        "onset": "Risque de début de violence",
        "": "Risque de violence",
    },
}
"""Outcome to what a reader is warned of; the empty key for any other outcome."""

HAPPENED: Mapping[Language, Mapping[CapReason, str]] = {
    "en": {
        "fired": "new alert, {level}",
        "escalated": "rises to {level}",
        "deescalated": "falls to {level}",
        "stale": "no current score, {level} stands",
        "restored": "scores are back, {level}",
        "renewed": "goes on, {level}",
        "resolved": "over",
        "occurred": "what was warned of has come",
        "withdrawn": "withdrawn, no rule follows it any more or its region was redrawn",
        "corrected": "cancelled by a correction",
    },
    "fr": {
        "fired": "nouvelle alerte, {level}",
        "escalated": "passe à {level}",
        "deescalated": "redescend à {level}",
        "stale": "sans valeur actuelle, {level} demeure",
        "restored": "valeurs de nouveau disponibles, {level}",
        "renewed": "se poursuit, {level}",
        "resolved": "terminée",
        "occurred": "ce dont elle avertissait est survenu",
        "withdrawn": "retirée, aucune règle ne la suit plus ou sa région a été redessinée",
        "corrected": "annulée par une correction",
    },
}

SENTENCES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "simulated": "SIMULATED: ",
        "probability": "Probability: {percent} from {first} to {last}.",
        "no_score": "There is no score from {first} to {last}.",
        "threshold": "It would mean at least {n} deaths in that time.",
        "cutoff": "Data up to {cutoff}; knowledge as of {as_of}.",
        "not_real": "These events did not happen: nothing here describes a real place.",
        "resolved": "The alert is over: its measure stays below the level. That does not mean that "
        "there is no risk.",
        "over": "The alert is over. That does not mean that there is no risk.",
        "occurred": "The deaths that were warned of have come within the last year, as far as is "
        "known. Nobody says that the violence is over.",
        "withdrawn": "Nobody says that the risk has gone down.",
        "corrected": "A correction of the data or the scores took the alert away.",
        "instruction": "A forecast, not an observation. Look at the region’s page and ask those "
        "who know the place before you act; never use it as the only ground for a decision.",
    },
    "fr": {
        "simulated": "SIMULÉ : ",
        "probability": "Probabilité : {percent} du {first} au {last}.",
        "no_score": "Il n’y a pas de valeur du {first} au {last}.",
        "threshold": "Cela signifierait au moins {n} morts pendant cette période.",
        "cutoff": "Données jusqu’au {cutoff} ; connaissances au {as_of}.",
        "not_real": "Ces événements n’ont pas eu lieu : rien ici ne décrit un lieu réel.",
        "resolved": "L’alerte est terminée : sa mesure reste sous le niveau. Cela ne veut pas dire "
        "qu’il n’y a pas de risque.",
        "over": "L’alerte est terminée. Cela ne veut pas dire qu’il n’y a pas de risque.",
        "occurred": "Les décès dont elle avertissait ont eu lieu au cours de la dernière année, "
        "d’après ce qui est connu. Personne ne dit que la violence est terminée.",
        "withdrawn": "Personne ne dit que le risque a diminué.",
        "corrected": "Une correction des données ou des valeurs a supprimé l’alerte.",
        "instruction": "Une prévision, non une observation. Consultez la page de la région et ceux "
        "qui connaissent le lieu avant d’agir ; jamais le seul fondement d’une décision.",
    },
}

SIMULATED_NOTE = "Simulated events in invented places: an exercise."
EXERCISE_NOTE = "This deployment is not marked as live: treat its messages as an exercise."
