"""Run charts: a reference compound's potency against the laboratory's own history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reuptake.tables import RUNCHARTS, typed

MIN_HISTORY = 8
MIN_RUNS_FOR_MSR = 6
WARNING = "1-2s"
_CHART = ["assay", "compound", "quantity", "simulated"]
_SIDE = {"4-1s": (4, 1.0), "10-x": (10, 0.0)}


@dataclass(frozen=True)
class Point:
    """A run beside the runs before it.

    Attributes
    ----------
    n_history : int
        Earlier runs that the limits come from.
    mean, sd : float
        Of these; NaN below two.
    z : float
        (value - mean)/sd; NaN until the limits are established.
    rules : tuple of str
        Westgard rules that the run breaks, 1-2s (a warning) only where no other.
    """

    n_history: int
    mean: float
    sd: float
    z: float
    rules: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """``not established``, ``in control``, ``warning`` or ``out of control``."""
        if np.isnan(self.z):
            return "not established"
        if not self.rules:
            return "in control"
        return "warning" if self.rules == (WARNING,) else "out of control"


def westgard(values) -> list[Point]:
    """Judge each run of a series by the runs before it.

    The limits of a run are mean and SD of all earlier runs but those beyond 3 SD; there are
    none before eight. With z of each run by its own limits, so that a later run never changes
    an earlier verdict: *1-3s* |z| > 3; *2-2s* this and the previous run beyond 2 on the same
    side; *R-4s* one beyond 2 and the other beyond -2; *4-1s* four runs on end beyond 1 on the
    same side; *10-x* ten on the same side of the mean; *1-2s* |z| > 2, a warning.

    Parameters
    ----------
    values : ndarray, shape (n,)
        log10 potencies in the order of their dates.

    References
    ----------
    Westgard, Barry, Hunt & Groth 1981, Clin Chem 27:493.
    """
    points, history, z = [], [], []
    for value in np.asarray(values, dtype=float):
        n = len(history)
        mean = float(np.mean(history)) if n else np.nan
        sd = float(np.std(history, ddof=1)) if n > 1 else np.nan
        now = (value - mean) / sd if n >= MIN_HISTORY and sd > 0 else np.nan
        z.append(now)
        points.append(Point(n, mean, sd, now, _rules(z)))
        if not abs(now) > 3:
            history.append(value)
    return points


def _rules(z: list[float]) -> tuple[str, ...]:
    now, before = z[-1], z[-2] if len(z) > 1 else np.nan
    broken = []
    if abs(now) > 3:
        broken.append("1-3s")
    if abs(now) > 2 and abs(before) > 2:
        broken.append("2-2s" if (now > 0) == (before > 0) else "R-4s")
    for rule, (n, limit) in _SIDE.items():
        last = np.array(z[-n:])
        if len(last) == n and ((last > limit).all() or (last < -limit).all()):
            broken.append(rule)
    if not broken and abs(now) > 2:
        broken.append(WARNING)
    return tuple(broken)


def msr(*sds: float) -> float:
    """Minimum significant ratio of two results, each with its SD between runs.

    .. math:: MSR = 10^{2 \\sqrt{s_1^2 + s_2^2}} = 10^{2 \\sqrt 2 s}

    Two potencies closer than this are not distinguishable. One SD stands for both results.

    References
    ----------
    Eastwood et al. 2006, J Biomol Screen 11:253; Assay Guidance Manual, minimum significant
    ratio.
    """
    first, second = sds if len(sds) == 2 else (*sds, *sds)
    return float(10 ** (2.0 * np.hypot(first, second)))


def indistinguishable(first_nM: float, second_nM: float, smallest_ratio: float) -> bool:
    """Whether two potencies differ by less than the minimum significant ratio."""
    return abs(np.log10(first_nM / second_nM)) < np.log10(smallest_ratio)


def alike(log10_nM: np.ndarray, sds: np.ndarray, most: int = 11) -> list[list[int]]:
    """The results that each result cannot be told from, the nearest first.

    Those closer than :math:`2 \\sqrt{s_i^2 + s_j^2}` on log10, the logarithm of :func:`msr`.

    Parameters
    ----------
    log10_nM, sds : ndarray, shape (n,)
        Potencies in one assay, and their SD between runs.
    most : int
        No more than these are sought for a result.

    Returns
    -------
    list of list of int
        Places in the given order.
    """
    order = np.argsort(log10_nM, kind="stable")
    x, s = np.asarray(log10_nM)[order].tolist(), np.asarray(sds)[order].tolist()
    largest, n = max(s, default=0.0), len(x)
    out: list[list[int]] = [[] for _ in x]
    for i in range(n):
        low, high, found = i - 1, i + 1, out[order[i]]
        reach = 2.0 * np.hypot(s[i], largest)
        while len(found) < most:
            below = x[i] - x[low] if low >= 0 else np.inf
            above = x[high] - x[i] if high < n else np.inf
            near, low, high = (low, low - 1, high) if below <= above else (high, low, high + 1)
            apart = min(below, above)
            if not apart < reach:
                break
            if apart < 2.0 * np.hypot(s[i], s[near]):
                found.append(int(order[near]))
    return out


def runcharts_of(references: pd.DataFrame) -> pd.DataFrame:
    """The table of run charts.

    Parameters
    ----------
    references : DataFrame
        Columns of experiments.csv, of reference curves alone; only exact values are charted.
    """
    exact = references[references.qualifier == "="]
    exact = exact.sort_values([*_CHART, "date", "experiment"], kind="stable")
    rows = []
    for key, chart in exact.groupby(_CHART, sort=True):
        potency = 9.0 - np.log10(chart.value_nM.to_numpy())
        points = westgard(potency)
        # in the limits of the next run: what is beyond 3 SD is not
        inside = np.array(["1-3s" not in point.rules for point in points])
        for i, (place, point) in enumerate(zip(chart.itertuples(), points, strict=True)):
            so_far = potency[: i + 1][inside[: i + 1]]
            sd = float(np.std(so_far, ddof=1)) if len(so_far) > 1 else np.nan
            rows.append(
                dict(zip(_CHART, key, strict=True))
                | {
                    "experiment": place.experiment,
                    "date": place.date,
                    "p_potency": potency[i],
                    "n_history": point.n_history,
                    "mean": point.mean,
                    "sd": point.sd,
                    "z": point.z,
                    "verdict": point.verdict,
                    "rules": ", ".join(point.rules),
                    "n_runs": len(so_far),
                    "between_run_sd": sd,
                    "msr": msr(sd) if len(so_far) >= MIN_RUNS_FOR_MSR else np.nan,
                }
            )
    return typed(pd.DataFrame(rows), RUNCHARTS)


def between_run_sd(
    charts: pd.DataFrame, least: int = MIN_HISTORY
) -> dict[tuple[str, str, bool], tuple[float, float]]:
    """SD between runs and its degrees of freedom, by assay, quantity and simulated.

    Pooled over the reference compounds of an assay that have at least `least` runs.
    """
    last = charts.drop_duplicates(_CHART, keep="last")
    last = last[last.n_runs >= least]
    out = {}
    for key, mine in last.groupby(["assay", "quantity", "simulated"]):
        df = (mine.n_runs - 1).to_numpy(dtype=float)
        out[key] = (float(np.sqrt(df @ mine.between_run_sd**2 / df.sum())), float(df.sum()))
    return out


def run_flags(charts: pd.DataFrame) -> dict[tuple[str, str, str, bool], str]:
    """Flag on the results of each run that its reference compound puts in doubt.

    By assay, quantity, experiment and simulated.
    """
    out: dict = {}
    for row in charts[charts.verdict.isin(["warning", "out of control"])].itertuples():
        words = "is out of control" if row.verdict == "out of control" else "warns"
        flag = f"reference compound {row.compound} {words} in {row.experiment} [{row.rules}]"
        key = (row.assay, row.quantity, row.experiment, row.simulated)
        out[key] = f"{out[key]}; {flag}" if key in out else flag
    return out
