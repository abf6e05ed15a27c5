"""Effect sizes, agreement, assumptions: published examples and other programs."""

import numpy as np
import pytest
from animal_sets import JUDGES, SWIM_S
from animal_sets import PCA_ng_per_g as PCA
from scipy import stats
from test_animals_dunnett import model_of

from reuptake.animals import omnibus, sensitivity
from reuptake.animals.agreement import (
    band,
    bland_altman,
    icc_agreement,
    icc_consistency,
    icc_one_way,
)
from reuptake.animals.censored import fit_censored
from reuptake.animals.effects import antagonism_pct, fieller, hedges_g, reduction_pct
from reuptake.animals.groups import against, fit_groups


@pytest.mark.parametrize(
    ("dose", "g", "lower", "upper"),
    [
        ("1", -0.2547, -1.0948, 0.5923),
        ("3", -1.5548, -2.5182, -0.5597),
        ("10", -3.4591, -4.8420, -2.0412),
    ],
)
def test_hedges_g(dose, g, lower, upper):
    found = hedges_g(SWIM_S[dose], SWIM_S["Vehicle"])
    assert (found.value, found.lower, found.upper) == pytest.approx((g, lower, upper), abs=6e-5)


def test_hedges_g_is_antisymmetric_and_refuses():
    one = hedges_g([1, 2, 4, 9], [10, 12, 15])
    other = hedges_g([10, 12, 15], [1, 2, 4, 9])
    assert (one.value, one.lower) == pytest.approx((-other.value, -other.upper))
    assert hedges_g([3], [1, 2]).reason == "one animal in a group"
    assert np.isnan(hedges_g([3, 3], [1, 1]).value)


def test_hedges_g_of_a_huge_effect_has_closed_limits():
    found = hedges_g([1.0, 1.1, 0.9, 1.05], [200.0, 201.0, 199.5, 200.2])
    assert found.lower < found.value < found.upper < 0


@pytest.mark.parametrize(
    ("dose", "value", "lower", "upper"),
    [
        ("1", 3.2039, -8.1103, 13.3686),
        ("3", 19.8058, 9.4410, 29.2183),
        ("10", 43.9806, 34.8096, 52.4864),
    ],
)
def test_reduction(dose, value, lower, upper):
    model = model_of(SWIM_S)
    i = [model.at(dose), model.at("Vehicle")]
    found = reduction_pct(*model.mean[i], model.covariance[np.ix_(i, i)], model.df)
    assert (found.value, found.lower, found.upper) == pytest.approx((value, lower, upper), abs=6e-5)


@pytest.mark.parametrize(
    ("dose", "value", "lower", "upper"),
    [
        ("1", 13.641026, 5.2702, 21.4715),
        ("3", 49.982906, 42.5178, 57.4477),
        ("10", 86.017094, 78.1955, 94.3739),
    ],
)
def test_antagonism(dose, value, lower, upper):
    model = model_of(PCA)
    i = [model.at(name) for name in (dose, "PCA", "Vehicle")]
    found = antagonism_pct(*model.mean[i], model.covariance[np.ix_(i, i)], model.df)
    assert found.value == pytest.approx(value, rel=1e-6)
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=6e-5)


def test_fieller_is_unbounded_where_the_denominator_may_be_zero():
    found = fieller(5.0, 1.0, 1.0, 1.0, 0.0, 20)
    assert (found.value, found.reason) == (
        5.0,
        "interval unbounded: the denominator cannot be told from zero",
    )
    assert np.isnan([found.lower, found.upper]).all()
    just = stats.t.ppf(0.975, 20)
    assert not fieller(5.0, just * 1.001, 1.0, 1.0, 0.0, 20).reason
    assert fieller(5.0, just * 0.999, 1.0, 1.0, 0.0, 20).reason


def test_fieller_limits_are_the_ratios_that_a_t_test_just_allows():
    a, b, va, vb, c, df = 12.0, 30.0, 4.0, 9.0, 2.5, 14
    found = fieller(a, b, va, vb, c, df)
    for ratio in (found.lower, found.upper):
        t = (a - ratio * b) / np.sqrt(va + ratio**2 * vb - 2 * ratio * c)
        assert 2 * stats.t.sf(abs(t), df) == pytest.approx(0.05, rel=1e-9)


def test_analysis_of_variance_and_what_it_assumes():
    model = model_of(SWIM_S)
    found = {test.test: test for test in omnibus.all_tests(model)}
    assert model.msw == pytest.approx(608.9556, rel=1e-6)
    assert model.omega2 == pytest.approx(0.671221, rel=1e-6)
    expected = {
        "anova": (28.220779, 3, 36, 1.45202e-9),
        "welch": (26.494249, 3, 19.99449, 3.6150e-7),
        "brown_forsythe": (0.0658416, 3, 36, 0.97764),
        "kruskal": (26.538516, 3, np.nan, 7.35596e-6),
        "shapiro": (0.9703834, np.nan, np.nan, 0.370088),
    }
    for name, numbers in expected.items():
        test = found[name]
        assert (test.statistic, test.df1, test.df2, test.p) == pytest.approx(
            numbers, rel=1e-5, nan_ok=True
        ), name


def test_welch_and_anova_agree_with_scipy():
    groups = [[4.0, 7, 5, 9], [3.0, 3.5, 2], [10.0, 14, 19, 22, 8]]
    groups = [np.array(g) for g in groups]
    theirs = stats.f_oneway(*groups, equal_var=False)
    ours = omnibus.welch(groups)
    assert (ours.statistic, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-12)
    model = fit_groups(np.concatenate(groups), ["a"] * 4 + ["b"] * 3 + ["c"] * 5)
    plain, mine = stats.f_oneway(*groups), omnibus.anova(model)
    assert (mine.statistic, mine.p) == pytest.approx((plain.statistic, plain.pvalue), rel=1e-10)


def test_tests_that_cannot_be_made_say_why():
    one = fit_groups([1.0, 2, 3, 7], ["a", "a", "a", "b"])
    reasons = {test.test: test.reason for test in omnibus.all_tests(one)}
    assert "one animal" in reasons["welch"]
    flat = fit_groups([5.0] * 6, list("aaabbb"))
    assert all(test.reason and np.isnan(test.p) for test in omnibus.all_tests(flat))


def test_shrout_and_fleiss():
    found = icc_agreement(JUDGES)
    assert found.value == pytest.approx(0.2897638, rel=1e-6)
    assert (found.lower, found.upper) == pytest.approx((0.018787, 0.761084), abs=1e-6)
    assert icc_one_way(JUDGES) == pytest.approx(0.1657418, rel=1e-6)
    assert icc_consistency(JUDGES) == pytest.approx(0.7148407, rel=1e-6)


def test_agreement_at_its_ends():
    same = icc_agreement([[1, 1], [5, 5], [9, 9]])
    assert (same.value, same.lower, same.upper) == (1, 1, 1)
    shifted = [[10, 30], [20, 40], [30, 50]]  # Pearson's r is 1, and they disagree by 20 s
    assert icc_agreement(shifted).value < 0.5
    assert icc_consistency(shifted) == pytest.approx(1)
    assert icc_agreement([[4, 4], [4, 4]]).reason == "the scores do not vary"
    with pytest.raises(ValueError, match="two scorers"):
        icc_agreement([[1], [2]])
    assert [band(x) for x in (0.2, 0.5, 0.8, 0.95)] == ["poor", "moderate", "good", "excellent"]


def test_bland_altman_of_the_peak_flow_meters():
    """Bland & Altman 1986: bias -2.1 l/min, SD 38.8, limits -79.7 and 75.5 (by 2 SD)."""
    wright = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
    mini = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
    (row,) = bland_altman(np.column_stack([wright, mini]), ["Wright", "mini"]).itertuples()
    assert row.bias == pytest.approx(-2.1, abs=0.05)
    assert (row.limit_upper - row.bias) / 1.96 == pytest.approx(38.8, abs=0.05)
    # its interval of the bias, -22.0 to 17.8
    assert (row.bias_lower, row.bias_upper) == pytest.approx((-22.0, 17.8), abs=0.11)
    # of each limit 34.6 to either side, by the approximation SE² = 3 SD²/n of 1986
    assert row.limits_half_width == pytest.approx(34.6, abs=0.3)


def test_interval_of_the_limits_of_agreement_holds_them():
    """Normal differences of SD 10 about 0: true limits ±19.6, 95 % of 4000 simulations."""
    rng = np.random.default_rng(11)
    held = 0
    for sample in rng.normal(scale=10, size=(4000, 30)):
        (row,) = bland_altman(np.column_stack([sample, np.zeros(30)]), ["a", "b"]).itertuples()
        held += abs(row.limit_upper - 19.6) <= row.limits_half_width
    assert held / 4000 == pytest.approx(0.95, abs=0.012)


def test_blocks_take_their_share_of_the_error():
    """Box, Hunter & Hunter, Statistics for Experimenters, penicillin: F 1.24 of treatments."""
    y = [89, 84, 81, 87, 79, 88, 77, 87, 92, 81, 97, 92, 87, 89, 80, 94, 79, 85, 84, 88]
    treatment = list("AAAAABBBBBCCCCCDDDDD")
    model = fit_groups(y, treatment, {"block": [1, 2, 3, 4, 5] * 4})
    assert (model.f, model.msw, model.df) == pytest.approx((1.2389, 18.8333, 12), rel=1e-4)
    assert model.blocks == ("block",)
    assert model.mean == pytest.approx([84, 85, 89, 86])
    found = against(model, "A", ["B", "C", "D"])
    assert found.se == pytest.approx(np.sqrt(18.83333 * 2 / 5), rel=1e-6)


def test_a_block_that_is_a_group_stays_out():
    model = fit_groups([1.0, 2, 4, 5, 9, 8], list("aabbcc"), {"cage": [1, 1, 2, 2, 3, 3]})
    assert model.blocks == ()
    assert "not told apart" in model.notes[0]


def test_without_censoring_the_censored_fit_is_least_squares():
    y, group = np.concatenate(list(PCA.values())), np.repeat(list(PCA), 6)
    plain, found = fit_groups(y, group), fit_censored(y, np.zeros(30, bool), group)
    assert found.mean == pytest.approx(plain.mean, rel=1e-6)
    assert found.msw == pytest.approx(plain.msw, rel=1e-6)
    assert np.diag(found.covariance) == pytest.approx(np.diag(plain.covariance), rel=1e-4)
    assert found.f == pytest.approx(plain.f, rel=1e-4)


def test_censored_fit_refuses_a_group_without_levels():
    with pytest.raises(ValueError, match="no level above"):
        fit_censored([1.0, 1, 5, 6], [True, True, False, False], list("aabb"))


def test_holm():
    """Holm 1979: smallest p times m, the next times m - 1, never falling."""
    assert sensitivity.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_t3_of_one_comparison_is_welchs_t_test():
    x, control = np.array([1.0, 4, 2, 8]), np.array([9.0, 10, 12])
    (row,) = sensitivity.t3_against_control([control, x], ["c", "x"], "c").itertuples()
    theirs = stats.ttest_ind(x, control, equal_var=False)
    assert (row.statistic, row.p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-9)
