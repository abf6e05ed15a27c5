"""Whether an incubation was long enough for a slow competitor to come to equilibrium.

kobs = kon·[I] + koff is lowest where the competitor is: at the low end of a curve the approach
runs with koff = kon·Ki alone. kon is seldom measured; without it the question is turned round,
to the kon that equilibrium would have taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_NM_PER_M = 1e9
_S_PER_MIN = 60.0
HALF_LIVES = 5.0


def observed_rate_per_min(ki_nM, kon_per_M_s, competitor_nM=0.0):
    """kobs = kon·([I] + Ki), per minute, with koff = kon·Ki."""
    per_nM_min = np.asarray(kon_per_M_s) * _S_PER_MIN / _NM_PER_M
    return per_nM_min * (np.asarray(competitor_nM) + ki_nM)


def fraction_reached(time_min, ki_nM, kon_per_M_s, competitor_nM=0.0):
    """Part of the way to equilibrium, ``1 - exp(-kobs t)``."""
    return -np.expm1(-observed_rate_per_min(ki_nM, kon_per_M_s, competitor_nM) * time_min)


def time_needed_min(ki_nM, kon_per_M_s, competitor_nM=0.0):
    """Five half-lives, ``5 ln 2 / kobs``: 97 % of the way.

    References
    ----------
    Hulme and Trevethick (2010) Br. J. Pharmacol. 161:1219: five half-lives of dissociation.
    """
    return HALF_LIVES * np.log(2.0) / observed_rate_per_min(ki_nM, kon_per_M_s, competitor_nM)


def required_kon_per_M_s(ki_nM, time_min):
    """The kon with which `time_min` is five half-lives of dissociation, ``5 ln 2 / (Ki t)``."""
    return HALF_LIVES * np.log(2.0) / (np.asarray(ki_nM) * time_min) * _NM_PER_M / _S_PER_MIN


@dataclass(frozen=True)
class Equilibrium:
    """Judgement of an incubation.

    Attributes
    ----------
    verdict : str
        ``demonstrated`` if the time is five half-lives at the lowest concentrations (koff),
        ``marginal`` if it is five half-lives at [I] = Ki, ``not demonstrated`` if neither or
        if kon is not known.
    required_kon_per_M_s : float
        That for ``demonstrated``.
    needed_min : float
        Five half-lives of dissociation; NaN without kon.
    reached_low, reached_ki : float
        Fraction reached at the lowest concentrations and at [I] = Ki; NaN without kon.
    """

    verdict: str
    required_kon_per_M_s: float
    needed_min: float
    reached_low: float
    reached_ki: float


def judge_equilibrium(ki_nM: float, time_min: float, kon_per_M_s: float = np.nan) -> Equilibrium:
    """Judge an incubation, or the pre-incubation of an uptake assay.

    Parameters
    ----------
    ki_nM : float
        Of the competitor; for a tight-binding inhibitor not its IC50.
    time_min : float
    kon_per_M_s : float, optional
        Association rate constant, measured or assumed: that is for the caller to say.

    Returns
    -------
    Equilibrium
    """
    required = float(required_kon_per_M_s(ki_nM, time_min))
    if not np.isfinite(kon_per_M_s):
        return Equilibrium("not demonstrated", required, np.nan, np.nan, np.nan)
    needed = float(time_needed_min(ki_nM, kon_per_M_s))
    if time_min >= needed:
        verdict = "demonstrated"
    elif time_min >= time_needed_min(ki_nM, kon_per_M_s, ki_nM):
        verdict = "marginal"
    else:
        verdict = "not demonstrated"
    return Equilibrium(
        verdict,
        required,
        needed,
        float(fraction_reached(time_min, ki_nM, kon_per_M_s)),
        float(fraction_reached(time_min, ki_nM, kon_per_M_s, ki_nM)),
    )
