"""Weights of counted data: counting error and proportional error together.

.. math:: Var(Y) = k Y / t + (c Y)^2, \\quad w = 1 / Var(Y)

at the *fitted* Y, iterated until the fit stands still; *t* is the counting time in minutes,
*k* brings CPM to the scale of Y, *c* is the run's proportional error, estimated once from
its replicates. Sources: GraphPad Prism 8 guide, "How weighting works" (1/Y for counting
error, 1/Y² for constant CV; weights from the curve, not the data).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reuptake.curves import engine
from reuptake.curves.groups import Batch
from reuptake.quantities import parse

_MAX_ROUNDS = 50
_TOLERANCE = 1e-11


def counting_per_unit(assay: dict, unit: str) -> float | None:
    """Counting variance per unit of signal, k/t; None where the assay weighs all wells alike.

    Parameters
    ----------
    assay : dict
        ``weights``, ``count_time`` and ``efficiency`` of its entry.
    unit : str
        Of the signal.
    """
    if assay.get("weights") != "counting" or not assay.get("count_time"):
        return None
    per_minute = 1.0 / parse(assay["count_time"], "min")
    efficiency = (assay.get("efficiency") or {}).get("value")
    if unit in ("CPM", "CCPM"):
        return per_minute
    if unit == "DPM" and efficiency:
        return per_minute / efficiency
    return 1.0 if unit == "counts" else None


def proportional_error(mean, variance, df, poisson_per_unit) -> float:
    """Proportional error *c* of a run from its replicate sets.

    .. math:: c^2 = \\sum_i df_i (s_i^2 - k \\bar Y_i / t) / \\bar Y_i^2 \\Big/ \\sum_i df_i

    floored at zero after averaging.

    Parameters
    ----------
    mean, variance, df : ndarray, shape (n,)
        Mean, sample variance and degrees of freedom of each replicate set; sets with a
        mean that is not positive are left out.
    poisson_per_unit : float
        k/t: counting variance per unit of Y.

    Returns
    -------
    float
        c; 0 where there are no replicates or counting error explains all scatter.
    """
    mean, variance, df = (np.asarray(a, dtype=float) for a in (mean, variance, df))
    use = (df > 0) & (mean > 0)
    if not use.any():
        return 0.0
    mean, variance, df = mean[use], variance[use], df[use]
    c_squared = (df * (variance - poisson_per_unit * mean) / mean**2).sum() / df.sum()
    return float(np.sqrt(max(c_squared, 0.0)))


def iterate(batch: Batch, poisson_per_unit, c) -> Batch:
    """The batch with weights taken at the fitted 3PL, iterated to a standstill.

    Parameters
    ----------
    batch : Batch
    poisson_per_unit, c : ndarray, shape (m,)
        k/t and the proportional error of each curve's run.

    Returns
    -------
    Batch
        Its weights are then held for intervals, F tests and AICc.
    """
    # a fitted level at or below zero says nothing of its own error
    floor = 1e-3 * np.abs(batch.mean).max(axis=1)[:, None]
    fitted = engine.fit(batch, batch.weight, free_hill=False)
    well_weight = batch.well_weight.copy()
    # a curve that stands still is left alone, so that its neighbours cannot move it further
    moving = np.arange(len(batch.curve))
    for _ in range(_MAX_ROUNDS):
        level = np.maximum(fitted.at(batch.x[moving]), floor[moving])
        variance = poisson_per_unit[moving, None] * level + (c[moving, None] * level) ** 2
        well_weight[moving] = 1.0 / variance
        part = replace(batch, well_weight=well_weight).select(moving)
        before = fitted.log10_ic50
        start_hill = np.zeros(len(moving))
        fitted = engine.minimise(
            part, part.weight, before, start_hill, free_location=True, free_hill=False
        )
        still = np.abs(fitted.log10_ic50 - before) < _TOLERANCE
        moving, fitted = moving[~still], fitted.select(~still)
        if not len(moving):
            break
    return replace(batch, well_weight=well_weight)
