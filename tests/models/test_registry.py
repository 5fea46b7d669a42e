"""The registry keeps one champion and never loads a model that fails a check."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import joblib
import numpy as np
import pytest
from sqlalchemy import Connection, update

from data.errors import NotReady, Refused, StateError, UnknownName
from models.artefacts import admission
from models.artefacts.manifest import encode_manifest
from models.artefacts.signing import SigningKey, load_or_make_key, sign
from models.registry import (
    find_champion,
    find_earlier,
    list_models,
    load_champion,
    load_stored,
    promote,
    save_model,
    show_model,
)
from models.tables import models
from models.train import TrainedModel

NOW = datetime(2022, 1, 16, tzinfo=UTC)


class LeavesMark:
    """Makes a folder when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return (os.mkdir, (str(self.mark),))


@pytest.fixture(scope="module")
def key(tmp_path_factory) -> SigningKey:
    return load_or_make_key(tmp_path_factory.mktemp("state"))


@pytest.fixture
def never_unpickle(monkeypatch):
    def fail(_artefact: bytes) -> None:
        raise AssertionError("unpickled before every check held")

    monkeypatch.setattr(admission, "unpack_artefact", fail)


def _variant(trained: TrainedModel, version: str, **changes) -> TrainedModel:
    manifest = {**trained.manifest, "model_version": version, **changes}
    return replace(
        trained,
        model_version=version,
        manifest=manifest,
        manifest_bytes=encode_manifest(manifest),
    )


def _overwrite(connection: Connection, trained: TrainedModel, **columns) -> None:
    connection.execute(
        update(models).where(models.c.model_version == trained.model_version).values(**columns)
    )


def test_a_saved_model_scores_as_the_trained_one(connection, trained, key):
    saved = save_model(connection, trained, key)
    loaded = load_champion(connection, "plain", "escalation", key.public)
    assert (saved.role, saved.is_new) == ("champion", True)
    assert loaded.model_version == trained.model_version
    assert loaded.manifest == trained.manifest
    for horizon, part in trained.model.horizons.items():
        assert (
            loaded.horizons[horizon].estimator.logit.logit.coef_ == part.estimator.logit.logit.coef_
        ).all()


def test_training_never_promotes_by_itself(connection, trained, key):
    second, third = _variant(trained, "second"), _variant(trained, "third")
    assert [save_model(connection, one, key).role for one in (trained, second, third)] == [
        "champion",
        "challenger",
        "challenger",
    ]
    assert load_champion(connection, "plain", "escalation", key.public).model_version == (
        trained.model_version
    )
    assert promote(connection, "second", key.public, promoted_at=NOW) == trained.model_version
    assert load_champion(connection, "plain", "escalation", key.public).model_version == "second"
    roles = {one.model_version: one.role for one in list_models(connection, "plain")}
    assert roles == {trained.model_version: "retired", "second": "champion", "third": "challenger"}
    assert promote(connection, trained.model_version, promoted_at=NOW) == "second"
    assert promote(connection, trained.model_version, promoted_at=NOW) is None
    assert show_model(connection, "second").role == "retired"


def test_the_same_model_is_stored_once(connection, trained, key):
    save_model(connection, trained, key)
    again = save_model(connection, trained, key)
    assert (again.role, again.is_new) == ("champion", False)
    assert len(list_models(connection)) == 1


def test_each_region_set_has_its_own_champion(connection, trained, key):
    save_model(connection, trained, key)
    save_model(connection, _variant(trained, "elsewhere", region_set="other"), key)
    assert load_champion(connection, "other", "escalation", key.public).model_version == "elsewhere"
    assert [one.model_version for one in list_models(connection, "other")] == ["elsewhere"]
    assert len(list_models(connection)) == 2


def test_an_entry_shows_the_manifest(connection, trained, key):
    save_model(connection, trained, key)
    entry = show_model(connection, trained.model_version)
    assert entry.manifest == trained.manifest
    assert (entry.region_set, entry.outcome) == ("plain", "escalation")
    assert entry.as_of == date(2020, 1, 15)
    assert entry.created_at == datetime(2020, 1, 15, 6, tzinfo=UTC)


def test_names_that_are_not_there_are_said(connection, trained, key):
    with pytest.raises(NotReady, match="No model") as refused:
        load_champion(connection, "plain", "escalation", key.public)
    assert "tocsin train --set plain" in refused.value.hint
    with pytest.raises(UnknownName, match="No model 'nowhere'"):
        show_model(connection, "nowhere")
    with pytest.raises(UnknownName, match="No model 'nowhere'"):
        promote(connection, "nowhere", promoted_at=NOW)
    with pytest.raises(UnknownName, match="No region set 'moon'"):
        save_model(connection, _variant(trained, "moon", region_set="moon"), key)


def test_two_champions_are_a_damaged_state(connection, trained, key):
    save_model(connection, trained, key)
    save_model(connection, _variant(trained, "second"), key)
    connection.execute(update(models).values(role="champion"))
    with pytest.raises(StateError, match="2 champions"):
        load_champion(connection, "plain", "escalation", key.public)


def test_a_thousand_altered_models_are_refused_before_unpickling(
    connection, trained, key, never_unpickle
):
    save_model(connection, trained, key)
    generator = np.random.default_rng(11)
    parts = {
        "artefact": trained.artefact,
        "manifest": trained.manifest_bytes,
        "signature": sign(key, trained.manifest_bytes),
    }
    for number in range(1000):
        column = list(parts)[number % 3]
        good = parts[column]
        place = int(generator.integers(len(good)))
        if number % 2:
            bad = good[:place]
        else:
            flipped = good[place] ^ int(generator.integers(1, 256))
            bad = good[:place] + bytes([flipped]) + good[place + 1 :]
        stored = admission.StoredModel(
            trained.model_version, "plain", "escalation", **{**parts, column: bad}
        )
        with pytest.raises(Refused, match=r"not signed|altered"):
            admission.open_model(stored, key.public)


@pytest.mark.parametrize("column", ["artefact", "manifest_bytes", "signature"])
def test_an_altered_row_is_refused(connection, trained, key, never_unpickle, column):
    save_model(connection, trained, key)
    good = connection.execute(models.select()).one()._mapping[column]
    _overwrite(connection, trained, **{column: good[:-1] + bytes([good[-1] ^ 1])})
    with pytest.raises(Refused) as refused:
        load_champion(connection, "plain", "escalation", key.public)
    assert trained.model_version in refused.value.message
    assert refused.value.hint


def test_a_payload_in_the_artefact_is_never_run(connection, trained, key, tmp_path):
    mark, buffer = tmp_path / "mark", io.BytesIO()
    joblib.dump({"format": 1, "horizons": LeavesMark(mark)}, buffer)
    payload = buffer.getvalue()
    save_model(connection, trained, key)
    # The artefact alone; then with a manifest that names it, unsigned; then signed by a stranger.
    named = encode_manifest(
        {**trained.manifest, "artefact_sha256": hashlib.sha256(payload).hexdigest()}
    )
    stranger = load_or_make_key(tmp_path / "stranger")
    for columns in (
        {"artefact": payload},
        {"artefact": payload, "manifest_bytes": named},
        {"artefact": payload, "manifest_bytes": named, "signature": sign(stranger, named)},
        {"artefact": payload, "manifest_bytes": named, "signature": b""},
    ):
        _overwrite(connection, trained, **columns)
        with pytest.raises(Refused):
            load_champion(connection, "plain", "escalation", key.public)
        assert not mark.exists()
    # Even our own signature does not make the loader build it.
    _overwrite(connection, trained, signature=sign(key, named))
    with pytest.raises(Refused, match="mkdir"):
        load_champion(connection, "plain", "escalation", key.public)
    assert not mark.exists()


def _nested(manifest: dict, path: str, value: object) -> dict:
    head, _, rest = path.partition(".")
    return {**manifest, head: _nested(manifest[head], rest, value) if rest else value}


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("format", 99, "manifest format 99"),
        ("libraries.python", "3.9.1", "made with python 3.9"),
        ("libraries.scikit-learn", "0.24.2", "made with scikit-learn 0.24"),
        ("outcome.version", "escalation-0", "forecasts escalation-0"),
        ("outcome.multiple", 2.0, "which is now escalation-1-"),
        ("feature_set", "small-0", "No feature set 'small-0'"),
        ("step", "week", "other features"),
        ("horizons.3.feature_fingerprint", "0" * 64, "other features"),
        ("model_version", "another", "is another of 'plain'"),
        ("region_set", "other", "of 'other' by its own manifest"),
        ("outcome.name", "severe", "by its own manifest"),
    ],
)
def test_a_model_made_for_something_else_is_refused(
    connection, trained, key, never_unpickle, path, value, reason
):
    save_model(connection, trained, key)
    manifest = encode_manifest(_nested(trained.manifest, path, value))
    _overwrite(connection, trained, manifest_bytes=manifest, signature=sign(key, manifest))
    with pytest.raises(Refused) as refused:
        load_champion(connection, "plain", "escalation", key.public)
    assert reason in refused.value.message
    assert refused.value.hint


def test_a_model_that_would_be_refused_cannot_be_promoted(connection, trained, key):
    save_model(connection, trained, key)
    bad = _variant(trained, "bad")
    save_model(connection, bad, key)
    _overwrite(connection, bad, artefact=b"cut")
    with pytest.raises(Refused):
        promote(connection, "bad", key.public, promoted_at=NOW)
    assert load_champion(connection, "plain", "escalation", key.public).model_version == (
        trained.model_version
    )


def test_the_way_back_is_the_model_that_was_replaced(connection, trained, key):
    for version in ("first", "second", "third"):
        save_model(connection, _variant(trained, version), key)
    with pytest.raises(NotReady, match="No earlier model"):
        find_earlier(connection, "plain", "escalation")
    promote(connection, "second", promoted_at=NOW)
    promote(connection, "third", promoted_at=NOW)
    for current, earlier in (("third", "second"), ("second", "first")):
        assert find_champion(connection, "plain", "escalation").model_version == current
        assert find_earlier(connection, "plain", "escalation") == earlier
        promote(connection, earlier, promoted_at=NOW, kind="rollback")
    assert find_champion(connection, "plain", "escalation").model_version == "first"
    with pytest.raises(NotReady):
        find_earlier(connection, "plain", "escalation")


def test_a_challenger_is_loaded_after_the_same_checks(connection, trained, key):
    save_model(connection, trained, key)
    assert load_stored(connection, trained.model_version, key.public).horizons
    _overwrite(connection, trained, signature=b"")
    with pytest.raises(Refused, match="not signed"):
        load_stored(connection, trained.model_version, key.public)
    with pytest.raises(UnknownName):
        load_stored(connection, "none", key.public)


def test_a_thousand_unsigned_and_mismatched_models_are_refused_and_the_champion_stays(
    trained, key, never_unpickle, tmp_path
):
    stranger = load_or_make_key(tmp_path / "stranger")
    generator = np.random.default_rng(12)
    good = admission.StoredModel(
        trained.model_version,
        "plain",
        "escalation",
        trained.manifest_bytes,
        trained.artefact,
        sign(key, trained.manifest_bytes),
    )
    for number in range(1000):
        noise = generator.bytes(64)
        bad = [
            {"signature": noise},
            {"signature": sign(stranger, trained.manifest_bytes)},
            {"artefact": noise * int(generator.integers(1, 40))},
            {"model_version": noise.hex()},
            {"outcome": ("severe", "onset", "fatalities")[int(generator.integers(3))]},
            {"region_set": noise.hex()[:8]},
        ][number % 6]
        with pytest.raises(Refused):
            admission.open_model(replace(good, **bad), key.public)
