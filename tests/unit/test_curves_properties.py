"""What must not change an answer, and what must not break one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_curves import BLOCK, VEHICLE, DOSES_nM, fit_one, inhibition, simulate

from reuptake.curves.fit import fit_curves
from reuptake.curves.groups import batches
from reuptake.curves.models import log10_absolute_ic50, logistic

pytestmark = pytest.mark.filterwarnings("error")

CONCENTRATIONS = ["ic50_nM", "ic50_lower_nM", "ic50_upper_nM", "ic50_absolute_nM"]
CONCENTRATIONS += ["ic50_cleaned_nM", "lowest_tested_nM", "highest_tested_nM"]
RESPONSES = ["top", "bottom", "nonspecific"]
WORDS = ["model", "status", "ic50_qualifier", "ic50_absolute_qualifier"]


def identical(a, b) -> bool:
    """Every cell the same, to the last bit."""
    return a.equals(b) and list(a.columns) == list(b.columns)


def ugly_mixture(n=44, seed=3):
    """Curves of many shapes: ragged, flat, steep, noisy, with and without controls."""
    rng = np.random.default_rng(seed)
    parts = [simulate(n // 2, seed=seed), simulate(n // 2, seed=seed + 1, controls=False)]
    curve = np.r_[parts[0][0], parts[1][0] + n // 2]
    concentration, response = (np.r_[parts[0][i], parts[1][i]] for i in (1, 2))
    noise = rng.choice([0.0, 5.0, 40.0], n)[curve]
    keep = rng.random(len(curve)) < rng.uniform(0.4, 1.0, n)[curve]
    response = np.where(curve % 7 == 0, 100.0, response) + noise * rng.normal(size=len(curve))
    response[curve % 11 == 5] = 3.25
    return n, curve[keep], concentration[keep], response[keep]


@given(exponent=st.sampled_from([-9, -3, 3, 9]), seed=st.integers(0, 1000))
@settings(max_examples=6, deadline=None)
def test_unit_of_concentration_changes_nothing_else(exponent, seed):
    curve, concentration, response, _ = simulate(5, seed=seed)
    one = fit_curves(curve, concentration, response, 5)
    other = fit_curves(curve, concentration * 10.0**exponent, response, 5)
    for name in CONCENTRATIONS:
        np.testing.assert_allclose(other[name] / 10.0**exponent, one[name], rtol=1e-10)
    np.testing.assert_allclose(other.hill_upper, one.hill_upper, rtol=1e-8)
    assert other[WORDS].equals(one[WORDS])


@given(
    scale=st.floats(1e-6, 1e9),
    shift=st.sampled_from([0.0, 0.5, 3.0]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=8, deadline=None)
def test_scale_and_offset_of_the_response_change_nothing_else(scale, shift, seed):
    """Where full-block wells say what complete inhibition is, its level is free."""
    curve, concentration, response, _ = simulate(5, seed=seed)
    one = fit_curves(curve, concentration, response, 5)
    other = fit_curves(curve, concentration, scale * (response + 100 * shift), 5)
    for name in [*CONCENTRATIONS, "hill", "effect_pct"]:
        np.testing.assert_allclose(other[name], one[name], rtol=1e-7)
    for name in RESPONSES:
        np.testing.assert_allclose(other[name] / scale - 100 * shift, one[name], atol=1e-6)
    np.testing.assert_allclose(other.rss / scale**2, one.rss, rtol=1e-8)
    assert other[WORDS].equals(one[WORDS])


def test_a_curve_and_its_mirror_image_have_mirrored_answers():
    """1/c and 100 - y, vehicle and full block exchanged: the same curve from the other end."""
    n = 60
    curve, c, y, _ = simulate(n, seed=8, log10_ic50=(1.0, 3.5))
    with np.errstate(divide="ignore"):
        mirror = fit_curves(curve, 1.0 / c, 100.0 - y, n)
    one = fit_curves(curve, c, y, n)
    same = (one.status == "ok") & (mirror.status == "ok")
    assert same.sum() > 50
    one, mirror = one[same], mirror[same]
    assert mirror.model.equals(one.model)
    for name, other in [
        ("ic50_nM", "ic50_nM"),
        ("ic50_lower_nM", "ic50_upper_nM"),
        ("ic50_upper_nM", "ic50_lower_nM"),
    ]:
        np.testing.assert_allclose(mirror[name] * one[other], 1.0, rtol=1e-7)
    np.testing.assert_allclose(mirror.hill, one.hill, rtol=1e-7)
    np.testing.assert_allclose(mirror.top, 100.0 - one.bottom, atol=1e-6)


def test_order_of_wells_is_irrelevant_to_the_last_bit():
    n, curve, concentration, response = ugly_mixture()
    shuffled = np.random.default_rng(0).permutation(len(curve))
    assert identical(
        fit_curves(curve, concentration, response, n),
        fit_curves(curve[shuffled], concentration[shuffled], response[shuffled], n),
    )


@pytest.mark.parametrize("counting", [False, True])
def test_a_curve_does_not_feel_its_neighbours_to_the_last_bit(counting):
    n, curve, concentration, response = ugly_mixture()
    response = np.abs(response)
    weights = {}
    if counting:
        weights = {"poisson_per_unit": np.where(np.arange(n) % 3, 1.0, np.nan)}
        weights["c"] = np.full(n, 0.05)
    together = fit_curves(curve, concentration, response, n, **weights)
    for i in range(n):
        mine = curve == i
        index = np.zeros(mine.sum(), dtype=int)
        own = {name: values[[i]] for name, values in weights.items()}
        alone = fit_curves(index, concentration[mine], response[mine], 1, **own)
        assert identical(alone, together.iloc[[i]].reset_index(drop=True)), i
    backwards = fit_curves(
        n - 1 - curve, concentration, response, n, **{k: v[::-1] for k, v in weights.items()}
    )
    assert identical(backwards.iloc[::-1].reset_index(drop=True), together)


def test_many_more_neighbours_than_a_batch_holds():
    curve, concentration, response, _ = simulate(20, seed=5)
    copies = 450  # 9,000 curves
    whole = fit_curves(
        np.concatenate([curve + 20 * k for k in range(copies)]),
        np.tile(concentration, copies),
        np.tile(response, copies),
        20 * copies,
        interval="none",
    )
    few = fit_curves(curve, concentration, response, 20, interval="none")
    assert identical(whole.iloc[-20:].reset_index(drop=True), few)


def test_missing_wells_are_as_if_never_pipetted():
    curve, concentration, response, _ = simulate(30, seed=6)
    gone = np.random.default_rng(1).random(len(curve)) < 0.15
    holes = np.where(gone, np.nan, response)
    assert identical(
        fit_curves(curve, concentration, holes, 30),
        fit_curves(curve[~gone], concentration[~gone], response[~gone], 30),
    )
    infinite = np.where(gone, np.inf, response)
    assert identical(
        fit_curves(curve, concentration, infinite, 30), fit_curves(curve, concentration, holes, 30)
    )


def test_one_bad_curve_leaves_the_batch_alone():
    curve, concentration, response, _ = simulate(6, seed=7)
    bad = response.copy()
    bad[curve == 2] = np.nan
    bad[curve == 4] = 0.0
    good = fit_curves(curve, concentration, response, 6)
    mixed = fit_curves(curve, concentration, bad, 6)
    assert mixed.status[[2, 4]].tolist() == ["failed", "failed"]
    assert mixed["flags"][2] == "no usable wells"
    assert mixed["flags"][4].startswith("no spread")
    others = [0, 1, 3, 5]
    assert identical(good.loc[others], mixed.loc[others])


@pytest.mark.parametrize("size", [1e-300, 1e100, 1e306])
def test_sizes_that_no_instrument_reports_are_refused(size):
    row = fit_one(DOSES_nM, size * inhibition(DOSES_nM, 30.0))
    assert row.status == "failed"
    assert row["flags"].startswith("no spread" if size < 1 else "no usable wells")


@pytest.mark.parametrize("size", [1e-50, 1e-12, 1.0, 1e12, 1e50])
def test_counts_of_any_size(size):
    row = fit_one(DOSES_nM, size * inhibition(DOSES_nM, 30.0))
    assert row.ic50_nM == pytest.approx(30.0, rel=1e-8)
    assert row.top == pytest.approx(100 * size, rel=1e-8)


@pytest.mark.parametrize("size", [1e-25, 1.0, 1e25])
def test_standard_deviations_of_any_size(size):
    curve, c, y, _ = simulate(5, seed=12)
    sd = np.random.default_rng(13).uniform(1, 9, len(y))
    one = fit_curves(curve, c, y, 5, sd=sd)
    other = fit_curves(curve, c, y, 5, sd=sd * size)
    np.testing.assert_allclose(other.ic50_nM, one.ic50_nM, rtol=1e-8)
    np.testing.assert_allclose(other.rss * size**2, one.rss, rtol=1e-8)
    assert other[WORDS].equals(one[WORDS])


def test_no_curves_and_no_wells():
    nothing = np.array([])
    assert len(fit_curves(nothing.astype(int), nothing, nothing, 0)) == 0
    rows = fit_curves(nothing.astype(int), nothing, nothing, 2)
    assert rows.status.tolist() == ["failed", "failed"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([VEHICLE, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, BLOCK, np.nan, -1.0]),
            st.one_of(
                st.floats(allow_nan=True, allow_infinity=True, width=32),
                st.sampled_from([0.0, 1.0, 50.0, 100.0]),
            ),
        ),
        max_size=40,
    ),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_any_wells_at_all_get_an_answer_or_a_reason(wells, counting):
    concentration, response = (np.array([w[i] for w in wells], dtype=float) for i in (0, 1))
    options = {}
    if counting:
        options = {"poisson_per_unit": np.array([1.0]), "c": np.array([0.03])}
    row = fit_one(concentration, response, **options)
    if row.status == "failed":
        assert row["flags"]
        assert row.ic50_qualifier == ""
        assert np.isnan(row.ic50_nM)
    else:
        assert row.ic50_qualifier in ("=", ">", "<")
        assert row.ic50_nM > 0
        assert row.ic50_qualifier == "=" or np.isnan(row.ic50_lower_nM)
        if row.ic50_qualifier == "=":
            assert row.ic50_lower_nM <= row.ic50_nM * (1 + 1e-9)
            assert row.ic50_upper_nM >= row.ic50_nM * (1 - 1e-9)


def test_means_and_scatter_lose_nothing_of_the_wells():
    """sum (y - f)^2 over wells = sum n (mean - f)^2 + scatter about the means."""
    curve, concentration, response, _ = simulate(3, seed=8)
    x = np.log10(concentration, out=np.full(len(curve), -np.inf), where=concentration > 0)
    (batch,) = batches(curve, x, response)
    for i in range(3):
        model = logistic(x[curve == i], 2.0, 1.1, 90.0, 12.0)
        wells = ((response[curve == i] - model) ** 2).sum()
        means = (
            batch.n[i] * (batch.mean[i] - logistic(batch.x[i], 2.0, 1.1, 90.0, 12.0)) ** 2
        ).sum()
        assert means + batch.ss_pure[i] == pytest.approx(wells, rel=1e-12)


def test_absolute_ic50_solves_the_curve():
    # Rel ((T - B)/(50 - B) - 1)^(1/h): 10 (60/10 - 1) = 50; 10 (60/10 - 1)^(1/2)
    assert 10 ** log10_absolute_ic50(1.0, 1.0, 100.0, 40.0, 50.0) == pytest.approx(50.0)
    assert 10 ** log10_absolute_ic50(1.0, 2.0, 100.0, 40.0, 50.0) == pytest.approx(10 * 5**0.5)
    assert log10_absolute_ic50(1.0, 1.0, 100.0, 60.0, 50.0) == np.inf
    assert log10_absolute_ic50(1.0, 1.0, 40.0, 0.0, 50.0) == -np.inf
