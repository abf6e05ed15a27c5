"""Status, qualifier and flags of a fitted curve: what may be said of it, in words."""

from __future__ import annotations

import numpy as np

from reuptake.curves import engine
from reuptake.curves.choice import SIGNIFICANCE, Chosen, f_test, negligible
from reuptake.curves.groups import Batch
from reuptake.curves.models import log10_absolute_ic50, logistic

MIN_CONCENTRATIONS = 4
LEAST_SPREAD = 1e-60
INACTIVE_EFFECT = 0.20
DEPENDENCY_LIMIT = 0.9999
MIN_BESIDE_IC50 = 2
# of the concentration means about the curve, against the scatter of the replicates
LACK_OF_FIT = 0.001
HOOK_SD = 3.0


def unfit(batch: Batch) -> np.ndarray:
    """Reason why a curve cannot be fitted, or an empty string; shape (m,)."""
    n_tested = batch.tested.sum(axis=1)
    spread = batch.mean.max(axis=1) - batch.mean.min(axis=1) + np.sqrt(batch.ss_pure)
    reason = np.full(len(n_tested), "", dtype=object)
    reason[spread <= np.maximum(1e-12 * np.abs(batch.mean).max(axis=1), LEAST_SPREAD)] = (
        "no spread: every response is the same"
    )
    reason[batch.n_wells < 6] = "too few wells to fit a curve: at least 6 are needed"
    few = n_tested < MIN_CONCENTRATIONS
    for i in np.flatnonzero(few):
        reason[i] = (
            f"too few concentrations: {n_tested[i]}, at least {MIN_CONCENTRATIONS} are needed"
        )
    return reason


def judge(batch: Batch, chosen: Chosen) -> dict[str, np.ndarray]:
    """Status, qualifiers and flags by rule.

    Half way is the middle between the fitted top and the level of complete inhibition.
    The rules are tried in this order: a curve that rises is refused where there are no
    full-block wells, or where these lie above the vehicle wells; *inactive* if not
    distinguishable from flat (F test) or at most 20 % effect; *incomplete* if every tested
    concentration stays on one side of half way, or of the IC50, and no own plateau was
    adopted; *ambiguous* with an open profile or a parameter dependency above 0.9999;
    *partial* with an own plateau; else *ok*.

    Returns
    -------
    dict of ndarray, shape (m,)
        ``status``, ``qualifier``, ``absolute_qualifier``, ``log10_absolute``,
        ``effect_reached`` (of the mean response at the highest tested concentration, as a
        fraction of the control range), ``flags`` (object array of lists).
    """
    fit, m = chosen.fit, len(chosen.ss)
    low, high = engine.limits(batch.x)
    window = fit.top - chosen.nonspecific
    half = (fit.top + chosen.nonspecific) / 2.0
    at_low, at_high = (
        logistic(x, fit.log10_ic50, fit.hill, fit.top, fit.bottom) for x in (low, high)
    )
    mean_low, mean_high = (
        np.take_along_axis(batch.mean, np.argmax(batch.x == x[:, None], axis=1)[:, None], 1)[:, 0]
        for x in (low, high)
    )
    vehicle, full_block = np.isneginf(batch.x[:, 0]), np.isposinf(batch.x[:, -1])
    misfit, hooked = _lack_of_fit(batch, chosen) < LACK_OF_FIT, _hook(batch, chosen, high)
    measured_top = np.where(vehicle, batch.mean[:, 0], fit.top)
    effect = _effect(at_high, fit.top, chosen.nonspecific)
    measured_bottom = np.where(full_block, batch.mean[:, -1], chosen.nonspecific)
    reached = _effect(mean_high, measured_top, measured_bottom)
    reached_low = _effect(mean_low, measured_top, measured_bottom)
    # the fitted effect decides, what the wells reached is told; a curve that misses them yields
    effect = np.where(misfit, np.maximum(effect, reached), effect)
    log10_absolute = log10_absolute_ic50(fit.log10_ic50, fit.hill, fit.top, fit.bottom, half)

    # where even the curve misses the means, so does the level line
    significant = (chosen.p_flat < SIGNIFICANCE) | misfit
    rising = significant & (fit.top < fit.bottom)
    inverted = vehicle & full_block & (fit.top < chosen.nonspecific)
    refused = rising & (inverted | ~full_block & ((window <= 0) | (effect < -INACTIVE_EFFECT)))
    inactive = ~significant | (np.maximum(effect, 0.0) <= INACTIVE_EFFECT)
    # an IC50 outside the tested range is extrapolated: a limit is all that may be said
    never = (at_high > half) | (fit.log10_ic50 > high)
    always = (at_low < half) | (fit.log10_ic50 < low)
    one_sided = (never | always) & ~chosen.own_plateau
    open_low, open_high = np.isneginf(chosen.log10_lower), np.isposinf(chosen.log10_upper)
    ambiguous = open_low | open_high | (chosen.dependency > DEPENDENCY_LIMIT)

    status = np.select(
        [refused, inactive, one_sided, ambiguous, chosen.own_plateau],
        ["failed", "inactive", "incomplete", "ambiguous", "partial"],
        default="ok",
    ).astype(object)
    censored = np.where(always & ~never, "<", ">")
    qualifier = np.select(
        [status == "failed", status == "inactive", status == "incomplete"],
        ["", ">", censored],
        default="=",
    ).astype(object)
    absolute_qualifier = np.select(
        [
            status == "failed",
            (status == "inactive") | (log10_absolute > high),
            log10_absolute < low,
        ],
        ["", ">", "<"],
        default="=",
    ).astype(object)

    reaches_inside = np.where(qualifier == ">", chosen.log10_lower < high, chosen.log10_upper > low)
    concentrations = np.where(batch.tested, batch.x, np.nan)
    below = (concentrations < fit.log10_ic50[:, None]).sum(axis=1)
    above = (concentrations > fit.log10_ic50[:, None]).sum(axis=1)

    flags = np.empty(m, dtype=object)
    for i in range(m):
        f: list[str] = []
        if status[i] == "failed":
            f.append(
                "response rises with concentration: an inhibition curve falls; "
                "give the response that remains, not the inhibition"
            )
        if inverted[i]:
            f.append("full-block wells lie above the vehicle wells: are the two exchanged?")
        if status[i] == "failed":
            flags[i] = f
            continue
        if effect[i] < -INACTIVE_EFFECT:
            f.append(f"response rises above vehicle, to {100 - 100 * effect[i]:.0f} %")
        if status[i] == "incomplete":
            more = qualifier[i] == ">"
            side, end = ("highest", "lower") if more else ("lowest", "upper")
            crossed = at_high[i] < half[i] if more else at_low[i] > half[i]
            what = f"{end} plateau not reached" if crossed else "half way not crossed"
            percent = 100 * (reached if more else reached_low)[i]
            f.append(f"{what}: {percent:.0f} % effect at the {side} tested")
            if reaches_inside[i]:
                f.append("the fitted IC50's interval reaches into the tested range")
        if status[i] == "inactive":
            f.append(f"effect {100 * reached[i]:.0f} % at the highest tested")
        if not vehicle[i] and qualifier[i] != "=":
            f.append("no vehicle wells: upper end of the control range not measured")
        if not full_block[i]:
            f.append("no full-block wells: lower end of the control range taken as 0")
        if status[i] == "partial":
            remains = (fit.bottom[i] - chosen.nonspecific[i]) / window[i]
            f.append(
                f"partial inhibition: {100 * remains:.0f} % of the window remains"
                if remains > 0
                else f"lower plateau {-100 * remains:.0f} % of the window below full block"
            )
        if status[i] == "ambiguous":
            if open_low[i]:
                f.append("IC50 unbounded below")
            if open_high[i]:
                f.append("IC50 unbounded above")
            if chosen.dependency[i] > DEPENDENCY_LIMIT:
                f.append(f"parameters depend on each other ({chosen.dependency[i]:.5f})")
        if qualifier[i] == "=":
            if below[i] < MIN_BESIDE_IC50 or above[i] < MIN_BESIDE_IC50:
                f.append(f"IC50 at the edge: {below[i]} concentrations below it, {above[i]} above")
            if not fit.converged[i]:
                f.append("fit stopped before convergence")
        if hooked[i]:
            f.append(
                "hook: response comes back at the top concentrations "
                "(solubility, filter binding, cytotoxicity?)"
            )
        if misfit[i]:
            f.append("lack of fit: the curve misses the means by more than their replicates allow")
        flags[i] = f
    return {
        "status": status,
        "qualifier": qualifier,
        "absolute_qualifier": absolute_qualifier,
        "log10_absolute": log10_absolute,
        "effect_reached": reached,
        "flags": flags,
    }


def _effect(level, top, nonspecific) -> np.ndarray:
    """What is lost of the window at `level`, as a fraction; 0 where there is no window."""
    window = top - nonspecific
    return np.divide(top - level, window, out=np.zeros_like(window), where=window > 0)


def _lack_of_fit(batch: Batch, chosen: Chosen) -> np.ndarray:
    """p of the F test of the means about the curve against the replicates' own scatter.

    1 where there are no replicates. Source: Draper & Smith, Applied regression analysis.
    """
    df_pure = batch.n_wells - batch.x.shape[1]
    testable = (df_pure > 0) & (chosen.df > df_pure)
    p = f_test(
        chosen.ss,
        np.where(testable, chosen.df, df_pure + 1),
        batch.ss_pure,
        df_pure,
        negligible(batch),
    )
    return np.where(testable, p, 1.0)


def _hook(batch: Batch, chosen: Chosen, high) -> np.ndarray:
    """Whether the highest tested mean lies over the one or two before it by 3 pooled SD.

    The SD is that of one well, or of the difference of the means where that is larger.
    """
    df_pure = batch.n_wells - batch.x.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(df_pure > 0, batch.ss_pure / df_pure, chosen.ss / chosen.df)
    last = np.argmax(batch.x == high[:, None], axis=1)
    curve = np.arange(len(last))
    hooked = np.zeros(len(last), dtype=bool)
    for before in (last - 1, last - 2):
        rise = batch.mean[curve, last] - batch.mean[curve, before]
        spread = 1.0 / batch.n[curve, last] + 1.0 / batch.n[curve, before]
        sd = np.sqrt(variance / batch.well_weight[curve, last] * np.maximum(spread, 1.0))
        least = np.sqrt(negligible(batch))
        hooked |= rise > np.maximum(HOOK_SD * sd, least)
    return hooked
