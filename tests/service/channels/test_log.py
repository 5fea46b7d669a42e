"""The log channel."""

import json

from structlog.testing import capture_logs

from service.channels.contract import Delivered, Message
from service.channels.log import LogChannel


def test_one_line_says_what_happened() -> None:
    data = {
        "title": "SIMULATED: Risk of escalation, NER: 1 new (as of 2022-01-15)",
        "is_simulated": True,
        "n_alerts": 3,
        "n_omitted": 2,
        "alerts": [{"text": "Tillabéri (NER): none → high, new."}],
        "links": {"all_alerts": "https://tocsin.example/sets/sahel/alerts"},
    }
    with capture_logs() as lines:
        outcome = LogChannel().send(Message("msg_1", "log", json.dumps({"data": data}), 1))
    assert outcome == Delivered("logged")
    assert lines == [
        {
            "event": "alert_notification",
            "log_level": "warning",
            "message_id": "msg_1",
            "title": data["title"],
            "is_simulated": True,
            "n_alerts": 3,
            "n_omitted": 2,
            "alerts": ["Tillabéri (NER): none → high, new."],
            "link": "https://tocsin.example/sets/sahel/alerts",
        }
    ]
