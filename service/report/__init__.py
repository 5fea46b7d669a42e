"""The report of a backtest: one HTML page with its pictures inside.

Purpose: let anybody who has the file read what a forecast was worth, with no network and no script.
Owns: pictures and wording of the report. Does not own: any figure (`models.skill.assessment`).
May import: altair, vl-convert, jinja2.

Where to go:
    pictures      service/report/pictures.py; of alert rules: service/report/alert_costs.py;
                  of what a release changed: service/report/release_changes.py
    the page      service/report/page.py, service/report/report.html
    of fatalities service/report/fatalities.py, service/report/fatalities.html
    model card    service/report/card.py, service/report/card.html
"""
