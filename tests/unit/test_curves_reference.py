"""The curve engine against published and independently computed numbers."""

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.stats import f as f_distribution
from scipy.stats import t as student
from simulated_curves import batch_of, fit_one, inhibition, simulate, with_controls

from reuptake.curves import choice, engine, general, outliers, profile
from reuptake.curves.groups import batches
from reuptake.curves.models import MODELS
from reuptake.curves.weights import iterate, proportional_error

# A competition curve simulated with log10 IC50 -8.9 (M), top 4800 and bottom 600 cpm.
LOG10_M = np.arange(-11, -5.4, 0.5)
CPM = [4815, 4627, 4581, 3878, 2985, 1751, 1091, 768, 639, 635, 599, 602]

# An incomplete curve, and one that hardly begins.
INCOMPLETE = [0.1, 0.316, 1, 3.16, 10, 31.6, 100], [99, 101, 97, 98, 88, 73, 48]
WEAK = (
    [1, 3.16, 10, 31.6, 100, 316, 1000, 3160, 10000],
    [101, 98, 102, 99, 97, 96, 91, 83, 69],
)


@pytest.mark.parametrize(
    ("poisson", "c", "log10_ic50", "nM", "se", "wald", "limits", "ss", "hill", "hill_se",
     "f", "p", "delta"),
    [
        (None, None, -8.90700, 1.2388, 0.01992, (-8.9520, -8.8619), (-8.9521, -8.8618),
         26178.4, 0.9923, 0.0438, 0.0303, 0.866, 6.240),
        (1, 0, -8.90566, 1.2426, 0.01652, (-8.9430, -8.8683), (-8.9432, -8.8683),
         7.94837, 0.9910, 0.0336, 0.0705, 0.797, 6.180),
        (0, 1, -8.90255, 1.2516, 0.01655, (-8.9400, -8.8651), (-8.9403, -8.8651),
         0.00381582, 0.9851, 0.0304, 0.237, 0.639, 5.935),
        (1, 0.02, -8.90490, 1.2448, 0.01580, (-8.9406, -8.8692), (-8.9408, -8.8692),
         3.74051, 0.9889, 0.0312, 0.123, 0.735, 6.103),
    ],
    ids=["equal", "counting", "proportional", "both"],
)  # fmt: skip
def test_competition_curve_under_four_weightings(
    poisson, c, log10_ic50, nM, se, wald, limits, ss, hill, hill_se, f, p, delta
):
    options = {}
    if poisson is not None:
        options = {"poisson_per_unit": np.array([float(poisson)]), "c": np.array([float(c)])}
    row = fit_one(10 ** (LOG10_M + 9), CPM, **options)
    fitted = np.log10(row.ic50_nM) - 9
    assert row.model == "3PL"
    assert fitted == pytest.approx(log10_ic50, abs=6e-6)
    assert row.ic50_nM == pytest.approx(nM, rel=1e-4)
    assert row.log10_ic50_se == pytest.approx(se, abs=6e-6)
    half = student.ppf(0.975, row.df) * row.log10_ic50_se
    assert (fitted - half, fitted + half) == pytest.approx(wald, abs=6e-5)
    profiled = np.log10([row.ic50_lower_nM, row.ic50_upper_nM]) - 9
    assert profiled == pytest.approx(limits, abs=1e-4)
    assert row.rss == pytest.approx(ss, rel=1e-5)
    assert row.hill_free == pytest.approx(hill, abs=6e-5)

    batch = batch_of(LOG10_M + 9, CPM)
    if poisson is not None:
        batch = iterate(batch, *options.values())
    free = general.fit(MODELS["4PL"], batch, batch.weight)
    assert (free["hill"][0], free.se[0, 1]) == pytest.approx((hill, hill_se), abs=6e-5)
    ss4 = engine.fit(batch, batch.weight, free_hill=True).ss
    observed = (row.rss - ss4) / (ss4 / 8)
    assert observed == pytest.approx(f, rel=2e-2)
    assert choice.f_test(row.rss, 9, ss4, 8) == pytest.approx(p, abs=6e-4)
    assert choice.aicc(ss4, 12, 4) - choice.aicc(row.rss, 12, 3) == pytest.approx(delta, abs=6e-4)


def test_f_test_is_that_of_scipy():
    p = choice.f_test(120.0, 9, 60.0, 7)
    assert p == pytest.approx(f_distribution.sf(((120 - 60) / 2) / (60 / 7), 2, 7), rel=1e-12)


def test_incomplete_curve_with_its_bottom_free():
    row = fit_one(*INCOMPLETE)
    assert row.top == pytest.approx(99.934, abs=6e-4)
    assert row.bottom == pytest.approx(10.84, abs=6e-3)
    assert row.ic50_nM == pytest.approx(71.71, abs=6e-3)
    half = student.ppf(0.975, row.df) * row.log10_ic50_se
    wald = 10 ** (np.log10(row.ic50_nM) + np.array([-half, half]))
    assert wald == pytest.approx([38.44, 133.8], rel=1e-3)
    assert row.ic50_lower_nM == pytest.approx(40.750, rel=1e-3)
    assert row.ic50_upper_nM == pytest.approx(152.78, rel=1e-3)
    batch = batch_of(np.log10(INCOMPLETE[0]), INCOMPLETE[1])
    fitted = engine.fit(batch, batch.weight, free_hill=False)
    se_bottom = engine.uncertainty(batch, batch.weight, fitted, free_hill=False)[1]
    assert se_bottom * np.sqrt(fitted.ss / 4) == pytest.approx(9.63, abs=6e-3)


def test_incomplete_curve_with_its_bottom_held_at_zero():
    # a full-block mean of such weight that it does not give way
    x = np.r_[np.log10(INCOMPLETE[0]), np.inf]
    batch = batch_of(x, [*INCOMPLETE[1], 0.0], n=np.r_[np.ones(7), 1e9])
    fitted = engine.fit(batch, batch.weight, free_hill=False)
    assert 10**fitted.log10_ic50 == pytest.approx(89.73, abs=6e-3)
    limit = profile.threshold(fitted.ss, 5)
    step = np.array([0.05])
    limits = profile.interval(batch, batch.weight, fitted, limit, step, free_hill=False)
    assert 10 ** np.array(limits).ravel() == pytest.approx([77.80, 104.06], rel=1e-3)
    se = engine.uncertainty(batch, batch.weight, fitted, free_hill=False)[0]
    half = student.ppf(0.975, 5) * se * np.sqrt(fitted.ss / 5)
    assert 10 ** (fitted.log10_ic50 + half) == pytest.approx(103.6, rel=1e-3)


def test_a_curve_that_hardly_begins_is_a_limit_with_the_effect_reached():
    row = fit_one(*WEAK)
    assert (row.status, row.ic50_qualifier, row.ic50_nM) == ("incomplete", ">", 10000)
    assert np.isnan(row.ic50_lower_nM)
    assert "31 % effect at the highest tested" in row["flags"]
    # with its plateau at 0 and Hill 1: 21.1 uM, Wald 16.2 to 27.5, rounded outward
    assert "extrapolated IC50 21,100 nM (16,200 to 27,600), if the curve" in row["flags"]


@pytest.mark.parametrize("controls", [False, True])
def test_error_free_partial_inhibitor(controls):
    doses = [0.1, 0.316, 1, 3.16, 10, 31.6, 100, 316, 1000, 3160, 10000]
    response = inhibition(doses, 10, bottom=40)
    row = fit_one(*(with_controls(doses, response) if controls else (doses, response)))
    assert (row.status, row.ic50_qualifier) == ("partial", "=")
    assert row.ic50_nM == pytest.approx(10.0, rel=1e-9)
    assert row.ic50_absolute_nM == pytest.approx(50.0, rel=1e-8)
    assert (row.top, row.bottom) == pytest.approx((100, 40), rel=1e-9)
    assert "partial inhibition: 40 %" in row["flags"]


def test_one_moved_well_is_found_and_told_not_removed(monkeypatch):
    moved = [*CPM[:6], 2400, *CPM[7:]]
    row = fit_one(10 ** (LOG10_M + 9), moved)
    assert row.ic50_nM == pytest.approx(1.5360, rel=1e-4)
    assert row.ic50_cleaned_nM == pytest.approx(1.23474, rel=1e-4)
    assert "outlying wells by ROUT: 10.0 nM (IC50 without them 1.23 nM)" in row["flags"]
    batch = batch_of(LOG10_M + 9, moved)
    fitted = engine.fit(batch, batch.weight, free_hill=False)
    judged = []
    keep = outliers.discoveries
    monkeypatch.setattr(outliers, "discoveries", lambda p: (judged.append(p), keep(p))[1])
    outlying, _ = outliers.rout(batch, fitted, np.array([3]), free_hill=False)
    assert np.flatnonzero(outlying[0]).tolist() == [6]
    # distance from the robust curve, in robust SD, with 9 df
    assert student.isf(judged[0][0, 6] / 2, 9) == pytest.approx(15.35, rel=1e-3)
    assert judged[0][0, 6] == pytest.approx(9.2e-8, rel=0.01)


def test_robust_sd_and_discoveries_by_hand():
    # ten residuals 1..10: percentile 68.27 lies at 1 + 0.6827 * 9 = 7.1443, times 10/7
    residual = np.arange(1.0, 11.0)[None] * np.resize([1, -1], 10)
    assert outliers.robust_sd(residual, np.array([3])) == pytest.approx(7.1443 * 10 / 7)
    # Benjamini-Hochberg at 1 %: the third passes (0.007 <= 0.01 * 3/4) and takes both below along
    p = np.array([[0.007, 0.0049, 0.006, 0.5], [0.02, 0.5, 0.5, 0.5]])
    assert outliers.discoveries(p).tolist() == [[True, True, True, False], [False] * 4]


def test_proportional_error_by_hand():
    # sets (mean 1000, var 3500, df 2) and (mean 400, var 900, df 1), counting variance 1 a unit:
    # (2 * 2500/1e6 + 500/1.6e5) / 3
    c = proportional_error([1000, 400, 0, 50], [3500, 900, 5, 5], [2, 1, 3, 0], 1.0)
    assert c == pytest.approx(np.sqrt((0.005 + 0.003125) / 3))
    assert proportional_error([1000], [10], [3], 1.0) == 0.0
    assert proportional_error([], [], [], 1.0) == 0.0


def certified(path):
    """Parameters, residual sum of squares and data of a NIST StRD file."""
    lines = path.read_text(encoding="ascii").splitlines()
    parameters = [float(line.split("=")[1].split()[2]) for line in lines if line.startswith("  b")]
    ss = next(float(li.split(":")[1]) for li in lines if li.startswith("Residual Sum of Squares"))
    start = next(i for i, line in enumerate(lines) if line.startswith("Data:   y"))
    y, x = np.array([[float(v) for v in line.split()] for line in lines[start + 1 :] if line]).T
    return parameters, ss, x, y


def test_nist_rat42(shared):
    """y = b1/(1 + exp(b2 - b3 x)): a logistic whose other plateau is zero.

    The zero is a vehicle mean of such weight that it does not give way. (Rat43 has an
    asymmetry parameter, which is outside the model.)
    """
    path = shared / "reference" / "nist" / "Rat42.dat"
    if not path.is_file():
        pytest.skip(f"no {path}")
    (b1, b2, b3), ss, x, y = certified(path)
    assert len(y) == 9
    batch = batch_of(np.r_[-np.inf, x / 10], np.r_[0.0, y], n=np.r_[1e9, np.ones(9)])
    fitted = engine.fit(batch, batch.weight, free_hill=True)
    rate = fitted.hill * np.log(10) / 10
    assert fitted.bottom == pytest.approx(b1, rel=1e-7)
    assert rate == pytest.approx(b3, rel=1e-7)
    assert fitted.log10_ic50 * 10 * rate == pytest.approx(b2, rel=1e-7)
    assert fitted.ss == pytest.approx(ss, rel=1e-7)


@pytest.mark.parametrize("controls", [True, False])
@pytest.mark.parametrize("free_hill", [True, False])
def test_same_minimum_as_scipy(controls, free_hill):
    """Never a worse sum of squares, and the same parameters where scipy gets as low.

    An IC50 outside the tested range stands for a straight line, whatever its digits.
    """
    n = 150
    curve, concentration, response, truth = simulate(n, seed=11, controls=controls)
    x = np.log10(concentration, out=np.full(len(curve), -np.inf), where=concentration > 0)
    (batch,) = batches(curve, x, response)
    fitted = engine.fit(batch, batch.weight, free_hill=free_hill)
    same = 0
    for i in range(n):
        xi, yi = np.clip(x[curve == i], -40, 40), response[curve == i]

        def residual(p, xi=xi, yi=yi):
            hill = np.exp(p[3]) if free_hill else 1.0
            return p[1] + (p[0] - p[1]) / (1 + 10 ** ((xi - p[2]) * hill)) - yi

        start = [100.0, 5.0, truth[i], 0.0][: 4 if free_hill else 3]
        other = least_squares(residual, start, jac="cs", xtol=1e-15, ftol=1e-15, gtol=1e-15)
        if not xi[xi > -40].min() <= other.x[2] <= xi[xi < 40].max():
            continue
        ours, theirs = fitted.ss[i] + batch.ss_pure[i], 2 * other.cost
        assert ours <= theirs * (1 + 1e-9)
        if theirs <= ours * (1 + 1e-12):
            same += 1
            found = [fitted.top[i], fitted.bottom[i], fitted.log10_ic50[i], np.log(fitted.hill[i])]
            np.testing.assert_allclose(10 ** found[2], 10 ** other.x[2], rtol=1e-6)
            np.testing.assert_allclose(found[: len(start)], other.x, rtol=1e-6, atol=1e-5)
    assert same > 0.8 * n


def test_profile_limits_agree_with_a_refit_by_scipy():
    """At the limits the refitted sum of squares is SS_min (1 + F(0.95; 1, df)/df)."""
    curve, concentration, response, _ = simulate(40, seed=12, hill=(1.6, 2.0))
    x = np.log10(concentration, out=np.full(len(curve), -np.inf), where=concentration > 0)
    from reuptake.curves.fit import fit_curves

    table = fit_curves(curve, concentration, response, 40)
    four = table.index[(table.model == "4PL") & (table.status == "ok")]
    assert len(four) > 30
    for i in four[:12]:
        row, xi, yi = table.loc[i], x[curve == i], response[curve == i]
        limit = row.rss * (1 + f_distribution.ppf(0.95, 1, row.df) / row.df)
        for end in (row.ic50_lower_nM, row.ic50_upper_nM):

            def residual(p, end=end, xi=xi, yi=yi):
                power = 10 ** ((xi - np.log10(end)) * np.exp(p[2]))
                return p[1] + (p[0] - p[1]) / (1 + power) - yi

            refit = least_squares(residual, [row.top, row.bottom, np.log(row.hill)], method="lm")
            assert 2 * refit.cost == pytest.approx(limit, rel=1e-6)
        for end in (row.hill_lower, row.hill_upper):

            def residual(p, end=end, xi=xi, yi=yi):
                return p[1] + (p[0] - p[1]) / (1 + 10 ** ((xi - p[2]) * end)) - yi

            refit = least_squares(residual, [row.top, row.bottom, np.log10(row.ic50_nM)])
            assert 2 * refit.cost == pytest.approx(limit, rel=1e-6)


def test_weights_by_standard_deviation_are_those_of_scipy():
    """Each well with a standard deviation of its own, replicates included."""
    rng = np.random.default_rng(15)
    dose = np.repeat(10.0 ** np.arange(0, 5, 0.5), 3)
    sd = rng.uniform(1.0, 12.0, len(dose))
    response = inhibition(dose, 150.0, hill=1.3, top=99, bottom=6) + sd * rng.normal(size=len(dose))
    row = fit_one(dose, response, sd=sd, model="4PL", interval="wald")

    def residual(p):
        return (response - inhibition(dose, 10 ** p[0], p[1], p[2], p[3])) / sd

    best = least_squares(residual, [2.0, 1.0, 100.0, 0.0], method="lm", xtol=1e-15, ftol=1e-15)
    s2 = 2 * best.cost / (len(dose) - 4)
    se = np.sqrt(np.linalg.inv(best.jac.T @ best.jac)[0, 0] * s2)
    assert row.model == "4PL"
    assert np.log10(row.ic50_nM) == pytest.approx(best.x[0], abs=1e-7)
    assert (row.hill, row.top, row.bottom) == pytest.approx(tuple(best.x[1:]), rel=1e-6)
    assert row.rss == pytest.approx(2 * best.cost, rel=1e-9)
    assert row.log10_ic50_se == pytest.approx(se, rel=1e-5)
    half = student.ppf(0.975, len(dose) - 4) * se
    limits = np.log10([row.ic50_lower_nM, row.ic50_upper_nM])
    assert limits == pytest.approx([best.x[0] - half, best.x[0] + half], abs=1e-5)
    # a common factor of the standard deviations is none of the curve's business
    scaled = fit_one(dose, response, sd=1e3 * sd, model="4PL", interval="wald")
    assert scaled.ic50_nM == pytest.approx(row.ic50_nM, rel=1e-9)


def test_the_model_asked_for_is_the_one_fitted():
    row = fit_one(10 ** (LOG10_M + 9), CPM, model="4PL")
    assert (row.model, row.hill) == ("4PL", pytest.approx(0.9923, abs=6e-5))
    assert fit_one(10 ** (LOG10_M + 9), CPM, model="3PL").model == "3PL"
