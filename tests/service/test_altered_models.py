"""A thousand models that are not what was signed: none is unpickled, and the good one scores on."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import joblib
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from data.errors import Refused
from models.artefacts import artefact as artefacts
from models.artefacts.manifest import decode_manifest, encode_manifest
from models.artefacts.signing import SigningKey, load_or_make_key, sign
from models.registry import find_champion, promote
from models.shadows import set_shadow
from models.tables import models
from service.modelling.training import train_set
from service.pipeline import run_cycle
from service.publications.store import latest_publication

N_VARIANTS = 1000
AS_OF = date(2021, 12, 15)
Row = dict[str, Any]


class LeavesMark:
    """Makes a folder when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@dataclass(frozen=True)
class Workshop:
    """What a forger has: a good row, another model's row, keys, and chance."""

    good: Row
    other: Row
    own_key: SigningKey
    chance: random.Random
    mark: Path

    def flip(self, column: str) -> Row:
        body = bytearray(self.good[column])
        for _ in range(self.chance.choice((1, 1, 2, 16))):
            body[self.chance.randrange(len(body))] ^= self.chance.randrange(1, 256)
        return {column: bytes(body)} if bytes(body) != self.good[column] else self.cut(column)

    def cut(self, column: str) -> Row:
        return {column: self.good[column][: self.chance.randrange(len(self.good[column]))]}

    def extend(self, column: str) -> Row:
        return {column: self.good[column] + self.chance.randbytes(self.chance.randrange(1, 40))}

    def swap(self, column: str) -> Row:
        return {column: self.other[column]}

    def forge(self, key: SigningKey | None) -> Row:
        """A payload with a manifest that fits it, signed by another key or by nobody."""
        buffer = io.BytesIO()
        joblib.dump(LeavesMark(self.mark), buffer)
        body = buffer.getvalue()
        manifest = {
            **decode_manifest(self.good["manifest_bytes"]),
            "artefact_sha256": joblib.hash(body),
            "created_at": f"2022-01-01T00:00:{self.chance.randrange(60):02d}+00:00",
        }
        encoded = encode_manifest(manifest)
        signature = b"" if key is None else sign(key, encoded)
        return {"artefact": body, "manifest_bytes": encoded, "signature": signature}

    def misfit(self) -> Row:
        """Signed by the own key, but of other versions, definitions, features or bytes."""
        manifest = decode_manifest(self.good["manifest_bytes"])
        first = next(iter(manifest["horizons"].values()))
        kind = self.chance.randrange(6)
        if kind == 0:
            manifest["format"] = self.chance.randrange(100, 1000)
        elif kind == 1:
            manifest["libraries"]["scikit-learn"] = f"0.{self.chance.randrange(1, 24)}.1"
        elif kind == 2:
            manifest["libraries"]["python"] = f"2.{self.chance.randrange(8)}.0"
        elif kind == 3:
            first["feature_fingerprint"] = self.chance.randbytes(32).hex()
        elif kind == 4:
            manifest["outcome"]["version"] = f"escalation-{self.chance.randrange(50, 999)}"
        else:
            manifest["artefact_sha256"] = self.chance.randbytes(32).hex()
        encoded = encode_manifest(manifest)
        return {"manifest_bytes": encoded, "signature": sign(self.own_key, encoded)}


STRANGER = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
COLUMNS = ("artefact", "manifest_bytes", "signature")
FORGERIES: tuple[Callable[[Workshop], Row], ...] = (
    *(lambda shop, name=name: shop.flip(name) for name in COLUMNS),
    *(lambda shop, name=name: shop.cut(name) for name in COLUMNS),
    *(lambda shop, name=name: shop.extend(name) for name in COLUMNS),
    *(lambda shop, name=name: shop.swap(name) for name in COLUMNS),
    lambda shop: {"signature": b""},
    lambda shop: {"signature": shop.chance.randbytes(64)},
    lambda shop: {"signature": sign(STRANGER, shop.good["manifest_bytes"])},
    lambda shop: shop.forge(None),
    lambda shop: shop.forge(STRANGER),
    lambda shop: {name: shop.other[name] for name in COLUMNS},
    lambda shop: {"outcome": "severe"},
    Workshop.misfit,
    Workshop.misfit,
)


@pytest.fixture
def unpickled(monkeypatch) -> list[str]:
    """What was unpickled meanwhile: a spy on joblib's unpickler and on the door before it."""
    seen: list[str] = []
    real = artefacts.NumpyUnpickler.load

    def load(self: Any) -> Any:
        seen.append("loaded")
        return real(self)

    monkeypatch.setattr(artefacts.NumpyUnpickler, "load", load)
    return seen


def test_a_thousand_altered_models_are_refused_unopened(demo, unpickled, tmp_path, caplog):
    key = load_or_make_key(demo.settings.state_dir)
    versions = []
    for penalty in (0.001, 0.0005):
        other = demo.settings.model_copy(update={"ridge_c": penalty})
        saved = train_set(demo.database, other, demo.clock, region_set="demo", as_of=AS_OF)
        versions.append(saved.model_version)
    with demo.database.write() as connection:
        champion = find_champion(connection, "demo", "escalation").model_version
        good, another = (
            connection.execute(models.select().where(models.c.model_version == version))
            .mappings()
            .one()
            for version in versions
        )
        shop = Workshop(dict(good), dict(another), key, random.Random(11), tmp_path / "mark")
        this = models.c.model_version == versions[0]
        unpickled.clear()
        for number in range(N_VARIANTS):
            forged = FORGERIES[number % len(FORGERIES)](shop)
            assert any(good[name] != value for name, value in forged.items())
            connection.execute(update(models).where(this).values(**{**good, **forged}))
            with pytest.raises(Refused):
                promote(connection, versions[0], key.public, promoted_at=demo.clock())
        assert unpickled == []
        assert not shop.mark.exists()
        assert find_champion(connection, "demo", "escalation").model_version == champion
        # The last forgery stays in the registry, and is even asked to score as a shadow.
        set_shadow(connection, versions[0], is_shadow=True)
    report = run_cycle(
        demo.database, demo.settings, demo.clock, region_set="demo", as_of=date(2022, 1, 15)
    )
    assert report.n_scores > 0
    assert unpickled == ["loaded"]
    assert "shadow left out" in caplog.text
    with demo.database.read() as connection:
        assert latest_publication(connection, "demo").model_version == champion
    # The model itself is good: what is refused above is refused for what was done to it.
    with demo.database.write() as connection:
        connection.execute(update(models).where(this).values(**good))
        promote(connection, versions[0], key.public, promoted_at=demo.clock())
