"""A delivery worker that a test may kill: `worker.py DATABASE_URL SETTINGS_JSON MOMENT`."""

import json
import sys
from datetime import datetime

from data.database import open_database
from service.alerts.delivery import deliver_due
from service.settings import Settings


def main(database_url: str, settings_json: str, moment: str) -> None:
    now = datetime.fromisoformat(moment)
    settings = Settings(**json.loads(settings_json))
    database = open_database(database_url)
    while True:
        report = deliver_due(database, settings, lambda: now)
        if not (report.n_delivered or report.n_failed or report.n_dead):
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
