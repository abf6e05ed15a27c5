"""Ki by the exact mass balance, fitted: published curves, an independent fit, coverage."""

import numpy as np
import pytest
from depleted_plates import ALPHA, DESIGNS, fitted_plates
from scipy.optimize import brentq, curve_fit, least_squares
from scipy.stats import f as f_distribution
from simulated_curves import batch_of

from reuptake.binding.cheng_prusoff import (
    cheng_prusoff_nM,
    ki_limits_nM,
    log10_ki_shifts,
)
from reuptake.binding.exact import fit_exact
from reuptake.binding.mass_balance import bound_and_derivatives_nM, bound_nM, counted_nM
from reuptake.curves import engine
from reuptake.curves.groups import Batch, batches

# sites 0.6 nM, radioligand 5.3 nM at a Kd of 5.3 nM, Ki 0.58 nM, 2 % non-specific
SITES, LIGAND, KD, KI, NONSPECIFIC = 0.6, 5.3, 5.3, 0.58, 0.02
DOSES = np.logspace(-3, 3, 25)
EXACT = 18648 * counted_nM(SITES, LIGAND, KD, DOSES, KI, NONSPECIFIC)

# one-site competition, log10 M and cpm
X = np.arange(-11, -5.4, 0.5) + 9
CPM = [4815, 4627, 4581, 3878, 2985, 1751, 1091, 768, 639, 635, 599, 602]


def test_derivatives():
    rng = np.random.default_rng(1)
    logs = np.log(10 ** rng.uniform([[-2], [-2], [-1], [-1]], [[2], [1], [1], [1]], (4, 60)))
    competitor = 10 ** rng.uniform(-2, 3, 60)

    def bound(ki, sites, kd, ligand):
        return bound_nM(*np.exp([sites, ligand, kd]), competitor, np.exp(ki), 0.05)

    ki, sites, kd, ligand = np.exp(logs)
    found, derivatives = bound_and_derivatives_nM(sites, ligand, kd, competitor, ki, 0.05)
    np.testing.assert_allclose(found, bound(*logs), rtol=1e-14)
    for j in range(4):
        step = np.zeros((4, 1))
        step[j] = 1e-5
        numeric = (bound(*(logs + step)) - bound(*(logs - step))) / 2e-5
        np.testing.assert_allclose(derivatives[j], numeric, rtol=1e-6, atol=1e-9 * found.max())


def test_exact_curve_where_the_others_fail():
    """Error-free counts: 3PL with Cheng-Prusoff 0.7362, undepleted competitor 0.7319."""
    batch = batch_of(np.log10(DOSES), EXACT)
    plain = engine.fit(batch, batch.weight, free_hill=False)
    assert cheng_prusoff_nM(10 ** plain.log10_ic50[0], LIGAND, KD) == pytest.approx(
        0.7362, abs=1e-3
    )

    def competitor_in_excess(dose, log_ki, bmax, ns):
        # quadratic of the radioligand alone, at an apparent Kd
        kd = KD * (1 + dose / np.exp(log_ki))
        s = 1 + ns
        b = LIGAND + bmax + kd * s
        specific = (b - np.sqrt(b * b - 4 * bmax * LIGAND)) / 2
        return (specific + ns * (LIGAND - specific) / s) * 18648

    b = curve_fit(competitor_in_excess, DOSES, EXACT, (0.0, 0.5, 0.01))[0]
    assert np.exp(b[0]) == pytest.approx(0.7319, abs=1e-3)

    found = fit_exact(batch, LIGAND, KD, SITES, NONSPECIFIC)
    assert 10 ** found.log10_k[0] == pytest.approx(KI, rel=1e-9)
    assert found.top[0] == pytest.approx(
        18648 * counted_nM(SITES, LIGAND, KD, alpha=NONSPECIFIC), rel=1e-9
    )
    assert found.bottom[0] == pytest.approx(18648 * LIGAND * 0.02 / 1.02, rel=1e-9)


@pytest.mark.parametrize("given", [0.1, 0.6, 2.5])
def test_the_curve_alone_tells_its_sites(given):
    batch = batch_of(np.log10(DOSES), EXACT)
    found = fit_exact(batch, LIGAND, KD, given, NONSPECIFIC, transporter_sd=np.inf)
    assert 10 ** found.log10_k[0] == pytest.approx(KI, rel=1e-6)
    assert found.constants[0, 0] == pytest.approx(SITES, rel=1e-6)
    assert found.df[0] == len(DOSES) - 4


def test_few_sites_are_the_published_one_site_curve():
    """With next to no sites the fit is 3PL and Cheng-Prusoff: -8.90700, profile +- 0.0451."""
    found = fit_exact(batch_of(X, CPM), 5.3, 5.3, 1e-9)
    shift = np.log10(2)
    assert found.log10_k[0] + shift == pytest.approx(0.09300, abs=6e-6)
    assert found.log10_k_se[0] == pytest.approx(0.01992, abs=6e-6)
    assert found.log10_lower[0] + shift == pytest.approx(0.0479, abs=6e-5)
    assert found.log10_upper[0] + shift == pytest.approx(0.1382, abs=6e-5)
    assert found.ss[0] == pytest.approx(26178.4, rel=2e-6)
    assert found.df[0] == 9


def noisy_wells(sites, seed, ki=KI, sd=0.04):
    """Log doses with controls, and counts in triplicate with a CV of `sd`."""
    doses = np.r_[0.0, 10 ** np.arange(-2, 3, 0.5), np.inf]
    doses = np.repeat(doses, [8, *[3] * 10, 6])
    level = 18648 * np.where(
        np.isinf(doses),
        LIGAND * 0.02 / 1.02,
        counted_nM(sites, LIGAND, KD, np.where(np.isinf(doses), 0, doses), ki, NONSPECIFIC),
    )
    rng = np.random.default_rng(seed)
    y = level * (1 + sd * rng.standard_normal(len(doses)))
    with np.errstate(divide="ignore"):
        return np.log10(doses), y, 1 / level**2


def independent(x, y, weight, sites, sd):
    """Objective as a function of ln Ki, the rest fitted by scipy well by well; s² alternated."""
    dose = np.where(np.isinf(x), 0, 10**x)
    block = np.isposinf(x)
    centre = np.log([sites, KD, LIGAND])

    def residual(theta, log_ki, s):
        top, bottom, *logs = theta
        r, kd, ligand = np.exp(logs)
        alpha = NONSPECIFIC
        # the plateaus in terms of the counted radioligand, not of the bound fraction
        counted = counted_nM(r, ligand, kd, dose, np.exp(log_ki), alpha)
        high, low = counted_nM(r, ligand, kd, alpha=alpha), ligand * alpha / (1 + alpha)
        phi = np.where(block, 0.0, (counted - low) / (high - low))
        wells = np.sqrt(weight) * (y - bottom - (top - bottom) * phi)
        return np.r_[wells / s, (np.array(logs) - centre) / sd]

    start = np.r_[y[np.isneginf(x)].mean(), y[block].mean(), centre]
    scale = [start[0], start[1], 1, 1, 1]

    def fitted(log_ki, s):
        return least_squares(
            residual, start, args=(log_ki, s), x_scale=scale, xtol=1e-15, ftol=1e-15, gtol=1e-15
        )

    def free(theta, s):
        return residual(theta[:5], theta[5], s)

    s = 0.05
    for _ in range(30):
        best = least_squares(
            free,
            np.r_[start, np.log(KI)],
            args=(s,),
            x_scale=[*scale, 1],
            xtol=1e-15,
            ftol=1e-15,
            gtol=1e-15,
        )
        s = np.sqrt(np.sum((s * best.fun[:-3]) ** 2) / (len(y) - 3))
    return best.x[5], s, lambda log_ki: 2 * (fitted(log_ki, s).cost - best.cost)


def test_priors_and_profile_against_an_independent_fit():
    x, y, weight = noisy_wells(SITES, seed=11)
    told, sd = 0.8, np.array([0.3, 0.15, 0.05])
    (batch,) = batches(np.zeros(len(x), int), x, y, weight)
    found = fit_exact(
        batch, LIGAND, KD, told, NONSPECIFIC, transporter_sd=0.3, kd_sd=0.15, ligand_sd=0.05
    )
    log_ki, s, rise = independent(x, y, weight, told, sd)
    assert found.log10_k[0] * np.log(10) == pytest.approx(log_ki, abs=1e-5)
    assert found.ss[0] / found.df[0] == pytest.approx(s**2, rel=1e-5)
    limit = f_distribution.ppf(0.95, 1, len(x) - 3)
    for edge, ends in (
        (found.log10_lower, (log_ki - 2, log_ki)),
        (found.log10_upper, (log_ki, log_ki + 2)),
    ):
        crossing = brentq(lambda k: rise(k) - limit, *ends, xtol=1e-8)
        assert edge[0] * np.log(10) == pytest.approx(crossing, abs=1e-5)


def test_titration_of_sites_gives_a_bound():
    """Ki far below the sites: no lower limit, and U where the profile has risen by F(0.90)."""
    x, y, weight = noisy_wells(SITES, seed=12, ki=1e-3)
    (batch,) = batches(np.zeros(len(x), int), x, y, weight)
    found = fit_exact(
        batch, LIGAND, KD, 0.5, NONSPECIFIC, transporter_sd=0.3, kd_sd=0.15, ligand_sd=0.05
    )
    assert found.log10_lower[0] == -np.inf
    assert np.isfinite(found.log10_upper[0])
    assert found.log10_bound[0] < found.log10_upper[0]
    rise = found_rise(batch, x, y, weight, found)
    assert rise(found.log10_bound[0]) == pytest.approx(f_distribution.ppf(0.90, 1, 41), rel=1e-3)
    assert rise(found.log10_upper[0]) == pytest.approx(f_distribution.ppf(0.95, 1, 41), rel=1e-3)


def found_rise(batch, x, y, weight, found):
    """Rise of the independent objective over its value at a negligible Ki or the estimate."""
    dose, block = np.where(np.isinf(x), 0, 10**x), np.isposinf(x)
    centre, sd = np.log([0.5, KD, LIGAND]), np.array([0.3, 0.15, 0.05])
    s = np.sqrt(found.ss[0] / found.df[0])

    def profiled(log10_ki):
        def residual(logs):
            r, kd, ligand = np.exp(logs)
            phi = np.where(
                block, 0, bound_nM(r, ligand, kd, dose, 10**log10_ki, NONSPECIFIC) / ligand
            )
            columns = np.sqrt(weight)[:, None] * np.stack([phi, np.ones_like(phi)], 1)
            target = np.sqrt(weight) * y
            rest = target - columns @ np.linalg.lstsq(columns, target, rcond=None)[0]
            return np.r_[rest / s, (logs - centre) / sd]

        starts = (np.log(found.constants[0, 0]) + d for d in (-0.3, 0.0, 0.3))
        fits = (least_squares(residual, np.r_[d, centre[1:]], xtol=1e-12) for d in starts)
        return 2 * min(each.cost for each in fits)

    lowest = min(profiled(k) for k in np.r_[found.log10_k[0], np.arange(-6, -1, 0.25)])
    return lambda log10_ki: profiled(log10_ki) - lowest


@pytest.mark.parametrize("design", DESIGNS, ids=lambda d: d.name)
def test_bias_and_coverage_of_depleted_plates(design):
    plates = fitted_plates(design, 400, seed=31)
    assert plates.converged.all()
    assert plates.closed.mean() > 0.98
    error = 100 * (10 ** (plates.log10_ki - plates.log10_truth) - 1)
    assert abs(np.median(error[plates.closed])) < 2
    # two standard errors of a share of 400 are 0.022
    assert 0.928 <= plates.held[plates.closed].mean() <= 0.975
    # Cheng-Prusoff of the same, free of noise
    assert np.median(plates.cheng_prusoff_bias_pct) > 9


def test_coverage_of_bounds_beyond():
    """R_T/Ki up to 1000: what has no lower limit has an upper bound that holds."""
    plates = fitted_plates(DESIGNS[0], 200, seed=32, log10_ratio=(1, 3))
    assert plates.converged.all()
    assert (plates.closed | plates.bounded).all()
    assert plates.bounded.sum() > 25
    assert plates.bound_holds[plates.bounded].mean() > 0.93
    assert plates.held.mean() > 0.93


def test_uncertain_kd_and_ligand_cover_too():
    plates = fitted_plates(DESIGNS[0], 400, seed=33, kd_sd=0.15, ligand_sd=0.05)
    assert 0.928 <= plates.held.mean() <= 0.985


def test_a_curve_does_not_depend_on_its_neighbours():
    x, y, weight = noisy_wells(SITES, seed=13)
    n = 7
    rng = np.random.default_rng(14)
    ys = y * (1 + 0.02 * rng.standard_normal((n, len(y))))
    index = np.repeat(np.arange(n), len(y))
    (batch,) = batches(index, np.tile(x, n), ys.ravel(), np.tile(weight, n))
    sites = np.linspace(0.3, 0.9, n)
    options = {"transporter_sd": 0.3, "kd_sd": 0.1}
    together = fit_exact(batch, LIGAND, KD, sites, ALPHA, **options)
    for i in (0, 4):
        alone = fit_exact(batch.select(np.arange(n) == i), LIGAND, KD, sites[i], ALPHA, **options)
        for name in ("log10_k", "log10_lower", "log10_upper", "top", "bottom", "ss"):
            assert getattr(alone, name)[0] == getattr(together, name)[i]


def test_too_few_wells_have_no_limits():
    batch = batch_of([-1.0, 0.0, 1.0], [90.0, 50.0, 12.0])
    found = fit_exact(batch, LIGAND, KD, SITES)
    assert found.log10_lower[0] == -np.inf
    assert found.log10_upper[0] == np.inf
    assert np.isnan(found.log10_k_se[0])


def test_a_flat_curve_has_no_limits():
    rng = np.random.default_rng(15)
    batch = batch_of(np.r_[np.arange(-1, 3, 0.5)], 100 + rng.standard_normal(8))
    found = fit_exact(batch, LIGAND, KD, SITES, transporter_sd=0.3)
    assert not (np.isfinite(found.log10_lower[0]) and np.isfinite(found.log10_upper[0]))


def test_wells_that_all_read_nothing_have_no_limits():
    found = fit_exact(batch_of(np.arange(6.0), np.zeros(6)), LIGAND, KD, SITES)
    assert (found.log10_lower[0], found.log10_upper[0]) == (-np.inf, np.inf)


def test_what_cannot_be_fitted_is_refused():
    batch = batch_of(X, CPM)
    with pytest.raises(ValueError, match="above zero"):
        fit_exact(batch, LIGAND, KD, 0.0)
    with pytest.raises(ValueError, match="negative"):
        fit_exact(batch, LIGAND, KD, SITES, kd_sd=-0.1)
    with pytest.raises(ValueError, match="no well with a concentration"):
        fit_exact(batch_of([-np.inf, np.inf], [5.0, 1.0]), LIGAND, KD, SITES)


def test_cheng_prusoff_limits():
    # IC50 12 at L = Kd without error of either: the limits are simply halved
    assert ki_limits_nM(12, 10, 15, 5.3, 5.3) == pytest.approx((5, 7.5))
    assert ki_limits_nM(12, 0, np.inf, 5.3, 5.3) == (0, np.inf)
    # an exact IC50: the limits are those of 1 + L/Kd
    spread = np.exp(1.959964 * 0.15)
    limits = ki_limits_nM(12, 12, 12, 5.3, 5.3, kd_sd=0.15)
    assert limits == pytest.approx((12 / (1 + spread), 12 / (1 + 1 / spread)), rel=1e-6)


def test_cheng_prusoff_limits_against_the_profile():
    """The same by the profile of the mechanistic fit with next to no sites, 9 df."""
    options = {"kd_sd": 0.10, "ligand_sd": 0.05}
    profile = fit_exact(batch_of(X, CPM), 5.3, 5.3, 1e-9, **options)
    limits = ki_limits_nM(*10 ** np.array([0.0930, 0.0479, 0.1382]), 5.3, 5.3, **options)
    width = profile.log10_upper[0] - profile.log10_lower[0]
    # the profile asks t of 9 df (2.26) of the priors too, the sum of squares 1.96
    assert np.log10(limits[0]) == pytest.approx(profile.log10_lower[0], abs=0.08 * width)
    assert np.log10(limits[1]) == pytest.approx(profile.log10_upper[0], abs=0.08 * width)
    assert np.diff(np.log10(limits))[0] < width


def test_shifts_by_the_errors_of_the_constants():
    """L = Kd, errors of 5 and 10 %: half of each, in decades; together the spread simulated."""
    kd, ligand = log10_ki_shifts(1.0, ligand_sd=0.05, kd_sd=0.10)
    assert (kd, ligand) == pytest.approx((0.05 / np.log(10), -0.025 / np.log(10)), rel=1e-12)
    rng = np.random.default_rng(16)
    of_ligand, of_kd = rng.standard_normal((2, 400_000)) * [[0.05], [0.10]]
    simulated = -np.log10(1 + np.exp(of_ligand - of_kd))
    assert kd**2 + ligand**2 == pytest.approx(simulated.var(), rel=0.02)


def test_an_exact_ki_moves_with_its_constants_as_a_fit_with_others_does():
    """Central differences over the priors' centres, with little scatter: shifts are linear."""
    errors = {"kd_sd": 0.005, "ligand_sd": 0.0025, "transporter_sd": 0.015}
    x, y, weight = noisy_wells(SITES, seed=17, sd=0.002)
    (batch,) = batches(np.zeros(len(x), int), x, y, weight)
    constants = {"ligand_nM": 5.3, "kd_nM": 5.3, "transporter_nM": 0.6}
    found = fit_exact(batch, **constants, **errors)

    def slope(name, step=0.002):
        ends = [
            fit_exact(batch, **constants | {name: constants[name] * np.exp(sign * step)}, **errors)
            for sign in (1, -1)
        ]
        return (ends[0].log10_k[0] - ends[1].log10_k[0]) / (2 * step)

    names = ("transporter", "kd", "ligand")
    moved = [errors[f"{name}_sd"] * slope(f"{name}_nM") for name in names]
    assert found.log10_k_shifts[:, 0] == pytest.approx(moved, rel=0.03)
    assert found.log10_k_se[0] > np.linalg.norm(found.log10_k_shifts[:, 0])
    held = fit_exact(batch, **constants)
    assert (held.log10_k_shifts == 0).all()


def test_batches_take_exact_fits_with_any_weights():
    """Weights to a common factor change nothing."""
    x, y, weight = noisy_wells(SITES, seed=17)
    fits = []
    for factor in (1.0, 1e6):
        (batch,) = batches(np.zeros(len(x), int), x, y, factor * weight)
        assert isinstance(batch, Batch)
        fits.append(fit_exact(batch, LIGAND, KD, SITES, transporter_sd=0.3))
    assert fits[0].log10_lower == pytest.approx(fits[1].log10_lower, abs=1e-7)
    assert fits[0].log10_k == pytest.approx(fits[1].log10_k, abs=1e-8)
