"""ED50 of protection: the worked example, bounds, and what the data do not allow."""

import numpy as np
import pytest
from animal_sets import PCA_ng_per_g as PCA

from reuptake.animals.ed50 import ed50, fit_levels

DOSES = np.repeat([1.0, 3.0, 10.0], 6)
LEVELS = np.array([*PCA["1"], *PCA["3"], *PCA["10"]], dtype=float)


def test_worked_example():
    found = ed50(DOSES, LEVELS, PCA["Vehicle"], PCA["PCA"])
    assert (found.qualifier, found.flags) == ("=", [])
    assert found.value == pytest.approx(3.022916, rel=1e-5)
    fit = found.free
    assert (fit.vehicle, fit.challenge) == pytest.approx((789.536, 302.196), rel=1e-5)
    assert (fit.hill, fit.hill_se) == pytest.approx((1.593177, 0.1857), rel=2e-4)
    assert fit.wald == pytest.approx((2.5242, 3.6202), rel=1e-4)
    assert (found.lower, found.upper) == pytest.approx((2.5266, 3.6336), rel=1e-3)
    assert (fit.ss, fit.df) == pytest.approx((31213.934, 26), rel=1e-6)
    f, df1, df2, p = fit.lack_of_fit
    assert (f, df1, df2, p) == pytest.approx((0.179, 1, 25, 0.676), abs=6e-4)
    assert (found.one.ed50, found.one.ss) == pytest.approx((3.0945, 54624.31), rel=1e-5)
    assert found.slope_test[0] == pytest.approx(19.50, abs=0.005)


def test_the_profile_limits_are_where_the_sum_of_squares_says():
    fit = fit_levels(DOSES, LEVELS, PCA["Vehicle"], PCA["PCA"], hill=1.0)
    x = np.concatenate([np.full(6, np.inf), np.full(6, 0.0), DOSES])
    y = np.concatenate([PCA["Vehicle"], PCA["PCA"], LEVELS])
    for limit in fit.profile:
        with np.errstate(divide="ignore"):
            share = 1 / (1 + limit / x)
        design = np.column_stack([share, 1 - share])
        ss = np.linalg.lstsq(design, y, rcond=None)[1][0]
        assert ss / fit.ss - 1 == pytest.approx(4.210008 / 27, rel=1e-5)  # F(0.95; 1, 27)


@pytest.mark.parametrize(
    ("shift", "qualifier", "value", "words"),
    [(-300, ">", 10, "no dose reaches 50 %"), (300, "<", 1, "every dose reaches 50 %")],
)
def test_bounds(shift, qualifier, value, words):
    levels = LEVELS if shift > 0 else np.tile(PCA["1"], 3)
    levels = levels + max(shift, 0)
    found = ed50(DOSES, levels, PCA["Vehicle"], PCA["PCA"])
    assert (found.qualifier, found.value, found.flags) == (qualifier, value, [words])
    assert np.isnan([found.lower, found.upper]).all()


def test_one_dose_is_a_bound():
    for key, qualifier in (("1", ">"), ("10", "<")):
        found = ed50(np.full(6, 3.0), np.array(PCA[key]), PCA["Vehicle"], PCA["PCA"])
        assert (found.qualifier, found.value) == (qualifier, 3.0)


def test_a_step_between_two_doses_has_no_slope():
    levels = np.concatenate([PCA["PCA"], PCA["PCA"], PCA["Vehicle"]]).astype(float)
    found = ed50(DOSES, levels, PCA["Vehicle"], PCA["PCA"])
    assert found.qualifier == "="
    assert 3 < found.value < 10
    assert "slope not determined: at its limit" in found.flags
