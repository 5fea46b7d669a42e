"""A forecast of fatalities as bytes, and the hash of all that it depends on.

The walk behind it takes seconds. Where nothing that it reads has changed, the bytes give the same
forecast, bit for bit. The code itself counts as something that it depends on.
"""

from __future__ import annotations

import hashlib
import io
import json
from functools import cache
from pathlib import Path

import numpy as np
import scipy

from data.panel import Panel
from models.artefacts.manifest import library_versions
from models.fatalities.names import VERSION
from models.fatalities.release import HORIZONS, FatalityRelease
from models.fatalities.units import series_of
from models.settings import ModelSettings

_ROOMS = ("models", "features")
_ARRAYS = ("quantiles", "baseline")
_DIGEST_SIZE = hashlib.sha256().digest_size


def hash_inputs(panel: Panel, settings: ModelSettings) -> str:
    """Returns the SHA-256, in hex, of all that `release_fatalities` makes its forecast from.

    Args:
        panel: Panel as known on the as-of.
        settings: First month of histories that may be analogues, draws, seed.
    """
    series = series_of(panel, "region")
    described = {
        "version": VERSION,
        "libraries": {**library_versions(), "scipy": scipy.__version__},
        "code": _hash_code(),
        "step": series.step,
        "origin": int(panel.origin),
        "unit_ids": series.unit_ids,
        "train_from": settings.train_from,
        "draws": settings.bootstrap_draws,
        "seed": settings.seed,
        "shape": series.deaths.shape,
    }
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for array in (series.periods, series.deaths):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def pack_release(release: FatalityRelease) -> bytes:
    """Returns a forecast as bytes: their hash, arrays, and the rest as JSON; nothing is pickled."""
    told = {name: value for name, value in vars(release).items() if name not in _ARRAYS}
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        quantiles=np.stack([release.quantiles[horizon] for horizon in HORIZONS]),
        baseline=release.baseline,
        told=np.frombuffer(json.dumps(told).encode(), np.uint8),
    )
    body = stream.getvalue()
    return hashlib.sha256(body).digest() + body


def unpack_release(kept: bytes) -> FatalityRelease | None:
    """Returns the forecast that `pack_release` packed; None if the bytes are damaged."""
    digest, body = kept[:_DIGEST_SIZE], kept[_DIGEST_SIZE:]
    if hashlib.sha256(body).digest() != digest:
        return None
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        quantiles, baseline = arrays["quantiles"], arrays["baseline"]
        told = json.loads(arrays["told"].tobytes())
    return FatalityRelease(
        **{**told, "region_ids": tuple(told["region_ids"])},
        quantiles=dict(zip(HORIZONS, quantiles, strict=True)),
        baseline=baseline,
    )


@cache
def _hash_code() -> str:
    """Returns the hash of the files of the rooms that the forecast is made in."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[2]
    for path in sorted(one for room in _ROOMS for one in (root / room).rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
