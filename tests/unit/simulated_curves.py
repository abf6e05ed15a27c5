"""Curves for the tests: simulated by the textbook equation, or typed in, and fitted."""

import numpy as np
import pandas as pd

from reuptake.curves.fit import fit_curves
from reuptake.curves.groups import Batch

DOSES_nM = 10.0 ** np.arange(0, 5, 0.5)
VEHICLE, BLOCK = 0.0, np.inf


def fit_one(concentration_nM, response, **options) -> pd.Series:
    """Fit a single curve."""
    concentration_nM = np.asarray(concentration_nM, dtype=float)
    index = np.zeros(len(concentration_nM), dtype=int)
    return fit_curves(index, concentration_nM, np.asarray(response, float), 1, **options).iloc[0]


def inhibition(concentration_nM, ic50_nM, hill=1.0, top=100.0, bottom=0.0):
    """Response left at a concentration: the Hill equation as a textbook writes it."""
    c = np.asarray(concentration_nM, dtype=float)
    return bottom + (top - bottom) / (1.0 + (c / ic50_nM) ** hill)


def with_controls(concentration_nM, response, *, top=100.0, bottom=0.0, n=(8, 6)):
    """Concentrations and responses with vehicle and full-block wells behind them."""
    c = np.r_[concentration_nM, np.full(n[0], VEHICLE), np.full(n[1], BLOCK)]
    return c, np.r_[response, np.full(n[0], top), np.full(n[1], bottom)]


def simulate(n_curves, *, seed, noise=5.0, hill=(0.7, 1.4), controls=True, log10_ic50=(0.0, 4.5)):
    """The clean design of the benchmarks: ten half-log concentrations from 1 nM in triplicate.

    Returns
    -------
    curve, concentration_nM, response, log10_ic50
    """
    rng = np.random.default_rng(seed)
    top, bottom = rng.normal(100, 2, n_curves), rng.uniform(0, 10, n_curves)
    slope, location = rng.uniform(*hill, n_curves), rng.uniform(*log10_ic50, n_curves)
    dose = np.repeat(DOSES_nM, 3)
    mean = inhibition(
        dose, 10.0 ** location[:, None], slope[:, None], top[:, None], bottom[:, None]
    )
    concentration = np.broadcast_to(dose, mean.shape)
    if controls:
        ends = np.r_[np.full(8, VEHICLE), np.full(6, BLOCK)]
        concentration = np.hstack([concentration, np.broadcast_to(ends, (n_curves, 14))])
        mean = np.hstack([mean, np.repeat(top[:, None], 8, 1), np.repeat(bottom[:, None], 6, 1)])
    response = mean + rng.normal(0, noise, mean.shape)
    curve = np.repeat(np.arange(n_curves), mean.shape[1])
    return curve, concentration.ravel(), response.ravel(), location


def batch_of(x, y, n=1.0) -> Batch:
    """One curve as the engine takes it, without replicates; `x` is log10 concentration."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    ones = np.ones((1, len(x)))
    return Batch(np.array([0]), x[None], ones * n, y[None], 0.0 * ones, ones)
