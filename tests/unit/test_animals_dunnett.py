"""Dunnett and Williams: published numbers, other programs, and the two integrations alike."""

import numpy as np
import pytest
from animal_sets import SWIM_S, PCA_ng_per_g
from scipy import stats

from reuptake.animals import multivariate_t
from reuptake.animals.dunnett import (
    animals_per_group,
    critical_value,
    dunnett,
    power,
    tail,
    weights,
)
from reuptake.animals.groups import against, fit_groups
from reuptake.animals.williams import contrasts, williams


def model_of(data):
    sizes = [len(values) for values in data.values()]
    return fit_groups(np.concatenate(list(data.values())), np.repeat(list(data), sizes))


def test_forced_swim_example():
    found = against(model_of(SWIM_S), "Vehicle", ["1", "3", "10"])
    assert found.t == pytest.approx([-0.598048, -3.697025, -8.209570], rel=2e-6)
    assert found.p == pytest.approx([0.880464, 0.00204755, 2.7187e-9], rel=1e-5)
    assert found.critical == pytest.approx(2.452127, rel=1e-6)
    assert found.upper - found.difference == pytest.approx(27.061432, rel=1e-6)
    assert found.lower == pytest.approx([-33.66, -67.86, -117.66], abs=0.005)
    assert found.upper == pytest.approx([20.46, -13.74, -63.54], abs=0.005)


def test_pca_example_depends_on_its_family():
    model = model_of(PCA_ng_per_g)
    three = against(model, "PCA", ["1", "3", "10"])
    assert three.t == pytest.approx([3.271362, 11.986796, 20.628440], rel=1e-6)
    assert three.p[0] == pytest.approx(0.00853089, rel=1e-5)
    assert against(model, "PCA", ["1", "3", "10", "Vehicle"]).p[0] == pytest.approx(
        0.0109498, rel=1e-5
    )


# Dunnett 1964, Biometrics 20:482, two-sided, equal groups; printed with two decimals
@pytest.mark.parametrize(
    ("k", "df", "alpha", "printed"),
    [
        (2, 5, 0.05, 3.03),
        (3, 10, 0.05, 2.76),
        (9, 20, 0.05, 2.95),
        (4, 30, 0.01, 3.25),
        (5, np.inf, 0.05, 2.51),
    ],
)
def test_published_tables(k, df, alpha, printed):
    lam = weights(np.full(k, 8), 8)
    assert critical_value(lam, df, 1 - alpha) == pytest.approx(printed, abs=0.0051)


@pytest.mark.parametrize("df", [1, 3, 36, 1e6])
@pytest.mark.parametrize("t", [0.5, 3.0, 60.0])
@pytest.mark.parametrize("lam", [0.0, 0.7, 0.99])
def test_one_comparison_is_student(t, df, lam):
    expected = 2 * stats.t.sf(t, df)
    assert tail(t, [lam], df) == pytest.approx(expected, rel=1e-9, abs=1e-30)


def test_scipy_agrees_within_its_noise():
    rng = np.random.default_rng(11)
    control, *groups = (rng.normal(m, 2, n) for m, n in ((5, 9), (6, 4), (8, 12), (3, 6), (5, 5)))
    theirs = stats.dunnett(*groups, control=control, rng=np.random.default_rng(1))
    n = [len(g) for g in groups]
    everything = [control, *groups]
    df = sum(map(len, everything)) - 5
    msw = sum(np.var(g, ddof=1) * (len(g) - 1) for g in everything) / df
    ours = dunnett([g.mean() for g in groups], n, control.mean(), len(control), msw, df)
    assert ours.t == pytest.approx(theirs.statistic, rel=1e-12)
    assert ours.p == pytest.approx(theirs.pvalue, abs=2e-4)
    interval = theirs.confidence_interval()
    assert ours.lower == pytest.approx(interval.low, abs=2e-2)
    assert ours.upper == pytest.approx(interval.high, abs=2e-2)


def test_order_of_groups_does_not_matter():
    data = {"Vehicle": [3, 5, 4], "a": [8, 9], "b": [1, 2, 2, 3], "c": [4, 4, 9, 1, 3]}
    model, other = model_of(data), model_of(dict(reversed(data.items())))
    first, second = against(model, "Vehicle", "abc"), against(other, "Vehicle", "cba")
    assert first.p == pytest.approx(second.p[::-1], rel=1e-12)
    assert first.lower == pytest.approx(second.lower[::-1], rel=1e-9)


@pytest.mark.parametrize(
    ("n", "n_control", "df", "t"),
    [
        ([10] * 3, 10, 36, 3.7),
        ([3, 4, 9, 5], 12, 28, 2.4),
        ([5, 7], 3, 10, 8.0),
        ([4] * 8, 9, 5, 5),
    ],
)
def test_general_integration_agrees_with_the_exact_one(n, n_control, df, t):
    lam = weights(n, n_control)
    correlation = np.outer(lam, lam)
    np.fill_diagonal(correlation, 1)
    general = multivariate_t.tail(t, correlation, df, two_sided=True)
    assert general == pytest.approx(tail(t, lam, df), rel=1e-4)


def test_tails_of_independent_and_of_identical_statistics():
    independent = multivariate_t.tail(1.7, np.eye(4), np.inf, two_sided=False)
    assert independent == pytest.approx(1 - stats.norm.cdf(1.7) ** 4, rel=1e-5)
    same = multivariate_t.tail(2.2, np.ones((3, 3)), 12, two_sided=False)
    assert same == pytest.approx(stats.t.sf(2.2, 12), rel=1e-5)


def test_williams_contrasts_of_the_example():
    model = model_of(SWIM_S)
    found = williams(model.mean, model.covariance, model.n, model.df)
    assert found.estimate == pytest.approx([-90.6, -65.7, -46.0])
    assert found.t == pytest.approx([-8.20957, -6.87428, -5.10500], rel=1e-6)
    assert found.p == pytest.approx([1.088e-9, 5.579e-8, 1.194e-5], rel=5e-4)
    raised = williams(-model.mean, model.covariance, model.n, model.df, "greater")
    assert raised.p == pytest.approx(found.p, rel=1e-12)
    against_it = williams(-model.mean, model.covariance, model.n, model.df)
    assert np.all(against_it.p > 0.999)


def test_williams_contrast_matrix_is_weighted_by_animals():
    assert contrasts([5, 4, 6]) == pytest.approx(np.array([[-1, 0, 1], [-1, 0.4, 0.6]]))


def test_power_against_simulation():
    """Any-pair and per-pair power, unequal groups, 20 000 experiments: SE 0.0035."""
    rng = np.random.default_rng(3)
    n, n_control, difference, sd = np.array([5, 8, 6]), 10, np.array([0.0, 30.0, 20.0]), 24.0
    any_pair, each = power(difference, sd, n, n_control)
    df = n.sum() + n_control - 4
    critical = critical_value(weights(n, n_control), df)
    size = 20_000
    zero = rng.normal(0, sd / np.sqrt(n_control), (size, 1))
    means = difference + rng.normal(0, 1, (size, 3)) * sd / np.sqrt(n)
    s = sd * np.sqrt(rng.chisquare(df, (size, 1)) / df)
    found = np.abs((means - zero) / (s * np.sqrt(1 / n + 1 / n_control))) > critical
    assert any_pair == pytest.approx(found.any(axis=1).mean(), abs=0.012)
    assert each == pytest.approx(found.mean(axis=0), abs=0.012)


def test_power_without_difference_is_the_error_rate():
    any_pair, _ = power([0, 0, 0], 1.0, [4, 6, 9], 5)
    assert any_pair == pytest.approx(0.05, abs=1e-8)


def test_animals_per_group_is_the_smallest_that_suffices():
    n = animals_per_group(-40, 25, 3)
    (enough, *_), (short, *_) = (power([-40, 0, 0], 25, [size] * 3, size)[1] for size in (n, n - 1))
    assert enough >= 0.8 > short
    # one comparison alone is the t test, 17 a group for d = 1 at 80 % (Cohen 1988, table 2.4.1)
    assert animals_per_group(1.0, 1.0, 1) == 17
    with pytest.raises(ValueError, match="other than zero"):
        animals_per_group(0, 25, 3)
