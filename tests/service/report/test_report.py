"""The report is one page that needs nothing else and says what was measured."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from service.report.page import render_report, write_report

NOW = datetime(2022, 1, 16, 6, tzinfo=UTC)


def _interval(value: float) -> dict:
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


@pytest.fixture(scope="module")
def report() -> dict:
    bins = [
        {"n": 10, "forecast": 0.1 * i, "frequency": 0.1 * i, "bar_low": 0.0, "bar_high": 0.2 * i}
        for i in range(1, 4)
    ]
    one = {
        "average_precision": 0.2,
        "brier": 0.1,
        "log_score": 0.3,
        "auc": 0.7,
        "within_region_auc": None,
    }
    points = [{"threshold": 0.5, "recall": 0.5, "precision": 0.4}]
    skill = {
        "n_forecasts": 300,
        "n_positives": 30,
        "prevalence": 0.1,
        "model": {
            "average_precision": _interval(0.31),
            "brier": _interval(0.08),
            "log_score": 0.25,
            "auc": 0.8,
            "within_region_auc": {"value": None, "low": None, "high": None},
        },
        "skill_against": {"climatology": _interval(0.12), "conflictology": _interval(0.2)},
        "baselines": {"climatology": one, "conflictology": one},
        "murphy": {"reliability": 0.0, "resolution": 0.0, "uncertainty": 0.1, "within_bins": 0.0},
        "reliability": bins,
    }
    stratum = {
        "group": "year",
        "name": "2017",
        "n_forecasts": 100,
        "n_positives": 10,
        "mean_forecast": 0.1,
        "average_precision": 0.3,
        "average_precision_conflictology": 0.2,
        "brier_skill_climatology": _interval(0.1),
        "brier_skill_conflictology": _interval(0.1),
    }
    figures = {
        "first_origin": "2017-01",
        "last_origin": "2021-11",
        "n_refits": 10,
        "gate": {"is_passed": False, "reason": "No proven skill <here>."},
        "skill": skill,
        "paired": {
            name: {"average_precision": _interval(0.1), "log_score": _interval(0.02)}
            for name in ("climatology", "conflictology")
        },
        "where_when": {
            "within_region_auc": {
                name: _interval(0.6) for name in ("model", "region_specific", "calendar")
            },
            "shuffled_timing": {
                "average_precision": 0.2,
                "brier_skill": 0.0,
                "within_region_auc": 0.5,
            },
        },
        "strata": [stratum, {**stratum, "name": "2018", "brier_skill_climatology": None,
                             "brier_skill_conflictology": None, "average_precision": None}],
        "operating": [
            {
                "threshold": 0.1,
                "n_alerts": 0,
                "n_followed": 0,
                "precision": None,
                "recall": 0.0,
                "alerts_per_region_year": 0.0,
                "median_lead_periods": None,
            }
        ],
        "precision_recall": dict.fromkeys(("model", "climatology", "conflictology"), points),
        "cost_loss": {
            "ratios": [0.1, 0.2],
            **{name: [0.3, None] for name in ("model", "climatology", "conflictology")},
        },
    }  # fmt: skip
    return {
        "region_set": "sahel",
        "n_regions": 31,
        "step": "month",
        "as_of": "2022-01-15",
        "known_to": "2021-12",
        "vintage": "24.1",
        "is_simulated": True,
        "replay": "final data",
        "outcome": {"name": "escalation", "version": "escalation-1", "multiple": 1.5},
        "recipe": "logit",
        "model_in_service": None,
        "settings": {
            "feature_set": "small-1",
            "train_from": "2004-01",
            "refit_every_months": 6,
            "bootstrap_draws": 1000,
        },
        "horizons": {"1": figures, "3": figures},
    }


def test_the_page_asks_for_nothing_from_elsewhere(report):
    page = render_report(report, made_at=NOW)
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "<script" not in page
    assert not re.search(r"url\((?!data:)", page)


def test_every_picture_is_a_sound_drawing(report):
    page = render_report(report, made_at=NOW)
    pictures = re.findall(r"src=\"data:image/svg\+xml;base64,([^\"]+)\"", page)
    assert len(pictures) == 2 * 4
    for picture in pictures:
        root = ET.fromstring(base64.b64decode(picture))
        assert root.tag.endswith("svg")
        assert len(list(root.iter())) > 20


def test_the_page_says_what_was_measured_and_what_was_not(report):
    page = render_report(report, made_at=NOW)
    assert "0.310 (0.260 to 0.360)" in page
    assert "+0.120 (+0.070 to +0.170)" in page
    assert "No proven skill &lt;here&gt;." in page
    assert "baseline only" in page
    assert "simulated" in page
    assert "None" not in page
    assert "nan" not in page.lower().replace("finance", "")


def test_the_file_is_written_whole(report, tmp_path):
    path = tmp_path / "sub" / "report.html"
    write_report(report, path, made_at=NOW)
    # The renderer numbers its clip paths anew in each picture.
    pictures = re.compile(r"base64,[^\"]+")
    written = path.read_text(encoding="utf-8")
    assert pictures.sub("", written) == pictures.sub("", render_report(report, made_at=NOW))
    assert [one.name for one in path.parent.iterdir()] == ["report.html"]
