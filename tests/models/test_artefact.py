"""An artefact holds scikit-learn and numpy objects only, and loading builds nothing else."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path

import joblib
import numpy as np
import pytest

from data.errors import Refused
from models.artefacts.artefact import ALLOWED, pack_artefact, unpack_artefact


class LeavesMark:
    """Touches a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (os.mkdir, (str(self.mark),))


def _dump(content: object) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(content, buffer)
    return buffer.getvalue()


def test_what_is_packed_comes_back(trained):
    loaded = unpack_artefact(trained.artefact)
    assert set(loaded) == set(trained.model.horizons) == {1, 3, 6}
    for horizon, part in trained.model.horizons.items():
        other = loaded[horizon]
        assert other.calibration == part.calibration
        assert (other.estimator.logit.centre == part.estimator.logit.centre).all()
        assert (other.estimator.logit.scale == part.estimator.logit.scale).all()
        assert (other.estimator.counts.mean == part.estimator.counts.mean).all()
        assert (other.estimator.counts.dispersion == part.estimator.counts.dispersion).all()
        assert other.estimator.counts.threshold == part.estimator.counts.threshold
        assert other.estimator.wide is None
        assert (other.estimator.logit.logit.coef_ == part.estimator.logit.logit.coef_).all()
    assert unpack_artefact(pack_artefact(loaded)).keys() == loaded.keys()


def test_only_numpy_joblib_and_scikit_learn_are_on_the_list():
    assert {module.split(".")[0] for module, _ in ALLOWED} == {"joblib", "numpy", "sklearn"}


@pytest.mark.parametrize("depth", ["top", "inside", "in an object array"])
def test_what_is_not_on_the_list_is_not_built(tmp_path, depth):
    mark = tmp_path / "mark"
    payload = LeavesMark(mark)
    content = {
        "top": payload,
        "inside": {"format": 2, "horizons": {1: {"centre": np.zeros(2), "logit": payload}}},
        "in an object array": {"format": 2, "horizons": np.array([payload, None], object)},
    }[depth]
    with pytest.raises(Refused, match="The artefact holds"):
        unpack_artefact(_dump(content))
    assert not mark.exists()
    joblib.load(io.BytesIO(_dump(content)))
    assert mark.exists(), "the payload is harmless, so this test shows nothing"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing of the kind",
        pickle.dumps({"format": 2}),
        pickle.dumps([1, 2]),
        pickle.dumps({"format": 1, "horizons": {}}),
        pickle.dumps({"format": 2, "horizons": {1: {}}}),
    ],
)
def test_other_bytes_are_refused(content):
    with pytest.raises(Refused):
        unpack_artefact(content)
