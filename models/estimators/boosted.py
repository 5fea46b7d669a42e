"""Boosted trees: a part that may be served, kept as plain arrays and explained exactly.

Fitted by scikit-learn's trees on histograms; Ke et al. (2017), "LightGBM". A contribution is the
Shapley value of a feature over all orders in which the features could become known, where a tree
whose feature is not known yet goes both ways as often as its training rows did; Lundberg et al.
(2020), doi:10.1038/s42256-019-0138-9. They sum to the log-odds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from models.metrics import Floats, Ints
from models.task import ClosedRows

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FittedTrees:
    """Fitted trees; all arrays but `base` have the shape (n_trees, n_nodes), padded with leaves.

    Attributes:
        base: Log-odds before any tree, shape (1,).
        feature: Column that a node asks for, -1 at a leaf.
        threshold: A value up to this one goes left.
        is_left_missing: True if a missing value goes left.
        left: Node on the left.
        right: Node on the right.
        value: What a leaf adds to the log-odds.
        n_rows: Training rows that came by.
    """

    base: Floats
    feature: Ints
    threshold: Floats
    is_left_missing: Bools
    left: Ints
    right: Ints
    value: Floats
    n_rows: Floats

    @property
    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Its arrays by name: what is stored."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def fit_trees(rows: ClosedRows, seed: int) -> FittedTrees:
    """Returns boosted trees as arrays; the same rows give the same numbers.

    Args:
        rows: What may train; a missing feature stays missing.
        seed: Seed.
    """
    return pack_trees(fit_boosted_trees(rows, seed))


def fit_boosted_trees(rows: ClosedRows, seed: int) -> HistGradientBoostingClassifier:
    """Returns 100 small trees, learned slowly and with a penalty on leaves.

    Args:
        rows: What may train; a missing feature stays missing.
        seed: Seed.
    """
    # Loaded where something is fitted: most commands fit nothing, and loading takes a second.
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=100,
        max_leaf_nodes=8,
        min_samples_leaf=40,
        l2_regularization=10.0,
        early_stopping=False,
        random_state=seed % 2**31,
    )
    trees.fit(rows.features, rows.labels > 0, sample_weight=rows.weights)
    return trees


def pack_trees(fitted: HistGradientBoostingClassifier) -> FittedTrees:
    """Returns the trees of a fitted classifier as arrays."""
    # scikit-learn shows its trees nowhere else; a test holds the arrays against its own forecasts.
    stages, start = fitted._predictors, fitted._baseline_prediction  # noqa: SLF001
    trees = [stage[0].nodes for stage in stages]
    shape = len(trees), max(len(nodes) for nodes in trees)
    packed = FittedTrees(
        base=np.array([float(np.ravel(start)[0])]),
        feature=np.full(shape, -1, np.int64),
        threshold=np.zeros(shape),
        is_left_missing=np.zeros(shape, bool),
        left=np.zeros(shape, np.int64),
        right=np.zeros(shape, np.int64),
        value=np.zeros(shape),
        n_rows=np.zeros(shape),
    )
    for tree, nodes in enumerate(trees):
        here = (tree, slice(len(nodes)))
        is_leaf = nodes["is_leaf"].astype(bool)
        packed.feature[here] = np.where(is_leaf, -1, nodes["feature_idx"])
        packed.threshold[here] = nodes["num_threshold"]
        packed.is_left_missing[here] = nodes["missing_go_to_left"].astype(bool)
        packed.left[here], packed.right[here] = nodes["left"], nodes["right"]
        packed.value[here], packed.n_rows[here] = nodes["value"], nodes["count"]
    return packed


def trees_log_odds(fitted: FittedTrees, features: npt.NDArray[np.floating]) -> Floats:
    """Returns the log-odds of each row, shape (n_rows,).

    Args:
        fitted: The trees.
        features: Shape (n_rows, n_features), NaN where missing.
    """
    total = np.full(len(features), fitted.base[0])
    for tree in range(len(fitted.feature)):
        goes_left = _goes_left(fitted, tree, features)
        total += _walk(fitted, tree, 0, goes_left, frozenset(fitted.feature[tree]))
    return total


def explain_trees_exactly(
    fitted: FittedTrees, features: npt.NDArray[np.floating]
) -> tuple[Floats, Floats]:
    """Returns the base of each row and what each feature adds to it.

    Args:
        fitted: The trees.
        features: Shape (n_rows, n_features), NaN where missing.

    Returns:
        Base, shape (n_rows,), and contributions, shape (n_rows, n_features); together they sum to
        `trees_log_odds`.
    """
    base = np.full(len(features), fitted.base[0])
    added = np.zeros(features.shape)
    for tree in range(len(fitted.feature)):
        # A tree of eight leaves tells rows apart in few ways: each is explained once.
        ways, which = np.unique(_goes_left(fitted, tree, features), axis=0, return_inverse=True)
        which = which.reshape(-1)
        known = tuple(int(one) for one in np.unique(fitted.feature[tree]) if one >= 0)
        value = {
            some: _walk(fitted, tree, 0, ways, frozenset(some))
            for size in range(len(known) + 1)
            for some in combinations(known, size)
        }
        base += value[()][which]
        for one in known:
            added[:, one] += _shapley(value, known, one)[which]
    return base, added


def _goes_left(fitted: FittedTrees, tree: int, features: npt.NDArray[np.floating]) -> Bools:
    """Returns whether each row goes left at each node, shape (n_rows, n_nodes)."""
    asked = np.asarray(features[:, np.maximum(fitted.feature[tree], 0)], np.float64)
    return np.asarray(
        np.where(np.isnan(asked), fitted.is_left_missing[tree], asked <= fitted.threshold[tree])
    )


def _walk(
    fitted: FittedTrees, tree: int, node: int, goes_left: Bools, known: frozenset[int]
) -> Floats:
    """Returns what a tree adds from a node on if only some features are known, shape (n_rows,)."""
    feature = int(fitted.feature[tree, node])
    if feature < 0:
        return np.full(len(goes_left), fitted.value[tree, node])
    left, right = int(fitted.left[tree, node]), int(fitted.right[tree, node])
    down = [_walk(fitted, tree, one, goes_left, known) for one in (left, right)]
    if feature in known:
        return np.where(goes_left[:, node], *down)
    share = fitted.n_rows[tree, left] / fitted.n_rows[tree, node]
    return np.asarray(share * down[0] + (1 - share) * down[1])


def _shapley(value: dict[tuple[int, ...], Floats], known: tuple[int, ...], one: int) -> Floats:
    """Returns one feature's mean gain over all orders of a tree's features, shape (n_rows,)."""
    gained = np.zeros_like(value[()])
    for some, without in value.items():
        if one not in some:
            orders = factorial(len(some)) * factorial(len(known) - len(some) - 1)
            with_it = value[tuple(sorted((*some, one)))]
            gained += (with_it - without) * (orders / factorial(len(known)))
    return gained
