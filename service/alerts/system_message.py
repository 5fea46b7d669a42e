"""What a message about the service itself says: one JSON document, as for other alerts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from service.alerts.wording import set_address
from service.languages import Language, name_outcome

SYSTEM_MESSAGE_TYPE = "system.notification"
SCHEMA_VERSION = 1

TEST = "test"
"""Kind of a message that only tries a contact point."""

_TEXTS: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    "en": {
        "feed_late": (
            "Publication late",
            "A publication is due and not there. Until it is, feeds and pages show the last one, "
            "with its age. Look at `tocsin doctor` and the log of the service.",
        ),
        "source_stale": (
            "Source stale",
            "A source has delivered nothing new for long, so scores become old. Look whether it "
            "still publishes, then fetch or ingest again.",
        ),
        "fetch_failing": (
            "Fetch failing",
            "A source that is fetched on schedule cannot be had, or what it delivered is held. "
            "What is stored stays. See `tocsin sources schedule`, and `tocsin data list --held`.",
        ),
        "coverage_low": (
            "Coverage low",
            "Many regions have no score for want of data. No score does not mean no risk.",
        ),
        "cycle_failed": (
            "Cycle failed",
            "A scheduled cycle failed. The last publication stays. The log says why.",
        ),
        "drift": (
            "Drift",
            "Data or forecasts are no longer like those that the model of this outcome was trained "
            "on. Read its scores with care, and look at `tocsin models drift`.",
        ),
        "delivery_failing": (
            "Delivery failing",
            "A contact point cannot be reached: somebody is not being told. See "
            "`tocsin alerts messages`, and mend its address or tell them by other means.",
        ),
        "model_refused": (
            "Model refused",
            "A model was refused, because it was altered, is not signed or does not fit. The last "
            "publication stays. Look at `tocsin doctor`.",
        ),
        TEST: (
            "Test message",
            "Somebody tries whether alerts reach this contact point. There is nothing to do.",
        ),
    },
    "fr": {
        "feed_late": (
            "Publication en retard",
            "Une publication est attendue et n’est pas là. D’ici là, les flux et les pages "
            "montrent la dernière, avec son âge. Voir `tocsin doctor` et le journal du service.",
        ),
        "source_stale": (
            "Source sans nouvelles",
            "Une source n’a rien livré de nouveau depuis longtemps : les scores vieillissent. "
            "Vérifier si elle publie encore, puis la récupérer de nouveau.",
        ),
        "fetch_failing": (
            "Récupération en échec",
            "Une source récupérée à heures fixes ne répond pas, ou sa livraison est retenue. "
            "Ce qui est enregistré reste. Voir `tocsin sources schedule` et "
            "`tocsin data list --held`.",
        ),
        "coverage_low": (
            "Couverture faible",
            "Beaucoup de régions n’ont pas de score, faute de données. L’absence de score ne veut "
            "pas dire absence de risque.",
        ),
        "cycle_failed": (
            "Cycle en échec",
            "Un cycle prévu a échoué. La dernière publication reste en place. Le journal dit "
            "pourquoi.",
        ),
        "drift": (
            "Dérive",
            "Les données ou les prévisions ne ressemblent plus à celles de l’entraînement du "
            "modèle de cette issue. Lire ses scores avec prudence, et voir `tocsin models drift`.",
        ),
        "delivery_failing": (
            "Envoi en échec",
            "Un contact ne peut pas être joint : quelqu’un n’est pas prévenu. Voir "
            "`tocsin alerts messages`, corriger son adresse ou le prévenir autrement.",
        ),
        "model_refused": (
            "Modèle refusé",
            "Un modèle a été refusé : modifié, non signé ou inadapté. La dernière publication "
            "reste en place. Voir `tocsin doctor`.",
        ),
        TEST: (
            "Message d’essai",
            "Quelqu’un vérifie que les alertes arrivent à ce contact. Il n’y a rien à faire.",
        ),
    },
}
_STATES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "opened": "{title}: {subject}",
        "resolved": "Resolved: {title}: {subject}",
        "over": "This is over since {moment} UTC.",
        "since": "Since {moment} UTC.",
    },
    "fr": {
        "opened": "{title} : {subject}",
        "resolved": "Résolu : {title} : {subject}",
        "over": "C’est terminé depuis le {moment} UTC.",
        "since": "Depuis le {moment} UTC.",
    },
}


def write_system_message(
    kind: str,
    subject: str,
    state: Literal["opened", "resolved"],
    *,
    alert_id: str,
    region_set: str | None,
    detail: str,
    opened_at: datetime,
    resolved_at: datetime | None,
    language: Language,
    public_url: str,
    now: datetime,
    outcome: str = "",
) -> str:
    """Returns the body of a message about the service, as JSON text.

    Args:
        kind: What is or was wrong; see `service.alerts.system`.
        subject: With what.
        state: Whether it begins or is over.
        alert_id: Id of the alert.
        region_set: The region set that it touches, or None.
        detail: One sentence of facts, in English.
        opened_at: When it began.
        resolved_at: When it was over; None while it is not.
        language: Language of title and text.
        public_url: Address under which people reach the service.
        now: The present moment.
        outcome: The outcome that it is about; empty if it is about no single one.
    """
    title, meaning = _TEXTS[language][kind]
    words = _STATES[language]
    named = f"{subject}, {name_outcome(outcome, language)}" if outcome else subject
    if state == "resolved" and resolved_at is not None:
        text = words["over"].format(moment=f"{resolved_at:%Y-%m-%d %H:%M}")
    else:
        text = f"{meaning} {detail} {words['since'].format(moment=f'{opened_at:%Y-%m-%d %H:%M}')}"
    address = public_url.rstrip("/") if region_set is None else set_address(public_url, region_set)
    alert = {
        "alert_id": alert_id,
        "kind": kind,
        "subject": subject,
        "outcome": outcome or None,
        "state": state,
        "detail": detail,
        "opened_at": opened_at.isoformat(),
        "resolved_at": resolved_at and resolved_at.isoformat(),
        "text": text,
        "link": address,
    }
    body = {
        "type": SYSTEM_MESSAGE_TYPE,
        "schema_version": SCHEMA_VERSION,
        "timestamp": now.isoformat(),
        "data": {
            "title": words[state].format(title=title, subject=named),
            "language": language,
            "is_simulated": False,
            "region_set": region_set,
            "links": {"all_alerts": address},
            "n_alerts": 1,
            "n_omitted": 0,
            "alerts": [alert],
        },
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
