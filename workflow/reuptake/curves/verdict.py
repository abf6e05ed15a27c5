"""Status, qualifier and flags of a fitted curve: what may be said of it, in words."""

from __future__ import annotations

import numpy as np

from reuptake.curves import engine
from reuptake.curves.choice import SIGNIFICANCE, Chosen
from reuptake.curves.groups import Batch
from reuptake.curves.models import log10_absolute_ic50, logistic

MIN_CONCENTRATIONS = 4
INACTIVE_EFFECT = 0.20
DEPENDENCY_LIMIT = 0.9999
MIN_BESIDE_IC50 = 2


def unfit(batch: Batch) -> np.ndarray:
    """Reason why a curve cannot be fitted, or an empty string; shape (m,)."""
    n_tested = batch.tested.sum(axis=1)
    lowest = batch.mean.min(axis=1)
    spread = batch.mean.max(axis=1) - lowest
    reason = np.full(len(n_tested), "", dtype=object)
    reason[spread <= 1e-12 * np.abs(batch.mean).max(axis=1)] = (
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
    The rules are tried in this order: rising curves are refused; *inactive* if not
    distinguishable from flat (F test) or at most 20 % effect; *incomplete* if every tested
    concentration stays on one side of half way and no own plateau was adopted; *ambiguous*
    with an open profile or a parameter dependency above 0.9999; *partial* with an own
    plateau; else *ok*.

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
    with np.errstate(divide="ignore", invalid="ignore"):
        # the fitted effect decides, what the wells reached is told
        effect, reached, reached_low = (
            np.where(window > 0, (fit.top - level) / window, 0.0)
            for level in (at_high, mean_high, mean_low)
        )
    log10_absolute = log10_absolute_ic50(fit.log10_ic50, fit.hill, fit.top, fit.bottom, half)

    significant = chosen.p_flat < SIGNIFICANCE
    rising = significant & (fit.top < fit.bottom)
    full_block = np.isposinf(batch.x[:, -1])
    inactive = ~significant | (np.maximum(effect, 0.0) <= INACTIVE_EFFECT)
    never = (at_high > half) | (fit.log10_ic50 > high)
    always = (at_low < half) | (fit.log10_ic50 < low)
    one_sided = (never | always) & ~chosen.own_plateau
    open_low, open_high = np.isneginf(chosen.log10_lower), np.isposinf(chosen.log10_upper)
    ambiguous = open_low | open_high | (chosen.dependency > DEPENDENCY_LIMIT)

    status = np.select(
        [rising & ~full_block, inactive, one_sided, ambiguous, chosen.own_plateau],
        ["failed", "inactive", "incomplete", "ambiguous", "partial"],
        default="ok",
    ).astype(object)
    censored = np.where(always & ~never, "<", ">")
    qualifier = np.select(
        [status == "failed", status == "inactive", status == "incomplete"],
        ["", ">", censored],
        default="=",
    ).astype(object)
    absolute_qualifier = np.where(
        qualifier != "=",
        qualifier,
        np.where(log10_absolute > high, ">", np.where(log10_absolute < low, "<", "=")),
    ).astype(object)

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
        elif rising[i] or effect[i] < -INACTIVE_EFFECT:
            f.append(f"response rises above vehicle, to {100 - 100 * effect[i]:.0f} %")
        if status[i] == "incomplete":
            side = "highest" if qualifier[i] == ">" else "lowest"
            percent = 100 * (reached if qualifier[i] == ">" else reached_low)[i]
            f.append(f"half way not crossed: {percent:.0f} % effect at the {side} tested")
        if status[i] == "inactive":
            f.append(f"effect {100 * reached[i]:.0f} % at the highest tested")
        if status[i] == "partial":
            remains = (fit.bottom[i] - chosen.nonspecific[i]) / window[i]
            f.append(f"partial inhibition: {100 * remains:.0f} % of the window remains")
        if status[i] == "ambiguous":
            if open_low[i]:
                f.append("IC50 unbounded below")
            if open_high[i]:
                f.append("IC50 unbounded above")
            if chosen.dependency[i] > DEPENDENCY_LIMIT:
                f.append(f"parameters depend on each other ({chosen.dependency[i]:.5f})")
        if qualifier[i] == "=":
            if not full_block[i]:
                f.append("no full-block wells: lower end of the control range taken as 0")
            if below[i] < MIN_BESIDE_IC50 or above[i] < MIN_BESIDE_IC50:
                f.append(f"IC50 at the edge: {below[i]} concentrations below it, {above[i]} above")
            if not fit.converged[i]:
                f.append("fit stopped before convergence")
        flags[i] = f
    return {
        "status": status,
        "qualifier": qualifier,
        "absolute_qualifier": absolute_qualifier,
        "log10_absolute": log10_absolute,
        "effect_reached": reached,
        "flags": flags,
    }
