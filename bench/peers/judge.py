"""What the answers of a program are worth, by rule: pure functions on its answers and the truth.

The rules are told in words in README.md.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from design import LOG10_RANGE

# a value within a factor of two is right
TOLERANCE = np.log10(2.0)
# an interval that spans more than this says by itself that the value is not known
WIDEST = 2.0
OUTCOMES = ("right", "flagged", "silent", "exception")
# the classes that have no IC50, or no data to tell it from
UNANSWERABLE = ("flat", "constant", "3 concentrations")
TOP_DECADE = LOG10_RANGE[1] - 1.0


def outcome(answers: pd.DataFrame, log10_ic50: np.ndarray, unanswerable: bool) -> np.ndarray:
    """right, flagged, silent or exception for every curve.

    Parameters
    ----------
    answers : DataFrame
        Columns ``ic50_nM, qualifier, lower_nM, upper_nM, warned, error``.
    log10_ic50 : ndarray, shape (n,)
        The truth; inf where there is no IC50.
    unanswerable : bool
        Whether a refusal is the right answer.
    """
    value, lower, upper = log10(answers.ic50_nM), log10(answers.lower_nM), log10(answers.upper_nM)
    wide = upper - lower > WIDEST
    with np.errstate(invalid="ignore"):
        near = np.abs(value - log10_ic50) <= TOLERANCE
        inside = (lower <= log10_ic50) & (log10_ic50 <= upper) & ~wide
    refused = (answers.qualifier == "") | np.isnan(value)
    right = np.select(
        [refused, answers.qualifier == ">", answers.qualifier == "<"],
        [
            np.full(len(value), unanswerable),
            log10_ic50 >= value - TOLERANCE,
            log10_ic50 <= value + TOLERANCE,
        ],
        default=np.isfinite(log10_ic50) & (near | inside),
    )
    flagged = refused | answers.warned | (wide & (answers.qualifier == "="))
    return np.select(
        [answers.error != "", right, flagged], ["exception", "right", "flagged"], "silent"
    )


def log10(values) -> np.ndarray:
    """log10; -inf of zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(np.asarray(values, dtype=float))


def accuracy(answers: pd.DataFrame, log10_ic50: np.ndarray) -> dict[str, float]:
    """Error of the printed values (a limit as its value) and of the fits behind them.

    ``left`` is the share of curves whose fitted IC50 lies outside the tested range,
    ``left_told`` the part of these that carry > or < or a warning; ``no_answer`` counts the
    curves without a value, which are in none of the other numbers.
    """
    printed = np.abs(log10(answers.ic50_nM) - log10_ic50)
    fitted = log10(answers.estimate_nM)
    answered = np.isfinite(printed)
    outside = answered & ((fitted < LOG10_RANGE[0]) | (fitted > LOG10_RANGE[1]))
    told = answers.qualifier.isin([">", "<"]) | answers.warned
    return {
        "curves": len(answers),
        "no_answer": int((~answered).sum()),
        "median": float(np.median(printed[answered])),
        "p95": float(np.quantile(printed[answered], 0.95)),
        "p95_fitted": float(np.quantile(np.abs(fitted - log10_ic50)[answered], 0.95)),
        "left": int(outside.sum()),
        "left_told": int((outside & told).sum()),
    }


def coverage(answers: pd.DataFrame, log10_ic50: np.ndarray) -> dict[str, float]:
    """Share of the printed 95 % intervals that hold the truth, in all and in the top decade."""
    lower, upper = log10(answers.lower_nM), log10(answers.upper_nM)
    printed = (answers.qualifier == "=").to_numpy() & ~np.isnan(lower) & ~np.isnan(upper)
    holds = (lower <= log10_ic50) & (log10_ic50 <= upper)
    top = printed & (log10_ic50 > TOP_DECADE)
    return {
        "intervals": int(printed.sum()),
        "coverage": float(holds[printed].mean()) if printed.any() else np.nan,
        "coverage_top": float(holds[top].mean()) if top.any() else np.nan,
    }


def summary(answers: pd.DataFrame, log10_ic50: np.ndarray) -> dict[str, float]:
    """Accuracy and coverage."""
    return accuracy(answers, log10_ic50) | coverage(answers, log10_ic50)


def as_good(rss, best, tolerance: float = 1e-6) -> float:
    """Share of curves whose sum of squares is within `tolerance` of the best, or below it."""
    return float((np.asarray(rss) <= np.asarray(best) * (1.0 + tolerance)).mean())
