"""The forecast of fatalities behind a set's newest publication, kept for the next of the same data.

It is taken up only under the hash of all that it depends on, so that it is never older than the
data; new data, other settings or another version make it anew and replace it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from data.panel import Panel
from models.fatalities.keep import hash_inputs, pack_release, unpack_release
from models.fatalities.release import FatalityRelease, release_fatalities
from service.settings import Settings
from service.tables import kept_fatalities

_log = logging.getLogger("tocsin.cycle")


@dataclass(frozen=True)
class KeptFatalities:
    """A forecast under the hash of what it was made from.

    Attributes:
        inputs: Hash; see `models.fatalities.keep.hash_inputs`.
        body: The forecast as bytes.
    """

    inputs: str
    body: bytes


def read_kept(connection: Connection, region_set: str) -> KeptFatalities | None:
    """Returns what is kept of a set; None if nothing is."""
    row = connection.execute(
        select(kept_fatalities.c.inputs, kept_fatalities.c.body).where(
            kept_fatalities.c.region_set == region_set
        )
    ).one_or_none()
    return None if row is None else KeptFatalities(*row)


def release_or_take_up(
    panel: Panel, settings: Settings, kept: KeptFatalities | None
) -> tuple[FatalityRelease, KeptFatalities]:
    """Returns the forecast of a panel, and what is to be kept of it.

    Args:
        panel: What the scores are made from.
        settings: First month of histories that may be analogues, draws, seed.
        kept: What `read_kept` returned.

    Raises:
        NotReady: There is too little history to widen by.
    """
    inputs = hash_inputs(panel, settings)
    if kept is not None and kept.inputs == inputs:
        release = unpack_release(kept.body)
        if release is not None:
            _log.info("fatalities of the same data are taken up")
            return release, kept
    release = release_fatalities(panel, settings)
    return release, KeptFatalities(inputs, pack_release(release))


def store_kept(connection: Connection, region_set: str, kept: KeptFatalities) -> None:
    """Keeps a forecast in place of the one before, in the publication's transaction."""
    if kept == read_kept(connection, region_set):
        return
    connection.execute(delete(kept_fatalities).where(kept_fatalities.c.region_set == region_set))
    connection.execute(
        insert(kept_fatalities).values(region_set=region_set, inputs=kept.inputs, body=kept.body)
    )
