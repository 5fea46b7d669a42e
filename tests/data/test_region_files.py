"""Region files: what is read, and what is refused with which words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box, mapping

from data.errors import BadInput, MissingInput, UsageError
from data.regions import RegionSet, read_region_file
from data.regions.iso_countries import ALPHA3_OF_ALPHA2, to_alpha3

Feature = dict[str, Any]


def square(region_id: Any, west: float, country: Any = "MLI", **more: Any) -> Feature:
    return {
        "type": "Feature",
        "properties": {"code": region_id, "label": f"Region {region_id}", "land": country, **more},
        "geometry": mapping(box(west, 0, west + 1, 1)),
    }


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., RegionSet]:
    def read_document(document: Any, **options: Any) -> RegionSet:
        path = tmp_path / "areas.geojson"
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        path.write_bytes(content)
        settings = {
            "name": "areas",
            "id_property": "code",
            "name_property": "label",
            "country_property": "land",
        }
        return read_region_file(path, **{**settings, **options})

    return read_document


def collection(*features: Feature, **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **more}


def test_regions_are_sorted_and_described(read: Callable[..., RegionSet]) -> None:
    region_set = read(
        collection(square("B", 1), square("A", 0), square("C", 5, "NER")),
        kind="admin2",
        step="week",
        source="ged",
        attribution="me",
    )
    assert region_set.region_ids == ("A", "B", "C")
    assert [region.name for region in region_set.regions] == ["Region A", "Region B", "Region C"]
    assert region_set.countries == ("MLI", "NER")
    assert region_set.neighbours == ((1,), (0,), ())
    assert (region_set.kind, region_set.step, region_set.attribution) == ("admin2", "week", "me")
    assert region_set.regions[1].geometry.bounds == (1, 0, 2, 1)
    assert not region_set.is_schematic


def test_byte_order_mark_numbers_and_alpha2_are_understood(read: Callable[..., RegionSet]) -> None:
    document = collection(square(7, 0, "ml"), square(8.0, 1, "NE"))
    region_set = read(b"\xef\xbb\xbf" + json.dumps(document).encode(), name_property="code")
    assert region_set.region_ids == ("7", "8")
    assert [region.name for region in region_set.regions] == ["7", "8"]
    assert region_set.countries == ("MLI", "NER")


@pytest.mark.parametrize(
    "system", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"]
)
def test_old_files_may_name_wgs84(read: Callable[..., RegionSet], system: str) -> None:
    crs = {"type": "name", "properties": {"name": system}}
    assert len(read(collection(square("A", 0), crs=crs)).regions) == 1


def test_height_is_ignored(read: Callable[..., RegionSet]) -> None:
    feature = square("A", 0)
    ring = [[x, y, 250.0] for x, y in feature["geometry"]["coordinates"][0]]
    feature["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    assert read(collection(feature)).regions[0].geometry.equals(box(0, 0, 1, 1))


def test_invalid_shape_is_repaired_without_losing_area(read: Callable[..., RegionSet]) -> None:
    bow_tie = square("A", 0)
    bow_tie["geometry"] = {
        "type": "Polygon",
        "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]],
    }
    notes: list[str] = []
    geometry = read(collection(bow_tie), on_note=notes.append).regions[0].geometry
    assert geometry.is_valid
    assert geometry.geom_type == "MultiPolygon"
    assert geometry.area == pytest.approx(2.0)
    assert len(notes) == 1
    assert "'A'" in notes[0]
    assert "Self-intersection" in notes[0]


def test_spike_is_dropped_in_repair(read: Callable[..., RegionSet]) -> None:
    spiked = square("A", 0)
    spiked["geometry"] = {
        "type": "Polygon",
        "coordinates": [[[0, 0], [1, 0], [1, 1], [1, 3], [1, 1], [0, 1], [0, 0]]],
    }
    geometry = read(collection(spiked)).regions[0].geometry
    assert geometry.geom_type == "Polygon"
    assert geometry.equals(box(0, 0, 1, 1))


def bad_geometry(geometry: Any) -> dict[str, Any]:
    feature = square("A", 0)
    feature["geometry"] = geometry
    return collection(feature)


def bad_properties(properties: Any) -> dict[str, Any]:
    feature = square("A", 0)
    feature["properties"] = properties
    return collection(feature)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"id,name\n1,Kayes\n", "not JSON"),
        (b"\xff\xfe\x00garbage", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ([1, 2], "not a GeoJSON FeatureCollection"),
        ({"type": "Feature"}, "not a GeoJSON FeatureCollection"),
        (collection(), "holds no features"),
        ({"type": "FeatureCollection"}, "holds no features"),
        (
            collection(square("A", 0), crs={"properties": {"name": "EPSG:32630"}}),
            "coordinate system EPSG:32630",
        ),
        ({"type": "FeatureCollection", "features": [7]}, "feature 1 is not a GeoJSON Feature"),
        (bad_properties(None), "feature 1 has no property 'code'"),
        (bad_properties(["code"]), "areas.geojson, feature 1 has properties that are no"),
        (bad_properties("code"), "feature 1 has properties that are no JSON object"),
        (bad_properties(7), "feature 1 has properties that are no JSON object"),
        (
            collection(square("A", 0), square("A", 1)),
            "feature 2: the identifier 'A' is there twice",
        ),
        (collection(square("A" * 65, 0)), "longer than 64"),
        (collection(square(None, 0)), "no value in 'code'"),
        (collection(square(" ", 0)), "no value in 'code'"),
        (collection(square(True, 0)), "no value in 'code'"),
        (collection(square(["A"], 0)), "no value in 'code'"),
        (collection(square("A\0", 0)), "a character in 'code' that no text has"),
        (collection(square("A\ud800", 0)), "a character in 'code' that no text has"),
        (collection(square("A", 0, label="Kayes\nNord")), "'label' that no text has"),
        (collection(square("A", 0, "-99")), "'-99' in 'land' is no ISO 3166-1 country code"),
        (bad_geometry(None), "geometry None, not a Polygon"),
        (bad_geometry({"type": "Point", "coordinates": [0, 0]}), "geometry Point, not a Polygon"),
        (bad_geometry({"type": "Polygon", "coordinates": []}), "an empty geometry"),
        (bad_geometry({"type": "Polygon", "coordinates": "x"}), "cannot be read"),
        (bad_geometry({"type": "Polygon"}), "cannot be read"),
        (bad_geometry({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}), "cannot be read"),
        (
            bad_geometry({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}),
            "without area",
        ),
        (bad_geometry(mapping(box(600_000, 0, 600_001, 1))), "no longitude and latitude"),
        (bad_geometry(mapping(box(0, 89, 1, 91))), "no longitude and latitude"),
        (
            b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": '
            b'{"code": "A", "label": "A", "land": "MLI"}, "geometry": {"type": "Polygon", '
            b'"coordinates": [[[0, 0], [Infinity, 0], [1, 1], [0, 0]]]}}]}',
            "no longitude and latitude",
        ),
    ],
)
def test_what_is_no_region_file_is_refused(
    read: Callable[..., RegionSet], document: Any, words: str
) -> None:
    with pytest.raises(BadInput) as caught:
        read(document)
    assert words in caught.value.message
    assert "\n" not in str(caught.value)


def test_missing_property_names_those_that_are_there(read: Callable[..., RegionSet]) -> None:
    with pytest.raises(BadInput) as caught:
        read(collection(square("A", 0)), id_property="pcode")
    assert "feature 1 has no property 'pcode'" in caught.value.message
    assert caught.value.hint == "Properties there: code, label, land."


def test_missing_file(tmp_path: Path) -> None:
    options = {"name": "x", "id_property": "a", "name_property": "a", "country_property": "a"}
    with pytest.raises(MissingInput, match="There is no file"):
        read_region_file(tmp_path / "absent.geojson", **options)
    with pytest.raises(MissingInput, match="cannot be read"):
        read_region_file(tmp_path, **options)


@pytest.mark.parametrize("name", ["", "Sahel", "a/b", "a b", "-a", "a" * 65, "é", "a\n"])
def test_set_name_must_fit_a_web_address(read: Callable[..., RegionSet], name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a region set"):
        read(collection(square("A", 0)), name=name)


def test_country_codes() -> None:
    assert len(ALPHA3_OF_ALPHA2) == 250
    assert len(set(ALPHA3_OF_ALPHA2.values())) == 250
    known = {"ML": "MLI", "ne": "NER", "bfa": "BFA", "CI": "CIV", "XK": "XKX", " SS ": "SSD"}
    assert {code: to_alpha3(code) for code in known} == known
    assert to_alpha3("-99") is None
    assert to_alpha3("ZZZ") is None
    assert to_alpha3("") is None


def test_parents_and_validity_come_from_properties_or_from_options(
    read: Callable[..., RegionSet],
) -> None:
    told = square("B", 1, above="ML01", since="2021-12-20T00:00:00", until=None)
    region_set = read(
        collection(square("A", 0), told),
        parent_property="above",
        valid_from_property="since",
        valid_to_property="until",
        valid_from=date(2025, 7, 2),
    )
    silent, spoken = region_set.regions
    assert (silent.parent, silent.valid_from, silent.valid_to) == (None, date(2025, 7, 2), None)
    assert (spoken.parent, spoken.valid_from) == ("ML01", date(2021, 12, 20))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"valid_from": "soon"}, "no day"),
        ({"valid_from": "2025-01-02", "valid_to": "2025-01-01"}, "before it begins"),
        ({"parent": "x" * 65}, "longer"),
        ({"parent": True}, "no value"),
    ],
)
def test_a_bad_parent_or_validity_is_refused(
    read: Callable[..., RegionSet], more: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        read(collection(square("A", 0, **more)))
