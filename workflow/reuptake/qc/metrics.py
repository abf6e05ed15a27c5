"""Plate metrics, as pure functions of the control wells."""

from __future__ import annotations

import numpy as np

# makes the median absolute deviation an estimate of the SD of normal data: 1/Phi^-1(3/4)
MAD_FACTOR = 1.4826


def z_prime(total, nonspecific) -> float:
    """Screening window coefficient of the controls.

    .. math:: Z' = 1 - 3 (SD_T + SD_N) / |\\bar T - \\bar N|

    Parameters
    ----------
    total, nonspecific : ndarray, shape (n,)
        Signals of the two controls; SD with n - 1.

    Returns
    -------
    float
        NaN with fewer than two wells of either, or equal means.

    References
    ----------
    Zhang, Chung & Oldenburg 1999, J Biomol Screen 4:67.
    """
    if len(total) < 2 or len(nonspecific) < 2:
        return np.nan
    spread = np.std(total, ddof=1) + np.std(nonspecific, ddof=1)
    return _window(spread, np.mean(total) - np.mean(nonspecific))


def z_prime_robust(total, nonspecific) -> float:
    """:func:`z_prime` with medians and 1.4826 MAD, which one bad well cannot move."""
    if len(total) < 2 or len(nonspecific) < 2:
        return np.nan
    spread = MAD_FACTOR * (mad(total) + mad(nonspecific))
    return _window(spread, np.median(total) - np.median(nonspecific))


def _window(spread: float, difference: float) -> float:
    return 1.0 - 3.0 * spread / abs(difference) if difference else np.nan


def signal_window(total, nonspecific) -> float:
    """Signal window of the controls, in SD of the totals.

    .. math:: SW = (\\bar T - 3 SD_T - \\bar N - 3 SD_N)/SD_T

    NaN with fewer than two wells of either, or totals without scatter.

    References
    ----------
    Sittampalam et al. 1997, J Biomol Screen 2:159; above 2 by the Assay Guidance Manual.
    """
    if len(total) < 2 or len(nonspecific) < 2 or np.ptp(total) == 0:
        return np.nan
    sd_t, sd_n = np.std(total, ddof=1), np.std(nonspecific, ddof=1)
    return float((np.mean(total) - 3 * sd_t - np.mean(nonspecific) - 3 * sd_n) / sd_t)


def signal_window_robust(total, nonspecific) -> float:
    """:func:`signal_window` with medians and 1.4826 MAD."""
    if len(total) < 2 or len(nonspecific) < 2 or not mad(total):
        return np.nan
    sd_t, sd_n = MAD_FACTOR * mad(total), MAD_FACTOR * mad(nonspecific)
    return float((np.median(total) - 3 * sd_t - np.median(nonspecific) - 3 * sd_n) / sd_t)


def ssmd(total, nonspecific) -> float:
    """Strictly standardised mean difference of the controls.

    .. math:: (\\bar T - \\bar N)/\\sqrt{SD_T^2 + SD_N^2}

    References
    ----------
    Zhang 2007, Genomics 89:552.
    """
    if len(total) < 2 or len(nonspecific) < 2:
        return np.nan
    spread = np.hypot(np.std(total, ddof=1), np.std(nonspecific, ddof=1))
    return float((np.mean(total) - np.mean(nonspecific)) / spread) if spread else np.nan


def mad(values) -> float:
    """Median absolute deviation from the median, unscaled."""
    return float(np.median(np.abs(values - np.median(values))))


def cv_pct(values) -> float:
    """Coefficient of variation, 100 SD/mean with n - 1, in %; NaN below two wells."""
    if len(values) < 2 or not np.mean(values):
        return np.nan
    return 100.0 * float(np.std(values, ddof=1) / np.mean(values))


def cv_robust_pct(values) -> float:
    """Robust coefficient of variation, 148.26 MAD/median, in %; NaN below two wells."""
    if len(values) < 2 or not np.median(values):
        return np.nan
    return 100.0 * MAD_FACTOR * mad(values) / float(np.median(values))


def bound_pct(total, total_added, blank, total_added_fraction: float) -> float:
    """Share of the added radioligand that is bound in the absence of competitor (guard G1).

    .. math:: 100 \\frac{\\bar T - b}{(\\bar A - b) / f}

    with *f* the fraction of a well's radioligand that the total-added wells hold and *b*
    the mean of the blanks (0 where there are none).

    References
    ----------
    GraphPad help, "Ligand depletion" (less than 10 % is negligible).
    """
    if not len(total) or not len(total_added):
        return np.nan
    background = float(np.mean(blank)) if len(blank) else 0.0
    added = (np.mean(total_added) - background) / total_added_fraction
    return 100.0 * float((np.mean(total) - background) / added) if added > 0 else np.nan


def far_wells(values, limit: float = 5.0) -> np.ndarray:
    """Wells further than `limit` robust SDs from the median of their own group."""
    values = np.asarray(values, dtype=float)
    if len(values) < 4:
        return np.zeros(len(values), dtype=bool)
    scale = MAD_FACTOR * mad(values)
    # counting error is the least scatter that a group of counts can have
    scale = max(scale, np.sqrt(max(np.median(values), 0.0)))
    return np.abs(values - np.median(values)) > limit * scale if scale else values < 0
