"""Status, qualifier and flags of a fitted curve: what may be said of it, in words."""

from __future__ import annotations

import numpy as np

from reuptake.curves import engine
from reuptake.curves.choice import SIGNIFICANCE, Chosen, f_test, negligible
from reuptake.curves.groups import Batch
from reuptake.curves.models import log10_absolute_ic50, logistic
from reuptake.formatting import significant

MIN_CONCENTRATIONS = 4
MIN_WELLS = 6
LEAST_SPREAD = 1e-60
INACTIVE_EFFECT = 0.20
DEPENDENCY_LIMIT = 0.9999
MIN_BESIDE_IC50 = 2
# of the concentration means about the curve, against the scatter of the replicates
LACK_OF_FIT = 0.001
HOOK_SD = 3.0
ONE_SIDED_SD = 1.645
# tested concentrations further apart than this leave the curve between them to the model
WIDEST_GAP = 1.0


def unfit(batch: Batch) -> np.ndarray:
    """Reason why a curve cannot be fitted, or an empty string; shape (m,)."""
    n_tested = batch.tested.sum(axis=1)
    spread = batch.mean.max(axis=1) - batch.mean.min(axis=1) + np.sqrt(batch.ss_pure)
    reason = np.full(len(n_tested), "", dtype=object)
    reason[spread <= np.maximum(1e-12 * np.abs(batch.mean).max(axis=1), LEAST_SPREAD)] = (
        "no spread: every response is the same"
    )
    reason[batch.n_wells < MIN_WELLS] = (
        f"too few wells to fit a curve: at least {MIN_WELLS} are needed"
    )
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
        fraction of the control range), ``flags`` (object array of lists), ``hook`` (how many
        of the top concentrations the response comes back at).
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
    misfit = _lack_of_fit(batch, chosen) < LACK_OF_FIT
    measured_top = np.where(vehicle, batch.mean[:, 0], fit.top)
    effect = _effect(at_high, fit.top, chosen.nonspecific)
    measured_bottom = np.where(full_block, batch.mean[:, -1], chosen.nonspecific)
    reached = _effect(mean_high, measured_top, measured_bottom)
    reached_low = _effect(mean_low, measured_top, measured_bottom)
    # the fitted effect decides, what the wells reached is told; a curve that misses them yields
    effect = np.where(misfit, np.maximum(effect, reached), effect)
    log10_absolute = log10_absolute_ic50(fit.log10_ic50, fit.hill, fit.top, fit.bottom, half)

    # where even the curve misses the means, so does the level line
    distinct = (chosen.p_flat < SIGNIFICANCE) | misfit
    rising = distinct & (fit.top < fit.bottom)
    inverted = vehicle & full_block & (fit.top < chosen.nonspecific)
    refused = rising & (inverted | ~full_block & ((window <= 0) | (effect < -INACTIVE_EFFECT)))
    inactive = ~distinct | (np.maximum(effect, 0.0) <= INACTIVE_EFFECT)
    # an IC50 outside the tested range is extrapolated: a limit is all that may be said
    beyond, before = fit.log10_ic50 > high, fit.log10_ic50 < low
    never = beyond | ((at_high > half) & ~chosen.own_plateau)
    always = before | ((at_low < half) & ~chosen.own_plateau)
    one_sided = never | always
    open_low, open_high = np.isneginf(chosen.log10_lower), np.isposinf(chosen.log10_upper)
    steep, shallow = np.isposinf(chosen.hill_upper), chosen.hill_lower == 0
    ambiguous = open_low | open_high | steep | shallow | (chosen.dependency > DEPENDENCY_LIMIT)

    status = np.select(
        [refused, inactive, one_sided, ambiguous, chosen.own_plateau],
        ["failed", "inactive", "incomplete", "ambiguous", "partial"],
        default="ok",
    ).astype(object)
    decisive = np.isin(status, ["failed", "inactive", "incomplete", "partial"])
    hook = _hook(batch, chosen, high, decisive)
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

    gap = np.nanmin(
        np.where(concentrations >= fit.log10_ic50[:, None], concentrations, np.inf), axis=1
    ) - np.nanmax(
        np.where(concentrations < fit.log10_ic50[:, None], concentrations, -np.inf), axis=1
    )

    flags = np.empty(m, dtype=object)
    for i in range(m):
        f: list[str] = []
        if status[i] == "failed":
            f.append(
                "response rises with concentration: an inhibition curve falls "
                "(give the response that remains, not the inhibition)"
            )
        if inverted[i]:
            f.append("full-block wells lie above the vehicle wells: are the two exchanged?")
        if hook[i]:
            f.append(
                "hook: response comes back at the top concentrations "
                "(solubility, filter binding, cytotoxicity?)"
            )
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
                f.append(
                    "limit not certain: the fitted IC50's interval reaches into the tested range"
                )
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
            if steep[i] or shallow[i]:
                f.append(f"Hill slope unbounded {'above' if steep[i] else 'below'}")
            if chosen.dependency[i] > DEPENDENCY_LIMIT:
                f.append(f"parameters depend on each other ({chosen.dependency[i]:.5f})")
        if qualifier[i] == "=":
            if below[i] < MIN_BESIDE_IC50 or above[i] < MIN_BESIDE_IC50:
                f.append(f"IC50 at the edge: {below[i]} concentrations below it, {above[i]} above")
            if WIDEST_GAP * (1 + 1e-9) < gap[i] < np.inf:
                f.append(f"IC50 in a gap of {significant(10.0 ** gap[i])}-fold between doses")
            if not fit.converged[i]:
                f.append("fit stopped before convergence")
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
        "hook": hook,
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


def _hook(batch: Batch, chosen: Chosen, high, decisive) -> np.ndarray:
    """How many of the top concentrations the response comes back at; 0 without a hook.

    A hook is a highest tested mean that lies over one of the two before it by 3 standard
    deviations of the difference. Where the verdict hangs on the top concentrations
    (`decisive`) a one-sided 5 % will do, if the lowest of the three lies by as much below the
    mean of those before them.
    """
    df_pure = batch.n_wells - batch.x.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(df_pure > 0, batch.ss_pure / df_pure, chosen.ss / chosen.df)
    last = np.argmax(batch.x == high[:, None], axis=1)
    curve = np.arange(len(last))
    top = last[:, None] - [2, 1, 0]
    mean = np.take_along_axis(batch.mean, top, axis=1)
    error = variance[:, None] / np.take_along_axis(batch.weight, top, axis=1)
    # in units of its own standard deviation; a rise within rounding counts as none
    least = negligible(batch) / batch.weight.sum(axis=1)
    rise = _in_sd(mean[:, 2:] - mean[:, :2], error[:, 2:] + error[:, :2], least).max(axis=1)
    before = np.where(batch.tested & (np.arange(batch.x.shape[1]) < top[:, :1]), batch.weight, 0.0)
    weight = before.sum(axis=1)
    level = (before * batch.mean).sum(axis=1) / weight
    lowest = np.argmin(mean, axis=1)
    fall = level - mean[curve, lowest]
    dip = _in_sd(fall[:, None], (error[curve, lowest] + variance / weight)[:, None], least)[:, 0]
    hooked = (rise > HOOK_SD) | decisive & (df_pure > 0) & (np.minimum(rise, dip) > ONE_SIDED_SD)
    return np.where(hooked, 2 - lowest, 0)


def _in_sd(difference, variance, least) -> np.ndarray:
    """Differences in units of their standard deviation; shapes (m, j), `least` (m,)."""
    return difference / np.sqrt(np.maximum(variance, least[:, None]) + 1e-300)
