"""OGC API – Features over the scores, so that QGIS, ArcGIS and GDAL connect directly.

Purpose: the newest publication of every region set as a collection of features, under `/ogc`.
Implements Part 1: Core and GeoJSON (OGC 17-069r4, 2022), read-only.
Owns its addresses and parameters. Does not own what a feature says: that is the GeoJSON feed.
Invariants: a wrong parameter is answered with 400, as the standard asks; features come in the order
of every feed; a walk along `next` stays in the publication that it began in.

Where to go:
    the addresses     routes.py
    the parameters    query.py
    the features      features.py
    its description   description.py
"""
