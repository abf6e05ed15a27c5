"""Tests of all groups together, and of what the comparisons assume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from reuptake.animals.groups import GroupModel


@dataclass(frozen=True)
class Test:
    """A test; NaN with a reason where it cannot be made."""

    test: str
    statistic: float = np.nan
    df1: float = np.nan
    df2: float = np.nan
    p: float = np.nan
    reason: str = ""


def anova(model: GroupModel) -> Test:
    """F of the groups on the pooled variance; with blocks, beyond the blocks."""
    if not model.msw > 0 or len(model.groups) < 2:
        return Test("anova", reason="no scatter within the groups, or one group only")
    p = float(stats.f.sf(model.f, model.f_df, model.df))
    return Test("anova", model.f, model.f_df, model.df, p)


def welch(groups) -> Test:
    """Welch's analysis of variance, which does not assume equal variances.

    scipy gives statistic and p but not the degrees of freedom that a report must print.

    Parameters
    ----------
    groups : sequence of ndarray

    References
    ----------
    Welch 1951, Biometrika 38:330.
    """
    n = np.array([len(x) for x in groups], dtype=float)
    if len(n) < 2 or n.min() < 2 or min(np.var(x) for x in groups) == 0:
        reason = "a group has one animal only, or no scatter"
        return Test("welch", reason=reason)
    weight = n / [np.var(x, ddof=1) for x in groups]
    mean = np.array([np.mean(x) for x in groups])
    grand = weight @ mean / weight.sum()
    k = len(n)
    spread = np.sum((1 - weight / weight.sum()) ** 2 / (n - 1))
    between = weight @ (mean - grand) ** 2 / (k - 1)
    f = float(between / (1 + 2 * (k - 2) / (k**2 - 1) * spread))
    df2 = float((k**2 - 1) / (3 * spread))
    return Test("welch", f, k - 1.0, df2, float(stats.f.sf(f, k - 1, df2)))


def kruskal(groups) -> Test:
    """Kruskal-Wallis on ranks, corrected for ties."""
    everything = np.concatenate(groups)
    if len(groups) < 2 or np.ptp(everything) == 0:
        return Test("kruskal", reason="all values are equal, or one group only")
    result = stats.kruskal(*groups)
    df = len(groups) - 1.0
    return Test("kruskal", float(result.statistic), df, np.nan, float(result.pvalue))


def brown_forsythe(groups) -> Test:
    """Equality of variances: analysis of variance of absolute deviations from the medians.

    References
    ----------
    Brown & Forsythe 1974, J Am Stat Assoc 69:364.
    """
    deviations = [np.abs(x - np.median(x)) for x in groups]
    n = sum(len(x) for x in groups)
    if len(groups) < 2 or n <= len(groups) or all(np.ptp(d) == 0 for d in deviations):
        return Test("brown_forsythe", reason="no scatter to compare, or one group only")
    result = stats.levene(*groups, center="median")
    df = (len(groups) - 1.0, float(n - len(groups)))
    return Test("brown_forsythe", float(result.statistic), *df, float(result.pvalue))


def shapiro(residuals) -> Test:
    """Shapiro-Wilk on the residuals of all groups together."""
    residuals = np.asarray(residuals, dtype=float)
    if len(residuals) < 3 or np.ptp(residuals) == 0:
        return Test("shapiro", reason="fewer than three animals, or no scatter")
    result = stats.shapiro(residuals)
    return Test("shapiro", float(result.statistic), np.nan, np.nan, float(result.pvalue))


def all_tests(model: GroupModel) -> list[Test]:
    """The five tests, in the order of the result table."""
    tests = [anova(model), welch(model.units), kruskal(model.units)]
    return [*tests, brown_forsythe(model.units), shapiro(model.residuals)]
