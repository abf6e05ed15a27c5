"""Errors of constants in means and ratios of Ki: what experiments share does not average out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from scipy.special import ndtri

# column of the shift -> the columns that say which constant it is of
_CONSTANTS = {
    "log10_ki_shift_kd": ("target", "kd_from"),
    "log10_ki_shift_ligand": ("radioligand",),
    "log10_ki_shift_sites": ("target", "sites_from"),
}
SHIFTS = tuple(_CONSTANTS)


def constants_variance(weighted: Iterable[tuple[float, dict]]) -> float:
    """Variance that the errors of Kd, L and R_T add to a weighted sum of log10 Ki.

    With weight w of experiment i and shift d, the change of its log10 Ki for one standard
    error of constant c, the shifts of one constant add up and those of different constants
    add in squares:

    .. math:: V = \\sum_c \\Bigl(\\sum_i w_i d_{ic}\\Bigr)^2

    Weights 1/n give a mean over experiments, 1/n at an off-target and -1/n at the primary
    target the logarithm of their ratio: by Cheng-Prusoff, r = L/Kd,

    .. math::

        \\frac{1}{\\ln^2 10} \\Bigl[\\sum_i \\Bigl(\\frac{r_i}{1 + r_i}\\Bigr)^2 Var(\\ln K_{d,i})
        + \\Bigl(\\frac{r_1}{1 + r_1} - \\frac{r_2}{1 + r_2}\\Bigr)^2 Var(\\ln L)\\Bigr]

    for two targets and one radioligand.

    Parameters
    ----------
    weighted : iterable of (float, dict)
        Weight and row of experiments.csv.

    Returns
    -------
    float
        NaN where no error of a constant is known.

    References
    ----------
    JCGM 100:2008 (GUM) 5.2: propagation of correlated errors.
    """
    shifts: dict[tuple, float] = defaultdict(float)
    for weight, row in weighted:
        for column, names in _CONSTANTS.items():
            if np.isfinite(row[column]):
                # without a name a constant is at least that of its assay
                source = tuple(row[name] for name in names)
                key = (column, *source) if source[-1] else (column, *source, row["assay"])
                shifts[key] += weight * row[column]
    return sum(shift**2 for shift in shifts.values()) if shifts else np.nan


def mean_weights(rows: Iterable[dict]) -> list[tuple[float, dict]]:
    """Rows of experiments.csv with their parts in the mean over experiments.

    An experiment counts once, in however many assays it was run; rows without a value count
    nothing.
    """
    by_name: dict[str, list[dict]] = {}
    for row in rows:
        if row["qualifier"]:
            by_name.setdefault(row["experiment"], []).append(row)
    return [(1.0 / len(by_name) / len(mine), row) for mine in by_name.values() for row in mine]


def widened(
    estimate: float, lower: float, upper: float, variance: float, confidence: float = 0.95
) -> tuple[float, float]:
    """An interval with a variance known from elsewhere counted in.

    .. math:: half^2 = half_0^2 + z^2 V

    on either side. The parts are joined by their half-widths: pooled degrees of freedom would
    make the interval narrower by an error added.

    References
    ----------
    Zou & Donner 2008, Stat Med 27:1693 (limits of a sum from those of its terms).
    """
    more = ndtri(0.5 + confidence / 2) * np.sqrt(variance)
    return (
        float(estimate - np.hypot(estimate - lower, more)),
        float(estimate + np.hypot(upper - estimate, more)),
    )
