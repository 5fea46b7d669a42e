"""The data room: what the world is, as it was known.

Purpose: keep every record that a source ever delivered, with the moment it became known, and turn
what was known on a day into dense arrays.

Owns: errors, calendar, the database and its migrations, region sets, the event contract, the
bitemporal store, quarantine, the examination of deliveries, placement of events in regions, the
panel, the simulated world.
Does not own: indicators, labels, models, anything that is told to people.
May import: numpy, pandas, pyarrow, scipy, shapely, SQLAlchemy, Alembic, httpx (to fetch). Knows no
scikit-learn and no HTTP server.
Invariants: events are appended, never changed; nothing missing becomes zero; a refused row is kept
in quarantine with file, line and reason.

Where to go:
    a new source                      data/sources/ (one file each)
    what an event is, what is refused data/events.py
    an observation, forecast, marker  data/observation.py, data/forecast.py, data/marker.py
    "as known on a day"               data/store/
    what is suspicious, held, accepted data/quality/
    what a release changed            data/revisions.py
    in which region events, areas lie data/placement.py, data/area_placement.py
    region files, P-codes, neighbours data/regions/
    one name for each actor           data/actors/
    arrays per region and period      data/panel/ (vague dates: data/period_shares.py)
    the simulated demo world          data/simulate/
    capitals, rivals, names compared  data/gazetteer.py, data/names.py
    settings, database                data/settings.py, data/database.py
    tables, migrations                data/tables.py, data/migrations/
"""
