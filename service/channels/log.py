"""The log channel: one line of the structured log for each message."""

from __future__ import annotations

import json

import structlog

from service.channels.contract import Delivered, Message, Outcome

_log = structlog.stdlib.get_logger("tocsin.alerts")


class LogChannel:
    """Writes a warning `alert_notification` for each message."""

    name = "log"
    endpoint = "log"

    def send(self, message: Message) -> Outcome:
        """Logs title, counts and the text of each listed alert; returns `Delivered`, always."""
        data = json.loads(message.body)["data"]
        _log.warning(
            "alert_notification",
            message_id=message.message_id,
            title=data["title"],
            is_simulated=data["is_simulated"],
            n_alerts=data["n_alerts"],
            n_omitted=data["n_omitted"],
            alerts=[
                " ".join([item["text"], *item.get("sentences", [])]) for item in data["alerts"]
            ],
            link=data["links"]["all_alerts"],
        )
        return Delivered("logged")
