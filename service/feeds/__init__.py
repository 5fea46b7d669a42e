"""Risk feeds: each format rendered once per publication, stored, and served as bytes.

Owns what a feed file looks like and how it is served: addresses, entity tags, compression, caching.
Does not own: what is published (`service.publications`), or the transaction that stores it.
Invariants: a file is a pure function of a publication and its region set; every file says what it
was made from, and "simulated" where the events did not happen; an empty field is a missing value.

Where to go:
    the list of formats           formats.py
    columns of tabular files      columns.py
    CSV, Excel, Parquet           csv_feed.py, xlsx_feed.py, parquet_feed.py
    JSON, GeoJSON, Atom           json_feed.py, geojson_feed.py, atom_feed.py (atom_elements.py)
    fatalities                    fatality_feed.py
    the index of CAP messages     cap_feed.py
    what every file is signed by  manifest.py
    the bulletin, what it says    bulletin_feed.py, bulletin.py, bulletin_words.py (two languages)
    the bulletin, how it looks    bulletin.html.j2, bulletin.typ, map_picture.py, palette.py
    what every file tells         facts.py
    shapes as GeoJSON wants them  shapes.py
    addresses of files            addresses.py
    finding files, cutting them   files.py
    gzip and brotli               compression.py
    lists of sets, publications   indexes.py
    conditional requests          negotiation.py, prepared.py
    the server                    app.py
"""
