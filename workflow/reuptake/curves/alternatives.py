"""Fits beside the rule: a model that was asked for, plateaus' limits, an extrapolation.

The adopted 3PL or 4PL answers (:mod:`reuptake.curves.choice`). What stands here is made by the
general engine on request, and told as what it is.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from scipy.special import stdtrit

from reuptake.curves import engine, general, profile
from reuptake.curves.choice import SIGNIFICANCE, Chosen, aicc, f_test, negligible
from reuptake.curves.groups import Batch
from reuptake.curves.models import MODELS, log10_absolute_ic50
from reuptake.curves.verdict import DEPENDENCY_LIMIT, INACTIVE_EFFECT
from reuptake.formatting import p_value

# the models to choose from beside the rule, and the simpler one that each contains
SIMPLER = {"5PL": "4PL", "two-site": "3PL", "gain-loss": "4PL"}
_ENDS = ("lower", "upper")
# where the loss of a gain-loss curve may begin, in decades beyond the gain
_LOSS_STARTS = (6.0, 1.0, 2.0, 3.5)
# an open lower limit of these is 0
_POSITIVE = ("hill", "asymmetry", "fraction", "loss_decades", "loss_hill")


def log10_crossing(log10_ic50_1, log10_ic50_2, fraction, remaining):
    """Where a two-site curve has come down to `remaining` of its window.

    The positive root of

    .. math:: r z^2 + \\left[r (a + b) - f a - (1 - f) b\\right] z - (1 - r) a b = 0,
              \\quad z = 10^x, a = 10^{l_1}, b = 10^{l_2}

    which is :func:`reuptake.curves.models.two_site` solved for x.

    Parameters
    ----------
    log10_ic50_1, log10_ic50_2, fraction, remaining : array_like
        `remaining` between 0 and 1: 0.5 for the relative IC50.
    """
    # in units of the geometric mean of the sites, so that no unit can overflow
    centre = (log10_ic50_1 + log10_ic50_2) / 2.0
    a, b = 10.0 ** (log10_ic50_1 - centre), 10.0 ** (log10_ic50_2 - centre)
    with np.errstate(divide="ignore", invalid="ignore"):
        half_linear = (remaining * (a + b) - fraction * a - (1.0 - fraction) * b) / 2.0
        constant = (1.0 - remaining) * a * b
        root = np.sqrt(half_linear**2 + remaining * constant)
        # the form without cancellation on either side
        z = np.where(
            half_linear > 0, constant / (half_linear + root), (root - half_linear) / remaining
        )
        x = centre + np.log10(z)
    return np.where(remaining <= 0, np.inf, np.where(remaining >= 1, -np.inf, x))


def limits_of(batch: Batch, weight, fitted: general.Estimates, name: str) -> np.ndarray:
    """95 % profile-likelihood limits of a parameter; shape (2, m)."""
    limit = profile.threshold(fitted.ss_wells, fitted.df)
    return np.stack(
        general.profile(batch, weight, fitted, limit - (fitted.ss_wells - fitted.ss), name)
    )


def plateau_limits(batch: Batch, chosen: Chosen) -> dict[str, np.ndarray]:
    """95 % profile-likelihood limits of the adopted curves' plateaus.

    Returns
    -------
    dict of ndarray, shape (m,)
        ``top_lower, top_upper, bottom_lower, bottom_upper``.
    """
    own = chosen.own_plateau[:, None] & np.isposinf(batch.x)
    weight = np.where(own, 0.0, batch.weight)
    out = {f"{of}_{end}": np.full(len(own), np.nan) for of in ("top", "bottom") for end in _ENDS}
    for free in (False, True):
        rows = np.flatnonzero(chosen.free_hill == free)
        if not len(rows):
            continue
        part, fit = batch.select(rows), chosen.fit.select(rows)
        start = {"log10_ic50": fit.log10_ic50} | ({"hill": fit.hill} if free else {})
        fitted = general.fit(MODELS["4PL" if free else "3PL"], part, weight[rows], start=start)
        for of in ("top", "bottom"):
            for end, values in zip(_ENDS, limits_of(part, weight[rows], fitted, of), strict=True):
                out[f"{of}_{end}"][rows] = values
    return out


def extrapolated(batch: Batch, nonspecific) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """IC50 beyond the tested range, if the curve went on as the textbook has it.

    A 3PL with its lower plateau held at complete inhibition; no measurement, only what the
    beginning of the curve suggests.

    Parameters
    ----------
    batch : Batch
    nonspecific : ndarray, shape (m,)

    Returns
    -------
    estimate, lower, upper : ndarray, shape (m,)
        log10, with 95 % Wald limits.
    """
    # the full-block wells are what the held plateau stands for
    weight = np.where(np.isposinf(batch.x), 0.0, batch.weight)
    fitted = general.fit(MODELS["3PL"], batch, weight, held={"bottom": nonspecific})
    half = stdtrit(np.maximum(fitted.df, 1), 0.975) * fitted.se[:, 0]
    estimate = fitted["log10_ic50"]
    return estimate, estimate - half, estimate + half


def answers(batch: Batch, name: str, interval: str) -> dict[str, np.ndarray]:
    """Fit of a model to every curve, whether or not it earns its parameters.

    ``ic50_nM`` is where the curve has come half way between its plateaus (of a gain-loss curve
    its falling limb). An IC50 outside the tested range is a limit. *Inactive*, *ambiguous* and
    *incomplete* are as for the adopted models, and a flag compares with the simpler model by F
    test and AICc.

    Parameters
    ----------
    batch : Batch
    name : str
        A key of :data:`SIMPLER`.
    interval : {"profile", "plateaus", "wald", "none"}

    Returns
    -------
    dict of ndarray, shape (m,)
        Columns of curves.csv and the model's own parameters with their limits.
    """
    weight = batch.weight
    simpler = general.fit(MODELS[SIMPLER[name]], batch, weight)
    if name == "gain-loss":
        fitted = _gain_loss(batch, simpler)
    else:
        fitted = general.fit(MODELS[name], batch, weight)
    columns, wide_open = _parameters(batch, fitted, interval)
    log10_ic50, absolute, nonspecific = _places(name, batch, fitted)

    low, high = engine.limits(batch.x)
    tested = np.where(batch.tested, batch.x, low[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        window = (fitted["top"] - nonspecific)[:, None]
        effect = (fitted["top"][:, None] - fitted.at(tested)) / window
    flat = general.fit(MODELS["constant"], batch, weight)
    dependent = np.nanmax(fitted.dependency, axis=1) > DEPENDENCY_LIMIT
    distinct = (_p_against(flat, fitted, batch) < SIGNIFICANCE) & (
        effect.max(axis=1) > INACTIVE_EFFECT
    )
    inside = (low <= log10_ic50) & (log10_ic50 <= high)
    status = np.select(
        [fitted["top"] < fitted["bottom"], ~distinct, ~inside, wide_open | dependent],
        ["failed", "inactive", "incomplete", "ambiguous"],
        default="ok",
    ).astype(object)
    refused, inactive = status == "failed", status == "inactive"
    qualifier = _qualifier(log10_ic50, low, high, refused, inactive)
    absolute_qualifier = _qualifier(absolute, low, high, refused | np.isnan(absolute), inactive)
    exact = qualifier == "="
    for end in {"ic50_lower_nM", "ic50_upper_nM", "log10_ic50_se"} & set(columns):
        columns[end] = np.where(exact, columns[end], np.nan)

    p = _p_against(simpler, fitted, batch)
    tiny = negligible(batch) + 1e-300
    criteria = [
        aicc(f.ss_wells + tiny, batch.n_wells, f.free.sum(axis=1)) for f in (fitted, simpler)
    ]
    with np.errstate(invalid="ignore"):
        gain = criteria[0] - criteria[1]
    words = [
        "; ".join(_words(name, *each))
        for each in zip(fitted.converged, refused, p, gain, strict=True)
    ]
    at_highest = np.argmax(batch.x == high[:, None], axis=1)[:, None]
    return columns | {
        "ic50_nM": _answer(log10_ic50, low, high, qualifier),
        "ic50_absolute_nM": _answer(absolute, low, high, absolute_qualifier),
        "ic50_qualifier": qualifier,
        "ic50_absolute_qualifier": absolute_qualifier,
        "status": status,
        "model": np.full(len(low), name, dtype=object),
        "rss": fitted.ss_wells,
        "df": fitted.df.astype(np.int64),
        "effect_pct": 100.0 * np.take_along_axis(effect, at_highest, 1)[:, 0],
        "nonspecific": nonspecific,
        "flags": np.array(words, dtype=object),
    }


def _gain_loss(batch: Batch, falling: general.Estimates) -> general.Estimates:
    """Best fit that falls first: on a falling curve the loss of a rising one fits as well."""
    start = {name: falling[name] for name in ("log10_ic50", "hill")}
    best = general.fit(MODELS["gain-loss"], batch, batch.weight)
    for decades in _LOSS_STARTS:
        lost = start | {"loss_decades": decades, "loss_hill": 1.0}
        trial = general.fit(MODELS["gain-loss"], batch, batch.weight, start=lost)
        falls, fell = (fit["top"] >= fit["bottom"] for fit in (trial, best))
        best = _either(trial, best, falls & (~fell | (trial.ss < best.ss)))
    return best


def _either(one: general.Estimates, other: general.Estimates, take_one) -> general.Estimates:
    """For each curve one of two fits of the same model."""
    arrays = {
        f.name: np.where(
            take_one.reshape(-1, *[1] * (getattr(one, f.name).ndim - 1)),
            getattr(one, f.name),
            getattr(other, f.name),
        )
        for f in fields(one)
        if isinstance(getattr(one, f.name), np.ndarray)
    }
    return replace(one, **arrays)


def _places(name: str, batch: Batch, fitted: general.Estimates):
    """Relative and absolute log10 IC50 and the level of complete inhibition."""
    top, bottom = fitted["top"], fitted["bottom"]
    nonspecific = np.where(np.isposinf(batch.x[:, -1]), bottom, 0.0)
    half = (top + nonspecific) / 2.0
    if name == "two-site":
        sites = [fitted[p] for p in ("log10_ic50_1", "log10_ic50_2", "fraction")]
        with np.errstate(divide="ignore", invalid="ignore"):
            remaining = (half - bottom) / (top - bottom)
        return log10_crossing(*sites, 0.5), log10_crossing(*sites, remaining), nonspecific
    log10_ic50 = fitted["log10_ic50"]
    if name == "5PL":
        shape = log10_ic50, fitted["hill"], top, bottom
        return log10_ic50, log10_absolute_ic50(*shape, half, fitted["asymmetry"]), nonspecific
    return log10_ic50, np.full(len(top), np.nan), nonspecific


def _qualifier(log10_value, low, high, refused, inactive) -> np.ndarray:
    """Qualifier of a place on the concentration axis: outside the tested range a limit."""
    with np.errstate(invalid="ignore"):
        conditions = [refused, inactive | (log10_value > high), log10_value < low]
    return np.select(conditions, ["", ">", "<"], default="=").astype(object)


def _answer(log10_value, low, high, qualifier) -> np.ndarray:
    """The value in nM, or the end of the tested range that the qualifier names."""
    places = [np.full(len(low), np.nan), high, low]
    return 10.0 ** np.select([qualifier == q for q in ("", ">", "<")], places, default=log10_value)


def _p_against(simple: general.Estimates, full: general.Estimates, batch: Batch) -> np.ndarray:
    """p of the extra-sum-of-squares F test of two nested fits."""
    return f_test(simple.ss_wells, simple.df, full.ss_wells, full.df, negligible(batch))


def _parameters(batch: Batch, fitted: general.Estimates, interval: str):
    """Columns of the parameters and their limits, places in nM, and where a limit is open."""
    columns, wide_open = {}, np.zeros(len(fitted.ss), dtype=bool)
    half = stdtrit(np.maximum(fitted.df, 1), 0.975)
    for j, name in enumerate(fitted.model.parameters):
        values = {"": fitted[name]}
        plateau = name in ("top", "bottom")
        if interval == "wald" and not plateau:
            values |= {"_lower": fitted[name] - half * fitted.se[:, j]}
            values |= {"_upper": fitted[name] + half * fitted.se[:, j]}
        elif interval == "plateaus" or (interval == "profile" and not plateau):
            lower, upper = limits_of(batch, batch.weight, fitted, name)
            wide_open |= np.isinf(lower) | np.isinf(upper)
            if name in _POSITIVE:
                lower = np.maximum(lower, 0.0)
            values |= {"_lower": lower, "_upper": upper}
        place = name.startswith("log10_ic50")
        stem, unit = (name.removeprefix("log10_"), "_nM") if place else (name, "")
        for end, value in values.items():
            with np.errstate(over="ignore"):
                columns[f"{stem}{end}{unit}"] = 10.0**value if place else value
        if name == "log10_ic50":
            columns["log10_ic50_se"] = fitted.se[:, j]
    return columns, wide_open


def _words(name: str, converged: bool, refused: bool, p: float, gain: float) -> list[str]:
    """Flags of a curve under a model that was asked for."""
    words = []
    if refused:
        words.append("response rises with concentration: an inhibition curve falls")
    if not converged:
        words.append("fit stopped before convergence")
    earned = "earns" if p < SIGNIFICANCE and gain < 0 else "does not earn"
    aicc_told = f"AICc {gain:+.1f}" if np.isfinite(gain) else "too few wells for AICc"
    told = f"F test {p_value(p)}, {aicc_told}"
    return [*words, f"{name} {earned} its parameters against the {SIMPLER[name]}: {told}"]
