"""GDAL, which QGIS reads with, opens the GeoJSON feed and the OGC API – Features service."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from service.app import make_app


@pytest.fixture
def ogrinfo():
    program = shutil.which("ogrinfo")
    if program is None:
        pytest.skip("ogrinfo is not here; Debian has it in the package gdal-bin.")

    def run(*words):
        done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "ERROR" not in done.stderr, done.stderr
        return done.stdout

    return run


@pytest.fixture
def address(squares, publish, make_publication, settings, clock, serve_app):
    """A server with a publication; links name the port it really has."""
    publish(make_publication())
    own = lambda url: settings.model_copy(update={"public_url": url})  # noqa: E731
    with serve_app(lambda url: make_app(squares, own(url), clock)) as url:
        yield url


def test_gdal_opens_the_geojson_feed(ogrinfo, address):
    told = ogrinfo("-ro", "-so", "-al", f"{address}/feeds/squares/latest.geojson")
    assert "Feature Count: 4" in told
    assert "escalation_3_risk_score: Real" in told
    assert "as_of: Date" in told


def test_gdal_walks_the_features_and_asks_for_a_box(ogrinfo, address):
    source = f"OAPIF:{address}/ogc"
    told = ogrinfo("-ro", "-so", source, "squares")
    assert "Feature Count: 4" in told
    assert "escalation_3_risk_score: Real" in told
    walked = ogrinfo("-ro", "-al", "-oo", "PAGE_SIZE=1", source, "squares")
    found = re.findall(r"^  region_id \(String\) = (\S+)", walked, flags=re.M)
    assert sorted(found) == ["AA01", "AA02", "BB01", "BB02"]
    inside = ogrinfo("-ro", "-al", "-spat", "1.1", "0.1", "1.15", "0.15", source, "squares")
    assert re.findall(r"^  region_id \(String\) = (\S+)", inside, flags=re.M) == ["AA02"]
