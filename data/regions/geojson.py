"""Region files: a GeoJSON FeatureCollection (RFC 7946) of polygons becomes a region set.

A file is taken whole or refused whole: a set that misses a region would be silently wrong.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from data.calendar import Step, parse_day
from data.errors import BadInput, MissingInput, UsageError
from data.regions.adjacency import find_neighbours
from data.regions.contract import Region, RegionKind, RegionSet, check_set_name
from data.regions.iso_countries import to_alpha3

_ID_LENGTH = 64
_AREAL = ("Polygon", "MultiPolygon")
_WGS84 = ("CRS84", "WGS84", "WGS 84", "EPSG::4326", "EPSG:4326")


def read_region_file(
    path: Path,
    *,
    name: str,
    id_property: str,
    name_property: str,
    country_property: str,
    kind: RegionKind = "admin1",
    step: Step = "month",
    source: str = "ged",
    attribution: str = "",
    parent_property: str = "parent",
    valid_from_property: str = "valid_from",
    valid_to_property: str = "valid_to",
    valid_from: date | None = None,
    valid_to: date | None = None,
    on_note: Callable[[str], None] | None = None,
) -> RegionSet:
    """Returns the region set that a GeoJSON file describes, regions sorted by `region_id`.

    An invalid shape (a ring that crosses itself) is repaired; only the areas of the repaired shape
    are kept, which loses no area. A height is ignored.

    Args:
        path: The file: a FeatureCollection of Polygons and MultiPolygons in WGS 84.
        name: Name of the new set.
        id_property: Property with the identifier, unique, at most 64 characters.
        name_property: Property with the name for people; may be the one of the identifier.
        country_property: Property with the ISO 3166-1 code, alpha-3 or alpha-2.
        kind: What a region is.
        step: Calendar unit of the panel.
        source: Event source that the panel is built from.
        attribution: Who made the shapes and under which licence.
        parent_property: Property with the identifier of the area that it is part of; may be
            missing.
        valid_from_property: Property with the first day on which the region existed; may be
            missing.
        valid_to_property: Property with the last day; may be missing.
        valid_from: First day of the regions that do not say it.
        valid_to: Last day of the regions that do not say it.
        on_note: Is told in one line of each shape that was repaired.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is not such a file: not JSON, not a FeatureCollection, no features, another
            coordinate system, properties that are no object, a property missing or empty, an
            identifier twice, no ISO country, no polygon, or coordinates that do not lie on the
            globe.
        UsageError: The name cannot name a region set.
    """
    check_set_name(name)
    features = _read_features(path)
    regions: dict[str, Region] = {}
    for number, feature in enumerate(features, start=1):
        where = f"{path.name}, feature {number}"
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise BadInput(f"{where} is not a GeoJSON Feature.")
        if not isinstance(feature.get("properties") or {}, dict):
            raise BadInput(f"{where} has properties that are no JSON object.")
        region_id = _property(feature, id_property, where)
        if len(region_id) > _ID_LENGTH:
            raise BadInput(f"{where}: the identifier '{region_id}' is longer than {_ID_LENGTH}.")
        if region_id in regions:
            raise BadInput(
                f"{where}: the identifier '{region_id}' is there twice.",
                "Choose a property that is unique with --id-property.",
            )
        code = _property(feature, country_property, where)
        country = to_alpha3(code)
        if country is None:
            raise BadInput(
                f"{where}: '{code}' in '{country_property}' is no ISO 3166-1 country code.",
                "Choose a property with alpha-3 or alpha-2 codes with --country-property.",
            )
        regions[region_id] = Region(
            region_id=region_id,
            name=_property(feature, name_property, where),
            country=country,
            geometry=_read_geometry(feature, f"{where} ('{region_id}')", on_note),
            parent=_optional(feature, parent_property, where),
            valid_from=_read_day(feature, valid_from_property, where) or valid_from,
            valid_to=_read_day(feature, valid_to_property, where) or valid_to,
        )
        _check_validity(regions[region_id], where)
    ordered = tuple(regions[region_id] for region_id in sorted(regions))
    return RegionSet(
        name=name,
        kind=kind,
        step=step,
        source=source,
        is_schematic=False,
        attribution=attribution,
        regions=ordered,
        neighbours=find_neighbours([region.geometry for region in ordered]),
    )


def _read_features(path: Path) -> list[Any]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise MissingInput(f"There is no file {path}.", "Check the path.") from None
    except OSError as problem:
        raise MissingInput(f"{path} cannot be read: {problem.strerror}.") from None
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise BadInput(f"{path.name} is not JSON.", "Give a GeoJSON file.") from None
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise BadInput(f"{path.name} is not a GeoJSON FeatureCollection.")
    _check_reference_system(document.get("crs"), path)
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise BadInput(f"{path.name} holds no features.")
    return features


def _check_reference_system(member: Any, path: Path) -> None:
    if member is None:
        return
    try:
        system = str(member["properties"]["name"])
    except (KeyError, TypeError):
        system = str(member)
    if not system.upper().endswith(_WGS84):
        raise BadInput(
            f"{path.name} is in the coordinate system {system}.",
            "Convert it to WGS 84 longitude and latitude (ogr2ogr -t_srs CRS84).",
        )


def _property(feature: dict[str, Any], key: str, where: str) -> str:
    properties = feature.get("properties") or {}
    if key not in properties:
        there = ", ".join(sorted(properties)) or "none"
        raise BadInput(f"{where} has no property '{key}'.", f"Properties there: {there}.")
    value = properties[key]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if not text or isinstance(value, bool):
        raise BadInput(f"{where} has no value in '{key}'.", "Choose another property.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        # Halves of surrogate pairs cannot be stored or sent, nor the NUL by PostgreSQL.
        raise BadInput(f"{where} has a character in '{key}' that no text has.")
    return text


def _optional(feature: dict[str, Any], key: str, where: str) -> str | None:
    value = (feature.get("properties") or {}).get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    text = _property(feature, key, where)
    if len(text) > _ID_LENGTH:
        raise BadInput(f"{where}: '{text}' in '{key}' is longer than {_ID_LENGTH}.")
    return text


def _read_day(feature: dict[str, Any], key: str, where: str) -> date | None:
    """Returns a day, of which ISO 8601 may also give the time of day."""
    text = _optional(feature, key, where)
    if text is None:
        return None
    try:
        return parse_day(text[:10])
    except UsageError:
        raise BadInput(
            f"{where}: '{text}' in '{key}' is no day.", "Write days as 2025-07-02."
        ) from None


def _check_validity(region: Region, where: str) -> None:
    if region.valid_from and region.valid_to and region.valid_from > region.valid_to:
        raise BadInput(
            f"{where}: it ends on {region.valid_to}, before it begins on {region.valid_from}."
        )


def _read_geometry(
    feature: dict[str, Any], where: str, on_note: Callable[[str], None] | None
) -> BaseGeometry:
    raw = feature.get("geometry")
    kind = raw.get("type") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or kind not in _AREAL:
        raise BadInput(f"{where} has the geometry {kind}, not a Polygon or MultiPolygon.")
    try:
        geometry = shapely.force_2d(shape(raw))
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise BadInput(f"{where} has a geometry that cannot be read.") from None
    coordinates = shapely.get_coordinates(geometry)
    if geometry.is_empty or not len(coordinates):
        raise BadInput(f"{where} has an empty geometry.")
    if not np.isfinite(coordinates).all() or (np.abs(coordinates) > (180, 90)).any():
        raise BadInput(
            f"{where} has coordinates that are no longitude and latitude in degrees.",
            "Convert the file to WGS 84 (ogr2ogr -t_srs CRS84).",
        )
    if geometry.is_valid:
        return geometry
    reason = shapely.is_valid_reason(geometry)
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(geometry)))
    areas = [part for part in parts if part.geom_type == "Polygon" and part.area > 0]
    if not areas:
        raise BadInput(f"{where} has a geometry without area: {reason}.")
    if on_note is not None:
        on_note(f"{where}: the shape was repaired ({reason}).")
    return areas[0] if len(areas) == 1 else shapely.MultiPolygon(areas)
