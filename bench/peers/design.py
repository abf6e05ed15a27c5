"""The curves that every program is given: simulated, with a known truth and a fixed seed.

Ten half-log concentrations from 1 nM in triplicate, noise of SD 5 on responses that run from
about 100 (no inhibitor) down to 0 to 10. With `controls`, 8 vehicle and 6 full-block wells a
curve lie at the curve's own top and bottom, with the same noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

SEED = 20260302
TESTED_nM = 10.0 ** (np.arange(10) / 2.0)
LOG10_RANGE = (0.0, 4.5)
REPLICATES = 3
NOISE_SD = 5.0
N_VEHICLE, N_FULL_BLOCK = 8, 6


@dataclass(frozen=True)
class Curves:
    """Wells of simulated curves and the truth behind them.

    Attributes
    ----------
    concentration_nM, response : ndarray, shape (n, k)
        One row a curve, one column a well; the response NaN where the well is missing.
    vehicle, full_block : ndarray, shape (n, 8) and (n, 6), or (n, 0)
        Responses of the control wells.
    log10_ic50 : ndarray, shape (n,)
        log10 of the true IC50 in nM; inf where the curve is flat and has none.
    top, bottom : ndarray, shape (n,)
    """

    concentration_nM: np.ndarray
    response: np.ndarray
    vehicle: np.ndarray
    full_block: np.ndarray
    log10_ic50: np.ndarray
    top: np.ndarray
    bottom: np.ndarray

    def __len__(self) -> int:
        return len(self.log10_ic50)

    def long(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Curve, concentration (0 vehicle, inf full block) and response, one entry a well."""
        concentration = np.hstack(
            [
                self.concentration_nM,
                np.zeros(self.vehicle.shape),
                np.full(self.full_block.shape, np.inf),
            ]
        )
        response = np.hstack([self.response, self.vehicle, self.full_block])
        curve = np.repeat(np.arange(len(self)), concentration.shape[1])
        return curve, concentration.ravel(), response.ravel()

    def first(self, n: int) -> Curves:
        """The first `n` curves."""
        return Curves(*(getattr(self, name)[:n] for name in self.__annotations__))


def stream(*key: int) -> np.random.Generator:
    """A generator of its own for each set, so that no set moves another."""
    return np.random.default_rng([SEED, *key])


def logistic(log10_c, log10_ic50, hill, top, bottom):
    """Four-parameter logistic: bottom + (top - bottom)/(1 + 10^(h (x - log10 IC50)))."""
    return bottom + (top - bottom) / (1.0 + 10.0 ** (hill * (log10_c - log10_ic50)))


def clean(
    rng: np.random.Generator, n: int, *, controls: bool = False, log10_ic50=None, textbook=False
) -> Curves:
    """Curves as a good assay gives them.

    Top N(100, 2), bottom U(0, 10), Hill U(0.7, 1.4), log10 IC50 uniform over the tested range.

    Parameters
    ----------
    rng : Generator
    n : int
    controls : bool
        Whether each curve has control wells.
    log10_ic50 : ndarray, shape (n,), optional
        Given instead of drawn.
    textbook : bool
        Top 100, bottom 0 and Hill 1.
    """
    top = np.full(n, 100.0) if textbook else rng.normal(100.0, 2.0, n)
    bottom = np.zeros(n) if textbook else rng.uniform(0.0, 10.0, n)
    hill = np.ones(n) if textbook else rng.uniform(0.7, 1.4, n)
    if log10_ic50 is None:
        log10_ic50 = rng.uniform(*LOG10_RANGE, n)
    concentration = np.tile(np.repeat(TESTED_nM, REPLICATES), (n, 1))
    each = (a[:, None] for a in (log10_ic50, hill, top, bottom))
    response = logistic(np.log10(concentration), *each)
    n_vehicle, n_block = (N_VEHICLE, N_FULL_BLOCK) if controls else (0, 0)
    return Curves(
        concentration,
        response + _noise(rng, response.shape),
        top[:, None] + _noise(rng, (n, n_vehicle)),
        bottom[:, None] + _noise(rng, (n, n_block)),
        log10_ic50,
        top,
        bottom,
    )


def _noise(rng, shape):
    return rng.normal(0.0, NOISE_SD, shape)


def flat(rng, n, **design) -> Curves:
    """No inhibition at all: 100 and noise."""
    return clean(rng, n, log10_ic50=np.full(n, np.inf), textbook=True, **design)


def beyond(decades: float):
    """100 to 0 with Hill 1, the IC50 above the highest tested concentration."""

    def make(rng, n, **design) -> Curves:
        above = np.full(n, LOG10_RANGE[1] + decades)
        return clean(rng, n, log10_ic50=above, textbook=True, **design)

    return make


def outlier(shift: float):
    """One well of thirty moved by `shift`, up or down."""

    def make(rng, n, **design) -> Curves:
        curves = clean(rng, n, **design)
        response = curves.response.copy()
        well = rng.integers(response.shape[1], size=n)
        response[np.arange(n), well] += shift * rng.choice([-1.0, 1.0], n)
        return replace(curves, response=response)

    return make


def hook(rng, n, **design) -> Curves:
    """The response comes back by 30 and 60 at the two highest concentrations."""
    curves = clean(rng, n, **design)
    come_back = np.repeat(np.r_[np.zeros(len(TESTED_nM) - 2), 30.0, 60.0], REPLICATES)
    return replace(curves, response=curves.response + come_back)


def missing(rng, n, **design) -> Curves:
    """Two to six wells of thirty are missing."""
    curves = clean(rng, n, **design)
    order = rng.permuted(np.tile(np.arange(curves.response.shape[1]), (n, 1)), axis=1)
    lost = order < rng.integers(2, 7, n)[:, None]
    return replace(curves, response=np.where(lost, np.nan, curves.response))


def constant(rng, n, **design) -> Curves:
    """Every well reads exactly 100."""
    curves = flat(rng, n, **design)
    return replace(curves, response=np.full(curves.response.shape, 100.0))


def three_concentrations(rng, n, **design) -> Curves:
    """Only 10, 316 and 10,000 nM were tested."""
    curves = clean(rng, n, **design)
    kept = np.repeat(np.isin(np.arange(len(TESTED_nM)), [2, 5, 8]), REPLICATES)
    return replace(
        curves,
        concentration_nM=curves.concentration_nM[:, kept],
        response=curves.response[:, kept],
    )


def zero_wells(rng, n, **design) -> Curves:
    """Three more wells with concentration zero among the tested ones."""
    curves = clean(rng, n, **design)
    zero = np.zeros((n, REPLICATES))
    return replace(
        curves,
        concentration_nM=np.hstack([curves.concentration_nM, zero]),
        response=np.hstack([curves.response, curves.top[:, None] + _noise(rng, zero.shape)]),
    )


UGLY: dict[str, Callable[..., Curves]] = {
    "flat": flat,
    "IC50 0.5 log above": beyond(0.5),
    "IC50 1 log above": beyond(1.0),
    "outlier of 90": outlier(90.0),
    "outlier of 150": outlier(150.0),
    "hook": hook,
    "2-6 wells missing": missing,
    "constant": constant,
    "3 concentrations": three_concentrations,
    "wells at zero": zero_wells,
}


def ugly(n_each: int, *, controls: bool = False) -> dict[str, Curves]:
    """`n_each` curves of every ugly class, by its name."""
    return {
        name: make(stream(3, i, controls), n_each, controls=controls)
        for i, (name, make) in enumerate(UGLY.items())
    }
