"""The linear model behind every comparison: group means, with blocks where recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtrit

from reuptake.animals import multivariate_t
from reuptake.animals.dunnett import Comparisons, compared
from reuptake.animals.effects import omega_squared


@dataclass(frozen=True)
class GroupModel:
    """Groups of animals under one within-group variance.

    Attributes
    ----------
    groups : tuple of str
        In the order of their first animal.
    units : tuple of ndarray
        The values of each group: animals, or means of cages.
    mean : ndarray, shape (g,)
        Group means; with blocks, adjusted to the average block (least-squares means).
    covariance : ndarray, shape (g, g)
        Of `mean`.
    msw, df : float
        Residual mean square and its degrees of freedom.
    residuals : ndarray
        Of all animals.
    f, f_df : float
        F of the groups (beyond the blocks) and its numerator's degrees of freedom.
    omega2 : float
        ω² of the groups; NaN with blocks.
    blocks : tuple of str
        Recorded factors in the model, as fixed effects.
    notes : tuple of str
        What a reader must know of the model.
    n_censored : int
        Levels below the limit of quantification; in `units` they stand as their limit.
    """

    groups: tuple[str, ...]
    units: tuple[np.ndarray, ...]
    mean: np.ndarray
    covariance: np.ndarray
    msw: float
    df: float
    residuals: np.ndarray
    f: float
    f_df: float
    omega2: float
    blocks: tuple[str, ...]
    notes: tuple[str, ...]
    n_censored: int = 0

    @property
    def n(self) -> np.ndarray:
        """Units in each group."""
        return np.array([len(v) for v in self.units])

    def at(self, group: str) -> int:
        """Place of a group."""
        return self.groups.index(group)


def fit_groups(values, group, factors: Mapping[str, object] | None = None) -> GroupModel:
    """Least-squares fit of group means, with recorded blocks as additive fixed effects.

    A factor enters if the groups can still be compared within it. One that cannot be told
    apart from the groups (each block holds one group only) stays out, with a note.

    Parameters
    ----------
    values : array_like, shape (n,)
    group : sequence of str, shape (n,)
    factors : mapping
        Name to labels, shape (n,), such as ``{"block": [...]}``.
    """
    y = np.asarray(values, dtype=float)
    group = np.asarray(group, dtype=object)
    names = tuple(dict.fromkeys(group))
    cells = (group[:, None] == np.array(names, dtype=object)).astype(float)
    nuisance, blocks, notes = np.zeros((len(y), 0)), [], []
    for name, labels in (factors or {}).items():
        trial = np.hstack([nuisance, _effects(labels)])
        full = np.hstack([cells, trial])
        if np.linalg.matrix_rank(full) < full.shape[1]:
            notes.append(f"{name} recorded but not told apart from the groups: left out")
        elif len(y) - full.shape[1] < 1:
            notes.append(f"{name} recorded but leaves no animals for the error: left out")
        else:
            nuisance, blocks = trial, [*blocks, name]
            notes.append(f"{name} in the model as a fixed effect; differences adjusted for it")
    design = np.hstack([cells, nuisance])
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    residuals = y - design @ coefficients
    # subtracting large numbers leaves rounding where there is no scatter at all
    residuals[np.abs(residuals) < 1e-12 * np.max(np.abs(y), initial=0)] = 0.0
    df = float(len(y) - design.shape[1])
    rss = float(residuals @ residuals)
    msw = rss / df if df > 0 else np.nan
    g = len(names)
    covariance = np.linalg.inv(design.T @ design)[:g, :g] * msw
    without = np.hstack([np.ones((len(y), 1)), nuisance])
    rest = y - without @ np.linalg.lstsq(without, y, rcond=None)[0]
    between = float(rest @ rest) - rss
    with np.errstate(divide="ignore", invalid="ignore"):
        f = between / (g - 1) / msw if g > 1 and msw > 0 else np.nan
    omega2 = np.nan
    if not blocks and g > 1 and msw > 0:
        omega2 = omega_squared(between, between + rss, g, msw)
    return GroupModel(
        groups=names,
        units=tuple(y[group == name] for name in names),
        mean=coefficients[:g],
        covariance=covariance,
        msw=msw,
        df=df,
        residuals=residuals,
        f=f,
        f_df=float(g - 1),
        omega2=omega2,
        blocks=tuple(blocks),
        notes=tuple(notes),
    )


def _effects(labels) -> np.ndarray:
    """Sum-to-zero columns of a factor: group coefficients then are means over its levels."""
    labels = np.asarray(labels, dtype=object)
    levels = list(dict.fromkeys(labels))
    indicator = (labels[:, None] == np.array(levels, dtype=object)).astype(float)
    return indicator[:, :-1] - indicator[:, -1:]


def against(model: GroupModel, control: str, family, confidence: float = 0.95) -> Comparisons:
    """Dunnett's comparisons of a family of groups with one control group.

    Parameters
    ----------
    model : GroupModel
        With residual variance above zero.
    control : str
    family : sequence of str
        Groups compared; p values and limits are adjusted for these together.
    """
    rows = np.zeros((len(family), len(model.groups)))
    rows[np.arange(len(family)), [model.at(name) for name in family]] = 1.0
    rows[:, model.at(control)] -= 1.0
    difference, spread = rows @ model.mean, rows @ model.covariance @ rows.T
    se = np.sqrt(np.diag(spread))
    correlation = spread / np.outer(se, se)
    lam = _factorised(correlation)
    if lam is not None:
        return compared(difference, se, lam, model.df, confidence)
    t = difference / se

    def tail(value: float) -> float:
        return multivariate_t.tail(value, correlation, model.df, two_sided=True)

    alpha = 1 - confidence
    low = stdtrit(model.df, 1 - alpha / 2)
    high = stdtrit(model.df, 1 - alpha / (2 * len(family))) + 1e-6
    critical = float(brentq(lambda c: tail(c) - alpha, low, high, xtol=1e-7))
    p = np.array([tail(abs(value)) for value in t])
    half = critical * se
    return Comparisons(
        difference, se, t, p, difference - half, difference + half, critical, model.df
    )


def _factorised(correlation) -> np.ndarray | None:
    """λ with ρ_ij = λ_i λ_j, or None; balanced blocks have one, as independent groups do."""
    k = len(correlation)
    if k == 1:
        return np.zeros(1)
    i, j = np.triu_indices(k, 1)
    rho = correlation[i, j]
    if np.any(rho <= 0):
        return None
    design = np.zeros((len(i), k))
    design[np.arange(len(i)), i] = design[np.arange(len(i)), j] = 1.0
    lam = np.exp(np.linalg.lstsq(design, np.log(rho), rcond=None)[0])
    fits = np.allclose(lam[i] * lam[j], rho, rtol=1e-9) and np.all(lam < 1 - 1e-9)
    return lam if fits else None
