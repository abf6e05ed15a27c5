"""The response models, their derivatives, and the engine that fits any of them."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq, curve_fit, least_squares
from scipy.stats import f as f_distribution
from scipy.stats import t as student
from simulated_curves import batch_of

from reuptake.curves import engine, general, profile
from reuptake.curves.groups import batches
from reuptake.curves.models import MODELS, log10_absolute_ic50, logistic, richards, sites_in_order

LN10 = np.log(10.0)

# An incomplete curve, one that hardly begins, and a competition curve (cpm).
INCOMPLETE = np.log10([0.1, 0.316, 1, 3.16, 10, 31.6, 100]), [99, 101, 97, 98, 88, 73, 48]
WEAK = (
    np.log10([1, 3.16, 10, 31.6, 100, 316, 1000, 3160, 10000]),
    [101, 98, 102, 99, 97, 96, 91, 83, 69],
)
CPM = (
    np.arange(-2, 3.6, 0.5),
    [4815, 4627, 4581, 3878, 2985, 1751, 1091, 768, 639, 635, 599, 602],
)

# Textbook forms in the concentration c, as their sources write them; full-block wells apart.
TEXTBOOK = {
    "constant": lambda c, top, nonspecific: top + 0 * c,
    "3PL": lambda c, ic50, top, bottom: bottom + (top - bottom) / (1 + c / 10**ic50),
    "4PL": lambda c, ic50, h, top, bottom: bottom + (top - bottom) / (1 + (c / 10**ic50) ** h),
    "5PL": lambda c, ic50, h, top, bottom, s: (
        bottom + (top - bottom) / (1 + (2 ** (1 / s) - 1) * (c / 10**ic50) ** h) ** s
    ),
    "two-site": lambda c, first, second, f, top, bottom: (
        bottom + (top - bottom) * (f * 10**first / (10**first + c))
        + (top - bottom) * (1 - f) * 10**second / (10**second + c)
    ),
    "partial": lambda c, ic50, h, top, bottom, nonspecific: (
        bottom + (top - bottom) / (1 + (c / 10**ic50) ** h)
    ),
    "gain-loss": lambda c, ic50, h, top, bottom, d, h2: (
        top + (bottom - top) / ((1 + (10**ic50 / c) ** h) * (1 + (c / 10 ** (ic50 + d)) ** h2))
    ),
}  # fmt: skip

# Points of the parameter space, in the models' order of parameters.
POINTS = {
    "constant": [(97.0, 3.0)],
    "3PL": [(1.3, 4800.0, 600.0), (-2.0, 1.0, 0.0)],
    "4PL": [(1.3, 0.7, 100.0, 5.0), (2.2, 4.0, -3.0, 80.0)],
    "5PL": [(1.3, 0.8, 100.0, 5.0, 0.4), (2.0, 1.5, 90.0, 10.0, 6.0), (1.0, 1.0, 1.0, 0.0, 1.0)],
    "two-site": [(0.4, 2.6, 0.35, 100.0, 5.0), (1.0, 1.0, 0.8, 10.0, 0.0)],
    "partial": [(1.3, 0.7, 100.0, 40.0, 2.0)],
    "gain-loss": [(0.9, 1.2, 100.0, 5.0, 2.3, 1.7), (1.0, 0.6, 50.0, 60.0, 0.2, 3.0)],
}
CASES = [(name, point) for name, points in POINTS.items() for point in points]

# The design of the simulations, and what the parameters are drawn from.
DOSES = np.repeat(np.arange(0, 5, 0.5), 3)
RANGES = {
    "log10_ic50": (0.5, 2.5), "hill": (0.8, 1.5), "top": (95, 105), "bottom": (0, 20),
    "asymmetry": (0.4, 2.5), "log10_ic50_1": (0.3, 1.2), "log10_ic50_2": (2.5, 3.5),
    "fraction": (0.3, 0.7), "loss_decades": (1.5, 2.5), "loss_hill": (1, 2), "nonspecific": (-5, 0),
}  # fmt: skip


def simulated(name, n, *, seed, noise=3.0, controls=True):
    """A batch of n curves of a model with normal scatter, its wells, and the truth (n, p)."""
    rng = np.random.default_rng(seed)
    model = MODELS[name]
    truth = np.stack([rng.uniform(*RANGES[p], n) for p in model.parameters], axis=1)
    x = np.r_[DOSES, np.full(8, -np.inf), np.full(6, np.inf)] if controls else DOSES
    y = model.response(x[None], *truth.T[:, :, None]) + rng.normal(0, noise, (n, len(x)))
    (batch,) = batches(np.repeat(np.arange(n), len(x)), np.tile(x, n), y.ravel())
    return batch, x, y, truth


# where the engine's bounds lie, as scipy takes them
LIMITS = {"hill": (0.1, 10), "loss_hill": (0.1, 10), "asymmetry": (0.05, 20), "fraction": (0, 1)}


def limits_of(names):
    return np.array([LIMITS.get(name, (-np.inf, np.inf)) for name in names]).T


def limit_of(fitted):
    """Sum of squares of the means at the 95 % profile limits."""
    return profile.threshold(fitted.ss_wells, fitted.df) - (fitted.ss_wells - fitted.ss)


@pytest.mark.parametrize(("name", "point"), CASES)
def test_response_is_the_textbook_formula(name, point):
    x = np.linspace(-3, 6, 40)
    response = MODELS[name].response(x, *point)
    np.testing.assert_allclose(response, TEXTBOOK[name](10**x, *point), rtol=1e-12)


@pytest.mark.parametrize(("name", "point"), CASES)
def test_jacobian_is_the_complex_step_derivative_of_the_textbook_formula(name, point):
    x = np.linspace(-3, 6, 40)
    jacobian = MODELS[name].jacobian(x, *point)
    assert jacobian.shape == (len(point), len(x))
    for j, row in enumerate(jacobian):
        stepped = np.array(point, dtype=complex)
        stepped[j] += 1e-30j
        exact = TEXTBOOK[name](10**x, *stepped).imag / 1e-30
        np.testing.assert_allclose(row, exact, rtol=1e-10, atol=1e-13 * max(map(abs, point)))


@pytest.mark.parametrize(("name", "point"), CASES)
def test_control_wells_read_the_plateaus_and_nothing_else_moves_them(name, point):
    model = MODELS[name]
    x = np.array([-np.inf, -400.0, 400.0, np.inf])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        response, jacobian = model.response(x, *point), model.jacobian(x, *point)
    named = dict(zip(model.parameters, point, strict=True))
    block = "nonspecific" if "nonspecific" in named else "bottom"
    high = named["top"] if name in ("constant", "gain-loss") else named["bottom"]
    expected = [named["top"], named["top"], high, named[block]]
    np.testing.assert_allclose(response, expected, rtol=1e-14)
    for parameter, row in zip(model.parameters, jacobian, strict=True):
        assert row[0] == (parameter == "top")
        assert row[-1] == (parameter == block)
        assert np.isfinite(row).all()


def test_models_broadcast_curves_against_concentrations():
    x = np.r_[-np.inf, np.linspace(0, 4, 5), np.inf]
    for name, points in POINTS.items():
        model = MODELS[name]
        several = np.array([points[0], points[-1]]).T[:, :, None]
        assert model.response(x[None], *several).shape == (2, 7)
        assert model.jacobian(x[None], *several).shape == (len(model.parameters), 2, 7)
        np.testing.assert_array_equal(
            model.jacobian(x[None], *several)[:, 1], model.jacobian(x, *points[-1])
        )


def test_asymmetric_curve_by_hand_and_at_its_half_way_point():
    # s = 2, one decade above: 1 / (1 + (sqrt 2 - 1) 10)^2 = 1 / 5.142136^2
    assert richards(2.0, 1.0, 1.0, 1.0, 0.0, 2.0) == pytest.approx(1 / 5.142135624**2, rel=1e-9)
    s = np.array([0.01, 0.05, 0.5, 1.0, 3.0, 20.0, 1000.0])
    np.testing.assert_allclose(richards(1.7, 1.7, 1.3, 90.0, 10.0, s), 50.0, rtol=1e-12)
    x = np.linspace(-2, 5, 30)
    same = richards(x, 1.7, 1.3, 90.0, 10.0, 1.0)
    np.testing.assert_allclose(same, logistic(x, 1.7, 1.3, 90.0, 10.0), rtol=1e-13)
    # the limit of large s is Gompertz' curve, 2^-(c/IC50)^h
    gompertz = 0.5 ** (10 ** ((x - 1.7) * 1.3))
    np.testing.assert_allclose(richards(x, 1.7, 1.3, 1, 0, 1e7), gompertz, atol=1e-7)


@pytest.mark.parametrize("s", [0.2, 1.0, 4.0])
def test_absolute_ic50_of_an_asymmetric_curve(s):
    curve = (1.2, 0.9, 105.0, 22.0)
    root = brentq(lambda x: richards(x, *curve, s) - 50.0, -3, 8, xtol=1e-13)
    assert log10_absolute_ic50(*curve, 50.0, s) == pytest.approx(root, abs=1e-11)
    assert log10_absolute_ic50(1.2, 0.9, 105.0, 55.0, 50.0, s) == np.inf
    assert log10_absolute_ic50(1.2, 0.9, 45.0, 5.0, 50.0, s) == -np.inf


def test_absolute_ic50_of_a_symmetric_curve_by_hand():
    # bottom 40, relative IC50 10: 10 (60/10 - 1)
    assert 10 ** log10_absolute_ic50(1.0, 1.0, 100.0, 40.0, 50.0) == pytest.approx(50.0)
    slightly = log10_absolute_ic50(1.0, 1.0, 100.0, 40.0, 50.0, 1.0 + 1e-12)
    assert slightly == pytest.approx(np.log10(50.0), abs=1e-10)


def test_sites_in_order_describe_the_same_curve():
    x = np.linspace(-1, 5, 20)
    model = MODELS["two-site"]
    swapped = sites_in_order(3.0, 1.0, 0.2, 100.0, 5.0)
    assert swapped == (1.0, 3.0, 0.8, 100.0, 5.0)
    np.testing.assert_allclose(model.response(x, *swapped), model.response(x, 3, 1, 0.2, 100, 5))
    assert sites_in_order(*swapped) == swapped


def test_the_site_of_higher_affinity_comes_first_wherever_the_fit_began():
    batch, *_, truth = simulated("two-site", 20, seed=2, noise=0.0)
    first, second, fraction = truth[:, 0], truth[:, 1], truth[:, 2]
    start = {"log10_ic50_1": second, "log10_ic50_2": first, "fraction": 1 - fraction}
    fitted = general.fit(MODELS["two-site"], batch, batch.weight, start=start)
    np.testing.assert_allclose(fitted.values, truth, rtol=1e-6)
    # not where the caller has said which is which
    held = general.fit(MODELS["two-site"], batch, batch.weight, held={"log10_ic50_1": second})
    np.testing.assert_allclose(held["log10_ic50_2"], first, rtol=1e-6)
    np.testing.assert_allclose(held["fraction"], 1 - fraction, rtol=1e-6)


@pytest.mark.parametrize("controls", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_curves_without_error_give_their_parameters_back(name, controls):
    batch, _, _, truth = simulated(name, 60, seed=3, noise=0.0, controls=controls)
    fitted = general.fit(MODELS[name], batch, batch.weight)
    assert fitted.converged.all()
    if "nonspecific" in MODELS[name].parameters and not controls:
        assert np.isnan(fitted["nonspecific"]).all()
        assert not fitted.free[:, -1].any()
        truth[:, -1] = np.nan
    np.testing.assert_allclose(fitted.values, truth, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("controls", [True, False])
@pytest.mark.parametrize("name", ["3PL", "4PL"])
def test_same_answers_as_the_logistic_engine(name, controls):
    free_hill = name == "4PL"
    batch, *_ = simulated(name, 100, seed=4, noise=5.0, controls=controls)
    ours = general.fit(MODELS[name], batch, batch.weight)
    theirs = engine.fit(batch, batch.weight, free_hill=free_hill)
    assert ours.converged.all()
    np.testing.assert_allclose(ours.ss, theirs.ss, rtol=1e-12)
    for parameter in MODELS[name].parameters:
        np.testing.assert_allclose(ours[parameter], getattr(theirs, parameter), rtol=1e-8)

    se, se_bottom, dependency = engine.uncertainty(batch, batch.weight, theirs, free_hill=free_hill)
    sd = np.sqrt(ours.ss_wells / ours.df)
    np.testing.assert_allclose(ours.se[:, 0], se * sd, rtol=1e-7)
    np.testing.assert_allclose(ours.se[:, -1], se_bottom * sd, rtol=1e-7)
    np.testing.assert_allclose(ours.dependency.max(axis=1), dependency, rtol=1e-7)

    limit = limit_of(ours)
    sides = general.profile(batch, batch.weight, ours, limit, "log10_ic50")
    other = profile.interval(batch, batch.weight, theirs, limit, 2 * se, free_hill=free_hill)
    np.testing.assert_allclose(sides, other, rtol=1e-7, atol=1e-7)
    if free_hill:
        sides = general.profile(batch, batch.weight, ours, limit, "hill")
        other = profile.interval(
            batch, batch.weight, theirs, limit, 0.1 + 0 * se, free_hill=True, of="hill"
        )
        np.testing.assert_allclose(sides, other, rtol=1e-7)


@pytest.mark.parametrize("name", ["5PL", "two-site", "partial", "gain-loss"])
def test_same_minimum_and_covariance_as_scipy(name):
    """Never a worse sum of squares than scipy from the truth, and else the same answer."""
    batch, x, y, truth = simulated(name, 40, seed=5)
    model = MODELS[name]
    fitted = general.fit(model, batch, batch.weight)
    assert fitted.converged.all()
    # ±inf is out of scipy's reach: 30 decades away the textbook curves are at their plateaus
    xs = np.clip(x, -30, 30)
    block = np.isposinf(x)
    last = {"partial": -1, "gain-loss": 3}.get(name)

    def curve(_, *p):
        y = TEXTBOOK[name](10**xs, *p)
        return y if last is None else np.where(block, p[last], y)

    same = 0
    for i in range(40):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # trials with powers of negative numbers
            try:
                p, cov = curve_fit(curve, xs, y[i], truth[i], ftol=1e-15, xtol=1e-15, gtol=1e-15)
            except RuntimeError:
                continue
            ss = ((curve(xs, *p) - y[i]) ** 2).sum()
        low, high = limits_of(model.parameters)
        if ((p < low) | (p > high)).any():
            continue
        assert not fitted.ss_wells[i] > ss * (1 + 1e-9)
        if fitted.ss_wells[i] > ss * (1 - 1e-9):
            same += 1
            sd = np.sqrt(np.diag(cov))
            assert (np.abs(fitted.values[i] - p) < 1e-4 * sd).all()
            np.testing.assert_allclose(fitted.se[i], sd, rtol=1e-3)
            by_definition = 1 - 1 / (np.diag(cov) * np.diag(np.linalg.inv(cov)))
            np.testing.assert_allclose(fitted.dependency[i], by_definition, rtol=1e-3, atol=1e-6)
    assert same > 30


def test_a_published_slope_with_its_standard_error():
    batch = batch_of(*CPM)
    fitted = general.fit(MODELS["4PL"], batch, batch.weight)
    assert fitted["hill"][0] == pytest.approx(0.9923, abs=6e-5)
    assert fitted.se[0, 1] == pytest.approx(0.0438, abs=6e-5)
    three = general.fit(MODELS["3PL"], batch, batch.weight)
    assert three["log10_ic50"][0] - 9 == pytest.approx(-8.90700, abs=6e-6)
    assert three.se[0, 0] == pytest.approx(0.01992, abs=6e-6)
    assert three.ss[0] == pytest.approx(26178.4, abs=0.06)


@pytest.mark.parametrize(
    ("held", "top", "bottom", "se_bottom", "ic50", "wald", "limits"),
    [
        ({}, 99.934, 10.84, 9.63, 71.71, (38.44, 133.8), (40.750, 152.78)),
        ({"bottom": 0.0}, None, 0.0, None, 89.73, (77.70, 103.6), (77.80, 104.06)),
    ],
)
def test_incomplete_curve(held, top, bottom, se_bottom, ic50, wald, limits):
    batch = batch_of(*INCOMPLETE)
    fitted = general.fit(MODELS["3PL"], batch, batch.weight, held=held)
    assert fitted.df[0] == 4 + len(held)
    location, se = fitted["log10_ic50"][0], fitted.se[0]
    assert 10**location == pytest.approx(ic50, abs=6e-3)
    assert fitted["bottom"][0] == pytest.approx(bottom, abs=6e-3)
    if not held:
        assert fitted["top"][0] == pytest.approx(top, abs=6e-4)
        assert se[2] == pytest.approx(se_bottom, abs=6e-3)
    half = student.ppf(0.975, fitted.df[0]) * se[0]
    assert 10 ** (location - half) == pytest.approx(wald[0], abs=6e-3)
    assert 10 ** (location + half) == pytest.approx(wald[1], abs=6e-2)
    sides = general.profile(batch, batch.weight, fitted, limit_of(fitted), "log10_ic50")
    assert 10 ** np.ravel(sides) == pytest.approx(limits, abs=6e-3)


def test_a_curve_that_hardly_begins():
    batch = batch_of(*WEAK)
    extrapolated = general.fit(MODELS["3PL"], batch, batch.weight, held={"bottom": 0.0})
    half = student.ppf(0.975, extrapolated.df[0]) * extrapolated.se[0, 0]
    location = extrapolated["log10_ic50"][0]
    assert 10**location == pytest.approx(21.1e3, abs=50)
    assert 10 ** (location - half) == pytest.approx(16.2e3, abs=50)
    assert 10 ** (location + half) == pytest.approx(27.5e3, abs=50)
    # all four free: the curve does not tell, and that must show
    fitted = general.fit(MODELS["4PL"], batch, batch.weight)
    assert fitted.dependency.max() == pytest.approx(0.99995, abs=5e-6)
    limit = limit_of(fitted)
    assert general.profile(batch, batch.weight, fitted, limit, "log10_ic50")[1] == np.inf
    assert general.profile(batch, batch.weight, fitted, limit, "bottom")[0] == -np.inf


@pytest.mark.parametrize("name", ["5PL", "two-site", "partial", "gain-loss"])
def test_profile_limits_agree_with_a_refit_by_scipy(name):
    """At the limits of any parameter the refitted SS is SS_min (1 + F(0.95; 1, df)/df)."""
    batch, x, y, _ = simulated(name, 6, seed=6)
    model = MODELS[name]
    fitted = general.fit(model, batch, batch.weight)
    closed, names = 0, model.parameters
    for j, parameter in enumerate(names):
        sides = general.profile(batch, batch.weight, fitted, limit_of(fitted), parameter)
        assert (sides[0] < fitted[parameter]).all()
        assert (fitted[parameter] < sides[1]).all()
        for i in range(6):
            limit = fitted.ss_wells[i] * (
                1 + f_distribution.ppf(0.95, 1, fitted.df[i]) / fitted.df[i]
            )
            for end in (sides[0][i], sides[1][i]):
                if not np.isfinite(end):
                    continue

                def residual(rest, end=end, j=j, i=i):
                    return model.response(x, *np.insert(rest, j, end)) - y[i]

                rest, bounds = np.delete(fitted.values[i], j), limits_of(np.delete(names, j))
                refit = least_squares(
                    residual, rest, bounds=bounds, x_scale="jac", ftol=1e-13, max_nfev=2000
                )
                assert 2 * refit.cost == pytest.approx(limit, rel=1e-5)
                closed += 1
    assert closed > 9 * len(names)


@pytest.mark.parametrize("name", MODELS)
def test_answers_do_not_depend_on_the_other_curves(name):
    model = MODELS[name]
    batch, *_ = simulated(name, 31, seed=7)
    fitted = general.fit(model, batch, batch.weight)
    limits = general.profile(batch, batch.weight, fitted, limit_of(fitted), model.parameters[0])
    rng = np.random.default_rng(0)
    for rows in ([0], [21], [30, 3], rng.permutation(31)[:9], rng.permutation(31)):
        part = batch.select(np.asarray(rows))
        alone = general.fit(model, part, part.weight)
        for field in ("values", "covariance", "dependency", "ss", "ss_wells", "converged"):
            np.testing.assert_array_equal(getattr(alone, field), getattr(fitted, field)[rows])
        sides = general.profile(part, part.weight, alone, limit_of(alone), model.parameters[0])
        np.testing.assert_array_equal(sides, np.array(limits)[:, rows])


@pytest.mark.parametrize("scale", [3.7e6, 1e-20])
@pytest.mark.parametrize("name", MODELS)
def test_units_change_nothing_but_the_unit(name, scale):
    model = MODELS[name]
    batch, *_ = simulated(name, 40, seed=8)
    fitted = general.fit(model, batch, batch.weight)
    other = general.fit(
        model,
        replace(
            batch,
            x=batch.x - 9.0,  # molar
            mean=scale * batch.mean,
            ss_within=scale**2 * batch.ss_within,
        ),
        batch.weight,
    )
    for j, parameter in enumerate(model.parameters):
        expected = fitted.values[:, j]
        if parameter in ("top", "bottom", "nonspecific"):
            expected = expected * scale
        elif parameter.startswith("log10_"):
            expected = expected - 9.0
        atol = 1e-7 * np.abs(expected).max()
        np.testing.assert_allclose(other.values[:, j], expected, rtol=1e-6, atol=atol)
    np.testing.assert_allclose(other.ss, fitted.ss * scale**2, rtol=1e-10)


def test_replicates_are_the_same_as_their_means():
    batch, x, y, _ = simulated("5PL", 5, seed=9)
    fitted = general.fit(MODELS["5PL"], batch, batch.weight)
    for i in range(5):
        order = np.argsort(x, kind="stable")
        wells = batch_of(x[order], y[i, order])
        alone = general.fit(MODELS["5PL"], wells, wells.weight)
        np.testing.assert_allclose(alone.values[0], fitted.values[i], rtol=1e-7)
        np.testing.assert_allclose(alone.ss_wells[0], fitted.ss_wells[i], rtol=1e-10)
        np.testing.assert_allclose(alone.se[0], fitted.se[i], rtol=1e-7)
        assert alone.df[0] == fitted.df[i] == len(x) - 5


def test_a_mean_of_no_weight_is_left_out():
    x, y = CPM
    batch, without = batch_of(x, [*y[:4], 1e4, *y[5:]]), batch_of(np.delete(x, 4), np.delete(y, 4))
    weight = np.where(np.arange(12) == 4, 0.0, batch.weight)
    fitted = general.fit(MODELS["4PL"], batch, weight)
    other = general.fit(MODELS["4PL"], without, without.weight)
    np.testing.assert_allclose(fitted.values, other.values, rtol=1e-9)
    np.testing.assert_allclose(fitted.se, other.se, rtol=1e-8)
    assert fitted.df == other.df == 7


def test_parameters_are_held_for_all_curves_or_one_by_one():
    batch, *_, truth = simulated("4PL", 30, seed=10)
    three = general.fit(MODELS["3PL"], batch, batch.weight)
    held = general.fit(MODELS["4PL"], batch, batch.weight, held={"hill": 1.0})
    np.testing.assert_allclose(np.delete(held.values, 1, axis=1), three.values, rtol=1e-9)
    np.testing.assert_allclose(np.delete(held.se, 1, axis=1), three.se, rtol=1e-9)
    assert np.isnan(held.se[:, 1]).all()
    assert (held.df == three.df).all()
    each = general.fit(MODELS["4PL"], batch, batch.weight, held={"log10_ic50": truth[:, 0]})
    np.testing.assert_array_equal(each["log10_ic50"], truth[:, 0])
    sides = general.profile(batch, batch.weight, each, limit_of(each), "log10_ic50")
    assert np.isnan(sides).all()
    # a held value may lie outside of what is searched
    steep = general.fit(MODELS["4PL"], batch, batch.weight, held={"hill": 15.0})
    assert (steep["hill"] == 15.0).all()


def test_bounds_hold_and_the_rest_is_at_its_best():
    batch = batch_of(*INCOMPLETE)
    fitted = general.fit(MODELS["3PL"], batch, batch.weight, bounds={"bottom": (20.0, 50.0)})
    held = general.fit(MODELS["3PL"], batch, batch.weight, held={"bottom": 20.0})
    assert fitted.converged.all()
    np.testing.assert_allclose(fitted.values, held.values, rtol=1e-8)
    within = general.fit(MODELS["3PL"], batch, batch.weight, bounds={"bottom": (0.0, 50.0)})
    free = general.fit(MODELS["3PL"], batch, batch.weight)
    np.testing.assert_allclose(within.values, free.values, rtol=1e-7)
    steep = batch_of(np.arange(6.0), [100, 100, 100, 0, 0, 0])
    fitted = general.fit(MODELS["4PL"], steep, steep.weight, bounds={"hill": (0.5, 3.0)})
    assert fitted["hill"][0] == pytest.approx(3.0, rel=1e-12)


def test_a_start_in_the_wrong_place_is_no_hindrance():
    batch, *_ = simulated("5PL", 30, seed=11)
    fitted = general.fit(MODELS["5PL"], batch, batch.weight)
    start = {"log10_ic50": 3.5, "hill": 3.0, "asymmetry": np.full(30, 5.0)}
    other = general.fit(MODELS["5PL"], batch, batch.weight, start=start)
    same = np.abs(other.ss / fitted.ss - 1) < 1e-9
    assert same.mean() > 0.9
    np.testing.assert_allclose(other.values[same], fitted.values[same], rtol=1e-5)


def test_names_and_values_that_cannot_be_are_refused():
    batch = batch_of(*CPM)
    fit = general.fit
    with pytest.raises(ValueError, match="the 3PL model has no hill"):
        fit(MODELS["3PL"], batch, batch.weight, held={"hill": 1.0})
    with pytest.raises(ValueError, match="the start lacks hill"):
        fit(MODELS["4PL"], batch, batch.weight, start={"log10_ic50": 1.0})
    with pytest.raises(ValueError, match=r"hill of the 4PL model cannot be held at -1\.0"):
        fit(MODELS["4PL"], batch, batch.weight, held={"hill": -1.0})
    with pytest.raises(ValueError, match="asymmetry"):
        general.profile(
            batch, batch.weight, fit(MODELS["4PL"], batch, batch.weight), np.ones(1), "asymmetry"
        )


def test_flat_and_scatterless_curves_end_quietly():
    x = np.r_[-np.inf, np.arange(8.0), np.inf]
    flat = batch_of(x, np.full(10, 50.0))
    for model in MODELS.values():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fitted = general.fit(model, flat, flat.weight)
        np.testing.assert_allclose(fitted.at(flat.x), 50.0, rtol=1e-9)
        assert fitted.converged.all()
    # the level is told, where on the axis nothing happens is not
    fitted = general.fit(MODELS["4PL"], flat, flat.weight)
    assert not fitted.se[0, 0] < 1e6
