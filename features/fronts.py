"""Fronts: where in a country violence lies, as seen from its capital."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.geography import Geography, distance_km
from features.measures import FRONT_DEATHS

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]


def centroid_km(sums: Float32, geography: Geography) -> Float32:
    """Returns how far the centroid of violence lies from each country's capital.

    The centroid is the mean of the regions' centres on the sphere, weighted by `sums`.

    Args:
        sums: Violence per region, shape (n_periods, n_regions), NaN where not known.
        geography: The regions.

    Returns:
        Kilometres, shape (n_periods, n_countries); NaN without violence, without a capital, or
        where any region of the country is unknown.
    """
    ordered = sums[:, geography.by_country].astype(np.float64)
    points = geography.points[geography.by_country]
    parts = [_by_country(ordered * points[:, axis], geography) for axis in range(3)]
    centroid = np.stack(parts, axis=-1)
    total = _by_country(ordered, geography)
    km = distance_km(centroid, geography.capital_points[None])
    km[~(total > 0)] = np.nan
    return km.astype(np.float32)


def nearest_front_km(sums: Float32, geography: Geography) -> Float32:
    """Returns how far the nearest region with an active front lies from each capital.

    Args:
        sums: Deaths per region, shape (n_periods, n_regions), NaN where not known.
        geography: The regions.

    Returns:
        Kilometres, shape (n_periods, n_countries); NaN without a front, without a capital, or
        where any region of the country is unknown.
    """
    # Rounded, so that a tie of shares of deaths does not hang on the last bit.
    ordered = np.round(sums[:, geography.by_country], 3)
    km = np.where(ordered >= FRONT_DEATHS, geography.capital_km[geography.by_country], np.inf)
    km[np.isnan(ordered)] = np.nan
    nearest = np.minimum.reduceat(km.astype(np.float32), geography.country_starts, axis=1)
    nearest[~np.isfinite(nearest)] = np.nan
    return nearest


def _by_country(ordered: Float64, geography: Geography) -> Float64:
    return np.add.reduceat(ordered, geography.country_starts, axis=1)
