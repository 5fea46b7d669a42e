"""Risk feeds: each format rendered once per publication, stored, and served as bytes.

Owns what a feed file looks like and how it is served: addresses, entity tags, compression, caching.
Does not own: what is published (`service.publication`), or the transaction that stores it.
Invariants: a file is a pure function of a publication and its region set; every file says what it
was made from, and "simulated" where the events did not happen; an empty field is a missing value.

Where to go:
    the list of formats           formats.py
    CSV, JSON, GeoJSON            csv_feed.py, json_feed.py, geojson_feed.py
    what every file tells         facts.py
    shapes as GeoJSON wants them  shapes.py
    addresses of files            addresses.py
    finding stored files, gzip    files.py
    lists of sets, publications   indexes.py
    conditional requests          negotiation.py
    the server                    app.py
"""
