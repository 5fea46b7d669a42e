"""Sources: one file per source, each turning a delivery into a batch of events or observations.

Owns how a source's file or answer is fetched and read, which rows of it are refused, and under
which licence it comes. Does not own the store: a reader writes nothing, and knows no region set.

Where to go:
    what a source must declare        contract.py
    all sources by name               registry.py
    UCDP GED                          ged.py (the file), ged_rows.py (a row), gleditsch_ward.py
    UCDP versions, files, API         ucdp_releases.py
    ACLED                             acled.py (the file), acled_rows.py (a row), acled_api.py
    a table of one's own              own_table.py, read by mapping.py
    rain, displacement, counts        chirps.py, idmc.py, hapi.py on observed.py
    rows of the HDX HAPI, files       hapi_api.py, saving.py, hdx_files.py
    stocks, prices, food crises       dtm.py, wfp.py, ipc.py
    a file of one's own observations  own_observations.py
    what ACLED edited and deleted     acled_changes.py
    reports by the API, markers       reported.py, marker_file.py
    forecasts of others               views.py, views_countries.py, conflictforecast.py
    what may be passed on             contract.py
    requests, retries, downloads      fetching.py, paging.py
    CSV files and archives            delimited.py, csv_blocks.py, numbers.py, archive.py
    countries by name                 country_names.py
    the simulated world's reports     simulated.py

A new source is a new file here with its `SourceInfo`, a reader and a fetch, and a line in
`registry.py`.
"""
