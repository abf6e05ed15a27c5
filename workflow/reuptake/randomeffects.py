"""Experiments combined with their own standard errors, and how much they disagree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit


@dataclass(frozen=True)
class RandomEffects:
    """Mean of experiments that differ by more than their own errors.

    Attributes
    ----------
    mean, lower, upper : float
        On log10.
    tau : float
        SD between experiments beyond their standard errors.
    i2_pct : float
        Share of the variation that is not explained by the standard errors, %.
    """

    mean: float
    lower: float
    upper: float
    tau: float
    i2_pct: float


def random_effects(values, standard_errors, confidence: float = 0.95) -> RandomEffects:
    """Random-effects mean with the interval of Hartung and Knapp, never narrower than fixed.

    With :math:`w_i = 1/se_i^2` and :math:`Q = \\sum w_i (x_i - \\bar x_w)^2`,

    .. math::

        \\tau^2 = \\max\\Bigl(0, \\frac{Q - (k-1)}{\\sum w - \\sum w^2/\\sum w}\\Bigr), \\quad
        I^2 = \\max(0, (Q - (k-1))/Q)

    and with :math:`v_i = 1/(se_i^2 + \\tau^2)` the mean :math:`\\hat\\mu = \\sum v x/\\sum v` and
    the interval :math:`\\hat\\mu \\pm t_{k-1} \\sqrt{\\max(1, q)/\\sum v}`,
    :math:`q = \\sum v (x - \\hat\\mu)^2/(k - 1)`.

    Parameters
    ----------
    values, standard_errors : ndarray, shape (k,)
        log10 potencies of k >= 2 experiments, and the errors of their fits, positive.

    References
    ----------
    DerSimonian & Laird 1986, Control Clin Trials 7:177; Knapp & Hartung 2003, Stat Med
    22:2693; the factor held at 1 or more: Röver, Knapp & Friede 2015, BMC Med Res Methodol
    15:99. I²: Higgins & Thompson 2002, Stat Med 21:1539.
    """
    x, variance = np.asarray(values, dtype=float), np.asarray(standard_errors, dtype=float) ** 2
    k, w = len(x), 1.0 / variance
    excess = float(w @ (x - w @ x / w.sum()) ** 2) - (k - 1)
    tau2 = max(0.0, excess / (w.sum() - w @ w / w.sum()))
    v = 1.0 / (variance + tau2)
    mean = float(v @ x / v.sum())
    q = float(v @ (x - mean) ** 2) / (k - 1)
    half = float(stdtrit(k - 1, 0.5 + confidence / 2) * np.sqrt(max(1.0, q) / v.sum()))
    i2 = excess / (excess + k - 1) if excess > 0 else 0.0
    return RandomEffects(mean, mean - half, mean + half, float(np.sqrt(tau2)), 100.0 * i2)
