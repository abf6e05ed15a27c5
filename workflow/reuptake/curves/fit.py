"""From wells of many curves to one row a curve."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from reuptake.curves import alternatives, engine, outliers
from reuptake.curves.choice import Chosen, choose
from reuptake.curves.groups import Batch, batches, by_well
from reuptake.curves.verdict import judge, unfit
from reuptake.curves.weights import iterate
from reuptake.formatting import interval as between
from reuptake.formatting import significant

_NUMBERS = [
    "ic50_nM",
    "ic50_lower_nM",
    "ic50_upper_nM",
    "ic50_absolute_nM",
    "ic50_cleaned_nM",
    "hill",
    "hill_lower",
    "hill_upper",
    "top",
    "bottom",
    "rss",
    "log10_ic50_se",
    "effect_pct",
    "lowest_tested_nM",
    "highest_tested_nM",
    "hill_free",
    "nonspecific",
]

# named in a flag; of more the number is told
_MOST_PLACES = 12
# an extrapolation with an interval of more decades is not worth a word
WIDEST_EXTRAPOLATION = 2.0
# how the slope is chosen under each model of the fast engine
SLOPES = {"auto": "earned", "3PL": "fixed", "4PL": "free"}
# beyond this, or below its inverse, the squares of squares leave the range of doubles
LARGEST_RESPONSE = 1e60


def fit_curves(
    curve: np.ndarray,
    concentration_nM: np.ndarray,
    response: np.ndarray,
    n_curves: int,
    *,
    model: str = "auto",
    interval: str = "profile",
    poisson_per_unit: np.ndarray | None = None,
    c: np.ndarray | None = None,
    sd: np.ndarray | None = None,
    progress: Callable[[int], object] = lambda n: None,
) -> pd.DataFrame:
    """Fit, choose and judge every curve.

    Parameters
    ----------
    curve : ndarray of int, shape (n,)
        Curve of each well, 0 to ``n_curves - 1``. Control wells are repeated for every
        curve that they belong to.
    concentration_nM : ndarray, shape (n,)
        0 is a vehicle well, ``inf`` a full-block (non-specific) well.
    response : ndarray, shape (n,)
        Counts or normalised response; falls with inhibition. NaN is a missing well, and so
        is what is infinite or beyond 1e60.
    n_curves : int
    model : str
        "auto" chooses between 3PL and 4PL, with the compound's own lower plateau where it has
        one (:mod:`reuptake.curves.choice`); "3PL" and "4PL" fix that choice; "5PL", "two-site"
        and "gain-loss" are fitted to every curve (:mod:`reuptake.curves.alternatives`), with
        columns for their further parameters.
    interval : {"profile", "plateaus", "wald", "none"}
        Profile likelihood for log10 IC50 and a fitted slope, for the plateaus too (columns
        ``top_lower`` to ``bottom_upper``); Wald for log10 IC50; or neither limits nor the
        search for outliers, for estimates alone.
    poisson_per_unit, c : ndarray, shape (n_curves,), optional
        Counting weights (see :mod:`reuptake.curves.weights`); where `poisson_per_unit` is
        NaN, or if it is not given, all wells weigh the same.
    sd : ndarray, shape (n,), optional
        Standard deviation of each well, to a common factor: weights 1/sd².
    progress : callable
        Told, from time to time, how many more curves are done.

    Returns
    -------
    DataFrame
        One row a curve, in order, with the fit's columns of curves.csv. The same wells give
        the same row whatever other curves are in the call and in whatever order.
    """
    curve = np.asarray(curve, dtype=np.int64)
    concentration_nM = np.asarray(concentration_nM, dtype=float)
    response = np.asarray(response, dtype=float)
    out = {name: np.full(n_curves, np.nan) for name in _NUMBERS}
    out |= {name: np.zeros(n_curves, dtype=np.int64) for name in ("n_points", "n_concentrations")}
    out["df"] = np.zeros(n_curves, dtype=np.int64)
    for name in ("model", "ic50_qualifier", "ic50_absolute_qualifier"):
        out[name] = np.full(n_curves, "", dtype=object)
    out["status"] = np.full(n_curves, "failed", dtype=object)
    out["flags"] = np.full(n_curves, "no usable wells", dtype=object)

    if poisson_per_unit is None:
        poisson_per_unit = c = np.full(n_curves, np.nan)

    keep = (np.abs(response) < LARGEST_RESPONSE) & (concentration_nM >= 0)
    curve, concentration_nM, response = curve[keep], concentration_nM[keep], response[keep]
    tested = np.isfinite(concentration_nM) & (concentration_nM > 0)
    out["n_points"] = np.bincount(curve[tested], minlength=n_curves)
    lowest, highest = np.full(n_curves, np.inf), np.full(n_curves, -np.inf)
    np.minimum.at(lowest, curve[tested], concentration_nM[tested])
    np.maximum.at(highest, curve[tested], concentration_nM[tested])
    out["lowest_tested_nM"] = np.where(np.isfinite(lowest), lowest, np.nan)
    out["highest_tested_nM"] = np.where(np.isfinite(highest), highest, np.nan)

    with np.errstate(divide="ignore"):
        x = np.log10(concentration_nM)
    wells = (curve, x, response) if sd is None else (curve, x, response, sd[keep] ** -2.0)
    for batch in batches(*wells):
        out["n_concentrations"][batch.curve] = batch.tested.sum(axis=1)
        reason = unfit(batch)
        out["flags"][batch.curve] = reason
        for part in _weighted(batch.select(reason == ""), poisson_per_unit, c):
            if model in SLOPES:
                _fill(out, part, model, interval, wells)
            else:
                for name, column in alternatives.answers(part, model, interval).items():
                    out.setdefault(name, np.full(n_curves, np.nan))[part.curve] = column
        progress(len(reason))
    return pd.DataFrame(out)


def _weighted(batch: Batch, poisson_per_unit, c) -> Iterator[Batch]:
    """The curves of a batch that are weighted alike, with their weights."""
    counted = np.isfinite(poisson_per_unit[batch.curve])
    if not counted.all():
        yield batch.select(~counted)
    if counted.any():
        part = batch.select(counted)
        yield iterate(part, poisson_per_unit[part.curve], c[part.curve])


def _fill(out: dict[str, np.ndarray], batch: Batch, model: str, interval: str, wells) -> None:
    """Write the answers for the curves of one batch into the columns."""
    chosen = choose(batch, interval=interval, slope=SLOPES[model])
    verdict = judge(batch, chosen)
    i = batch.curve
    fit = chosen.fit
    exact = verdict["qualifier"] == "="
    bound = np.where(
        verdict["qualifier"] == ">", out["highest_tested_nM"][i], out["lowest_tested_nM"][i]
    )
    answered = verdict["qualifier"] != ""
    absolute_bound = np.where(
        verdict["absolute_qualifier"] == ">",
        out["highest_tested_nM"][i],
        out["lowest_tested_nM"][i],
    )
    with np.errstate(over="ignore"):
        absolute = np.where(
            verdict["absolute_qualifier"] == "=", 10.0 ** verdict["log10_absolute"], absolute_bound
        )
        values = {
            "ic50_nM": np.where(exact, 10.0**fit.log10_ic50, np.where(answered, bound, np.nan)),
            "ic50_lower_nM": np.where(exact, 10.0**chosen.log10_lower, np.nan),
            "ic50_upper_nM": np.where(exact, 10.0**chosen.log10_upper, np.nan),
            "ic50_absolute_nM": np.where(answered, absolute, np.nan),
        }
    values |= {
        "hill": fit.hill,
        "hill_lower": chosen.hill_lower,
        "hill_upper": chosen.hill_upper,
        "top": fit.top,
        "bottom": fit.bottom,
        "rss": chosen.ss,
        "log10_ic50_se": np.where(exact, chosen.log10_ic50_se, np.nan),
        "effect_pct": 100.0 * verdict["effect_reached"],
        "hill_free": chosen.hill_free,
        "nonspecific": chosen.nonspecific,
        "df": chosen.df.astype(np.int64),
        "status": verdict["status"],
        "ic50_qualifier": verdict["qualifier"],
        "ic50_absolute_qualifier": verdict["absolute_qualifier"],
        "model": np.char.add(
            np.where(chosen.free_hill, "4PL", "3PL"),
            np.where(chosen.own_plateau & np.isposinf(batch.x[:, -1]), ", own plateau", ""),
        ),
        "flags": np.array(["; ".join(f) for f in verdict["flags"]], dtype=object),
    }
    if interval == "plateaus":
        values |= alternatives.plateau_limits(batch, chosen)
    for name, column in values.items():
        out.setdefault(name, np.full(len(out["status"]), np.nan))[i] = column
    if interval != "none":
        out["ic50_cleaned_nM"][i[exact]] = out["ic50_nM"][i[exact]]
        _without_outliers(out, batch.select(answered), chosen.select(answered), wells)
        _without_hook(out, batch, chosen, verdict["hook"])
        short = (verdict["status"] == "incomplete") & (verdict["qualifier"] == ">")
        _extrapolate(out, batch.select(short), chosen.nonspecific[short])


def _without_outliers(out: dict[str, np.ndarray], batch: Batch, chosen: Chosen, wells) -> None:
    """Flag the outlying wells of each curve, and tell its IC50 without them."""
    no_block = chosen.own_plateau & np.isposinf(batch.x[:, -1])
    for rows, every in by_well(batch, no_block, *wells) if len(no_block) else ():
        fit, n_parameters = chosen.fit.select(rows), 3 + chosen.free_hill[rows]
        residual = np.sqrt(every.weight) * np.abs(every.mean - fit.at(every.x))
        look = outliers.suspicious(residual, n_parameters)
        for free_hill in (False, True):
            some = np.flatnonzero(look & (chosen.free_hill[rows] == free_hill))
            if not len(some):
                continue
            part = every.select(some)
            outlying, cleaned = outliers.rout(
                part, fit.select(some), n_parameters[some], free_hill=free_hill
            )
            for j in np.flatnonzero(outlying.any(axis=1)):
                curve = part.curve[j]
                where = places(part.x[j, outlying[j]])
                flag = f"outlying wells by ROUT: {where}"
                if out["ic50_qualifier"][curve] == "=":
                    without = out["ic50_cleaned_nM"][curve] = 10.0 ** cleaned.log10_ic50[j]
                    flag += f" (IC50 without them {significant(without)} nM)"
                _add_flag(out, curve, flag)


def _without_hook(out: dict[str, np.ndarray], batch: Batch, chosen: Chosen, hook) -> None:
    """Tell the IC50 of each hooked curve without the concentrations that come back."""
    for free_hill in (False, True):
        rows = np.flatnonzero((hook > 0) & (chosen.free_hill == free_hill))
        if not len(rows):
            continue
        part, n_top = batch.select(rows), hook[rows]
        order = np.cumsum(part.tested[:, ::-1], axis=1)[:, ::-1]
        kept = np.where(part.tested & (order <= n_top[:, None]), 0.0, part.weight)
        own = chosen.own_plateau[rows] & np.isposinf(part.x[:, -1])
        kept[own, -1] = 0.0
        log10_ic50 = engine.fit(part, kept, free_hill=free_hill).log10_ic50
        highest = np.where(kept > 0, np.where(part.tested, part.x, -np.inf), -np.inf).max(axis=1)
        for i, estimate, limit, n in zip(part.curve, log10_ic50, highest, n_top, strict=True):
            value = significant(10.0 ** min(estimate, limit))
            without = f"without the top {n}: IC50 {'> ' if estimate > limit else ''}{value} nM"
            _add_flag(out, i, without)


def _extrapolate(out: dict[str, np.ndarray], batch: Batch, nonspecific) -> None:
    """Tell, as an annotation, where the IC50 of an incomplete curve would lie."""
    if not len(nonspecific):
        return
    for i, *log10_nM in zip(
        batch.curve, *alternatives.extrapolated(batch, nonspecific), strict=True
    ):
        if not log10_nM[2] - log10_nM[1] < WIDEST_EXTRAPOLATION:
            continue
        value, lower, upper = (10.0**v for v in log10_nM)
        told = f"extrapolated IC50 {significant(value)} nM ({between(lower, upper)})"
        _add_flag(out, i, f"{told}, if the curve went on to complete inhibition with Hill 1")


def _add_flag(out: dict[str, np.ndarray], i: int, flag: str) -> None:
    out["flags"][i] = "; ".join(filter(None, (out["flags"][i], flag)))


def places(x: np.ndarray) -> str:
    """Where wells stand on the curve, in words: ``2 at vehicle, 10.0 nM``."""
    words = []
    for level, n in zip(*np.unique(x, return_counts=True), strict=True):
        if np.isfinite(level):
            place = f"{significant(10.0**level)} nM"
        else:
            place = "vehicle" if level < 0 else "full block"
        words.append(f"{n} at {place}" if n > 1 else place)
    more = len(words) - _MOST_PLACES
    return ", ".join(words[:_MOST_PLACES]) + (f" and at {more} more" if more > 0 else "")
