"""Simulated competition plates in which the sites take up competitor and radioligand."""

import time
from dataclasses import dataclass

import numpy as np

from reuptake.binding.cheng_prusoff import bias_pct
from reuptake.binding.exact import fit_exact
from reuptake.binding.mass_balance import counted_nM, free_radioligand_nM
from reuptake.curves.groups import batches
from reuptake.curves.weights import iterate

SITES_SD = 0.30
ALPHA = 5e-4
PIPETTING_CV = 0.04
TOTAL_CPM = 5000.0
N_DOSES, REPLICATES, N_VEHICLE, N_BLOCK = 10, 3, 8, 6


@dataclass(frozen=True)
class Design:
    """A radioligand at its concentration."""

    name: str
    ligand_nM: float
    kd_nM: float


DESIGNS = (Design("[3H]citalopram", 5.3, 5.3), Design("[125I]RTI-55", 0.05, 0.98))


@dataclass(frozen=True)
class Plates:
    """What came out, one entry a plate; `held` by the two-sided interval."""

    ratio: np.ndarray
    log10_truth: np.ndarray
    log10_ki: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    bound: np.ndarray
    converged: np.ndarray
    cheng_prusoff_bias_pct: np.ndarray
    fit_seconds: float

    @property
    def closed(self):
        return np.isfinite(self.lower) & np.isfinite(self.upper)

    @property
    def bounded(self):
        """Reported as Ki < U."""
        return np.isfinite(self.bound)

    @property
    def held(self):
        return (self.lower <= self.log10_truth) & (self.log10_truth <= self.upper)

    @property
    def bound_holds(self):
        return self.log10_truth <= self.bound


def fitted_plates(
    design, n, *, seed, log10_ratio=(-2, 1), sites_sd=SITES_SD, kd_sd=0.0, ligand_sd=0.0
) -> Plates:
    """Simulate plates, one curve each, and fit them.

    R_T is 0.03 to 3 nM and R_T/Ki 0.01 to 10, both log-uniform. Each plate is counted at its
    true constants; the fit is given R_T, Kd and L_T that are the true ones times a log-normal
    error of the SD that it is told. Ten half-log concentrations in triplicate around the true
    IC50, at random within a half-log, 8 vehicle and 6 full-block wells; the error of a well is
    normal with variance CPM + (0.04 CPM)², its weight the same at the fitted level.
    """
    rng = np.random.default_rng(seed)
    ratio = 10 ** rng.uniform(*log10_ratio, n)
    sites = 10 ** rng.uniform(np.log10(0.03), np.log10(3), n)
    ki = sites / ratio
    free = free_radioligand_nM(sites, design.ligand_nM, design.kd_nM, alpha=ALPHA)
    ic50 = ki * (1 + free / design.kd_nM) + sites / 2
    x = np.log10(ic50)[:, None] + 0.5 * (np.arange(N_DOSES) - 4.5 + rng.uniform(-0.5, 0.5, (n, 1)))
    x = np.hstack([np.repeat(x, REPLICATES, 1), np.full((n, N_VEHICLE), -np.inf)])
    level = counted_nM(sites[:, None], design.ligand_nM, design.kd_nM, 10**x, ki[:, None], ALPHA)
    block = np.full((n, N_BLOCK), design.ligand_nM * ALPHA / (1 + ALPHA))
    level = np.hstack([level, block]) / level[:, -1:] * TOTAL_CPM
    x = np.hstack([x, np.full((n, N_BLOCK), np.inf)])
    y = level + rng.standard_normal(level.shape) * np.sqrt(level + (PIPETTING_CV * level) ** 2)

    def given(truth, sd):
        return truth * np.exp(sd * rng.standard_normal(n))

    told_sites = given(sites, sites_sd)
    told_kd, told_ligand = given(design.kd_nM, kd_sd), given(design.ligand_nM, ligand_sd)
    (batch,) = batches(np.repeat(np.arange(n), x.shape[1]), x.ravel(), y.ravel())
    batch = iterate(batch, np.ones(n), np.full(n, PIPETTING_CV))
    start = time.process_time()
    fit = fit_exact(
        batch,
        told_ligand,
        told_kd,
        told_sites,
        ALPHA,
        ligand_sd=ligand_sd,
        kd_sd=kd_sd,
        transporter_sd=sites_sd,
    )
    seconds = time.process_time() - start
    return Plates(
        ratio=ratio,
        log10_truth=np.log10(ki),
        log10_ki=fit.log10_k,
        lower=fit.log10_lower,
        upper=fit.log10_upper,
        bound=fit.log10_bound,
        converged=fit.converged,
        cheng_prusoff_bias_pct=bias_pct(ic50, design.ligand_nM, design.kd_nM, sites, ALPHA),
        fit_seconds=seconds,
    )
