"""A delivery worker that a test may kill: `worker.py DATABASE_URL WEBHOOK_URL MOMENT`."""

import base64
import sys
from datetime import datetime

from data.database import open_database
from service.alerts.delivery import deliver_due
from service.settings import Settings

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def main(database_url: str, webhook_url: str, moment: str) -> None:
    now = datetime.fromisoformat(moment)
    settings = Settings(webhook_url=webhook_url, webhook_secret=SECRET, webhook_allow_loopback=True)
    database = open_database(database_url)
    while True:
        report = deliver_due(database, settings, lambda: now)
        if not (report.n_delivered or report.n_failed or report.n_dead):
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
