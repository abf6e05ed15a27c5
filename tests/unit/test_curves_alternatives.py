"""Models that were asked for, plateaus' limits and extrapolation, against other programs."""

import numpy as np
import pytest
from scipy.optimize import brentq, least_squares
from scipy.stats import f as f_distribution
from simulated_curves import BLOCK, VEHICLE, DOSES_nM, batch_of, fit_one, inhibition, simulate

from reuptake.curves import alternatives
from reuptake.curves.fit import fit_curves

pytestmark = pytest.mark.filterwarnings("error")

DOSES = np.repeat(DOSES_nM, 3)
PLATE = np.r_[DOSES, np.full(8, VEHICLE), np.full(6, BLOCK)]


def two_sites(c, ic50_1, ic50_2, fraction, top=100.0, bottom=0.0):
    """The mean of two Hill equations, as a textbook writes it."""
    first, second = (inhibition(c, ic50, top=1.0) for ic50 in (ic50_1, ic50_2))
    return bottom + (top - bottom) * (fraction * first + (1 - fraction) * second)


def noise(seed, sd=3.0):
    return np.random.default_rng(seed).normal(0, sd, len(PLATE))


def test_where_a_two_site_curve_crosses():
    for log10_1, log10_2, fraction, remaining in [
        (0.3, 3.1, 0.4, 0.5),
        (0.3, 3.1, 0.9, 0.25),
        (-9.0, -7.0, 0.5, 0.8),
        (1.0, 1.0, 0.2, 0.5),
    ]:
        truth = brentq(
            lambda x, a=log10_1, b=log10_2, f=fraction, r=remaining: (
                two_sites(10**x, 10**a, 10**b, f, top=1.0) - r
            ),
            -15, 10, xtol=1e-14,
        )  # fmt: skip
        found = alternatives.log10_crossing(log10_1, log10_2, fraction, remaining)
        assert found == pytest.approx(truth, abs=1e-12)
    ends = alternatives.log10_crossing(0.0, 1.0, 0.5, np.array([0.0, 1.0]))
    assert ends.tolist() == [np.inf, -np.inf]


def test_two_sites_are_those_of_scipy_and_earn_their_parameters():
    y = two_sites(PLATE, 3.0, 1000.0, 0.5) + noise(1)
    row = fit_one(PLATE, y, model="two-site")

    def residual(p):
        return y - two_sites(PLATE, 10 ** p[0], 10 ** p[1], *p[2:])

    def one_site(p):
        return y - inhibition(PLATE, 10 ** p[0], top=p[1], bottom=p[2])

    tight = {"method": "lm", "xtol": 1e-15, "ftol": 1e-15}
    best = least_squares(residual, [0.5, 3.0, 0.5, 100, 0], **tight)
    simple = least_squares(one_site, [1.5, 100, 0], **tight)
    sites = np.log10([row.ic50_1_nM, row.ic50_2_nM])
    assert [*sites, row.fraction, row.top, row.bottom] == pytest.approx(best.x.tolist(), abs=1e-5)
    assert row.rss == pytest.approx(2 * best.cost, rel=1e-9)
    f = ((simple.cost - best.cost) / 2) / (best.cost / 39)
    assert f_distribution.sf(f, 2, 39) < 1e-4
    assert "two-site earns its parameters against the 3PL: F test p < 0.0001" in row["flags"]
    assert row.status == "ok"
    assert row.ic50_1_lower_nM < 3.0 < row.ic50_1_upper_nM
    assert row.ic50_2_lower_nM < 1000.0 < row.ic50_2_upper_nM
    # half way between the plateaus, by geometry of two equal sites
    assert row.ic50_nM == pytest.approx(np.sqrt(3.0 * 1000.0), rel=0.1)


def test_one_site_does_not_earn_a_second():
    row = fit_one(PLATE, inhibition(PLATE, 100) + noise(2), model="two-site")
    assert row.status == "ambiguous"
    assert "two-site does not earn its parameters against the 3PL" in row["flags"]
    assert row.ic50_nM == pytest.approx(100, rel=0.15)


def test_asymmetric_curve():
    """Richards' curve from its textbook form, half way found by bisection."""

    def truth(c):
        with np.errstate(divide="ignore"):
            return 100.0 * (1 + (c / 900.0) ** 1.3) ** -3.0

    half = brentq(lambda x: truth(10.0**x) - 50.0, 0, 4)
    row = fit_one(PLATE, truth(PLATE) + noise(3, sd=0.5), model="5PL")
    assert np.log10(row.ic50_nM) == pytest.approx(half, abs=0.02)
    assert row.ic50_lower_nM < 10.0**half < row.ic50_upper_nM
    assert row.asymmetry_lower < 3.0 < row.asymmetry_upper
    assert row.hill_lower < 1.3 < row.hill_upper
    assert "5PL earns its parameters against the 4PL" in row["flags"]


def test_gain_and_loss():
    lost = 1 / (1 + (DOSES / 3000.0) ** 2)
    level = 100.0 - 100.0 * lost * DOSES / (DOSES + 30.0)
    y = np.r_[level, np.full(8, 100.0), np.zeros(6)] + noise(4)
    row = fit_one(PLATE, y, model="gain-loss")
    assert row.ic50_lower_nM < 30.0 < row.ic50_upper_nM
    assert row.loss_decades_lower < 2.0 < row.loss_decades_upper
    assert "gain-loss earns its parameters against the 4PL" in row["flags"]
    assert row.ic50_absolute_qualifier == ""


def test_a_falling_curve_is_not_taken_for_the_loss_of_a_rising_one():
    n = 100
    curve, c, y, _ = simulate(n, seed=9, hill=(1.0, 1.0), log10_ic50=(1.0, 3.5))
    table = fit_curves(curve, c, y, n, model="gain-loss", interval="none")
    assert (table.status != "failed").all()
    assert (table.top > table.bottom).all()


@pytest.mark.parametrize("model", ["5PL", "two-site", "gain-loss"])
class TestEveryModel:
    def test_flat_and_far(self, model):
        flat = np.where(PLATE == BLOCK, 0.0, 100.0) + noise(5)
        row = fit_one(PLATE, flat, model=model, interval="none")
        assert (row.status, row.ic50_qualifier, row.ic50_nM) == ("inactive", ">", DOSES_nM[-1])
        far = fit_one(PLATE, inhibition(PLATE, 1e5) + noise(5), model=model, interval="none")
        assert (far.status, far.ic50_qualifier, far.ic50_nM) == ("incomplete", ">", DOSES_nM[-1])
        near = fit_one(PLATE, inhibition(PLATE, 0.2) + noise(5), model=model, interval="none")
        assert near.ic50_qualifier in ("<", "=")

    def test_rising_and_unfit(self, model):
        row = fit_one(DOSES, 100 - inhibition(DOSES, 100) + noise(6)[:30], model=model)
        assert (row.status, row.ic50_qualifier) == ("failed", "")
        assert fit_one(DOSES[:9], DOSES[:9], model=model).status == "failed"

    def test_neighbours_and_units(self, model):
        rng = np.random.default_rng(7)
        n = 6
        ic50 = 10 ** rng.uniform(1, 3, n)
        y = inhibition(PLATE, ic50[:, None], hill=1.3) + rng.normal(0, 3, (n, len(PLATE)))
        curve, c = np.repeat(np.arange(n), len(PLATE)), np.tile(PLATE, n)
        together = fit_curves(curve, c, y.ravel(), n, model=model, interval="none")
        for i in range(n):
            alone = fit_one(PLATE, y[i], model=model, interval="none")
            assert alone.equals(together.iloc[i].rename(0))
        moved = fit_curves(curve, c * 1e-6, 1e3 * y.ravel(), n, model=model, interval="none")
        exact = together.ic50_qualifier == "="
        np.testing.assert_allclose(moved.ic50_nM[exact] * 1e6, together.ic50_nM[exact], rtol=1e-6)


def test_limits_of_the_plateaus_are_those_of_a_profile_by_hand():
    """The incomplete curve of the notes: bottom 10.84, standard error 9.63."""
    c = np.array([0.1, 0.316, 1, 3.16, 10, 31.6, 100])
    y = np.array([99, 101, 97, 98, 88, 73, 48.0])
    row = fit_one(c, y, interval="plateaus")

    def ss(bottom):
        def residual(p):
            return y - inhibition(c, 10 ** p[0], top=p[1], bottom=bottom)

        return 2 * least_squares(residual, [1.8, 100], method="lm", xtol=1e-15).cost

    limit = row.rss * (1 + f_distribution.ppf(0.95, 1, 4) / 4)
    upper = brentq(lambda b: ss(b) - limit, 10.84, 60)
    lower = brentq(lambda b: ss(b) - limit, -200, 10.84)
    assert row.bottom_upper == pytest.approx(upper, rel=1e-4)
    assert row.bottom_lower == pytest.approx(lower, rel=1e-4)
    assert row.top_lower < row.top < row.top_upper
    assert "top_lower" not in fit_one(c, y)


def test_extrapolation_holds_the_plateau_and_the_slope():
    """21.1 uM, Wald 16.2 to 27.5, for a curve of which 31 % is seen."""
    x = np.log10([1, 3.16, 10, 31.6, 100, 316, 1000, 3160, 10000])
    batch = batch_of(x, [101, 98, 102, 99, 97, 96, 91, 83, 69])
    found = 10.0 ** (np.array(alternatives.extrapolated(batch, np.zeros(1)))[:, 0] - 3)
    assert found == pytest.approx([21.1, 16.2, 27.5], abs=0.06)
