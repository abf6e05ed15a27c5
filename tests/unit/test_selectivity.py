"""Selectivity ratios: published numbers, bounds, and what is never compared."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm, ttest_ind, ttest_rel
from scipy.stats import t as student
from test_potency import curve

from reuptake.binding.cheng_prusoff import log10_ki_shifts
from reuptake.censored import Sample, fit_tobit
from reuptake.formatting import significant
from reuptake.potency import combine_experiments, experiments_of, potencies_of, usable
from reuptake.qc.runchart import between_run_sd, runcharts_of
from reuptake.selectivity import (
    Side,
    class_of,
    joint_bound,
    one_sided_limit_nM,
    ratio_of,
    selectivities_of,
    welch,
    windows_of,
)
from reuptake.sharederrors import constants_variance
from reuptake.tables import CURVES, typed

SERT_nM = [0.48, 0.58, 0.95]
DAT_nM = [2900, 4100, 3400]
ROLES = {"SERT": "primary", "DAT": "off-target", "NET": "off-target"}


def exact(values):
    log10 = np.log10(values)
    return Side("=", 10 ** log10.mean(), log10, len(values))


def bound(qualifier, value, n=3):
    return Side(qualifier, value, np.array([]), n)


def selectivity(rows, roles=ROLES, charts=None, classes=None):
    experiments = experiments_of(typed(pd.DataFrame(rows), CURVES))
    potency = potencies_of(experiments, between_run_sd(charts) if charts is not None else None)
    return selectivities_of(experiments, potency, roles, charts, classes)


def side(target, values, qualifier="=", **more):
    """One curve an experiment at a target."""
    return [
        curve(v, f"{target}-{i}", qualifier=qualifier, target=target, **more)
        for i, v in enumerate(values)
    ]


def test_both_exact():
    found = welch(np.log10(DAT_nM), np.log10(SERT_nM))
    lower, upper = found.limits()
    assert 10**found.mean == pytest.approx(5346.743, rel=1e-6)
    assert found.df == pytest.approx(2.91393, rel=1e-5)
    assert found.se == pytest.approx(0.0984823, rel=1e-6)
    assert (lower, upper) == pytest.approx((2566.68, 11137.98), rel=2e-6)
    other = ttest_ind(np.log10(DAT_nM), np.log10(SERT_nM), equal_var=False)
    low, high = other.confidence_interval(0.95)
    assert (lower, upper) == pytest.approx((10**low, 10**high), rel=1e-9)


def test_through_the_tables():
    (row,) = selectivity(side("SERT", SERT_nM) + side("DAT", DAT_nM)).itertuples()
    assert (row.target, row.primary, row.modality, row.quantity) == ("DAT", "SERT", "binding", "Ki")
    assert (row.qualifier, row.n_primary, row.n_target) == ("=", 3, 3)
    assert (row.ratio, row.lower, row.upper) == pytest.approx(
        (5346.743, 2566.68, 11137.98), rel=2e-6
    )
    assert row.statement.startswith("5,350-fold for SERT over DAT (95 % CI 2,560 to 11,200;")


def test_a_censored_off_target_claims_the_one_sided_bound():
    """DAT > 5000 nM over the upper 95 % limit of SERT, 1.162826 nM; printed rounded down."""
    assert one_sided_limit_nM(np.log10(SERT_nM), "upper") == pytest.approx(1.162826, rel=1e-6)
    rows = side("SERT", SERT_nM) + side("DAT", [5000] * 3, ">")
    (row,) = selectivity(rows).itertuples()
    assert row.qualifier == ">"
    assert row.ratio == pytest.approx(4299.87, rel=2e-6)
    assert row.ratio_point == pytest.approx(7789.43, rel=2e-6)
    assert np.isnan(row.lower)
    assert "more than 4,290-fold for SERT over DAT, one-sided 95 %" in row.statement
    assert significant(row.ratio, direction="down") == "4,290"
    assert "taken as certain" in row.flags


UCL, LCL = (one_sided_limit_nM(np.log10(SERT_nM), s) for s in ("upper", "lower"))
DAT_UCL, DAT_LCL = (one_sided_limit_nM(np.log10(DAT_nM), s) for s in ("upper", "lower"))


@pytest.mark.parametrize(
    ("off", "primary", "qualifier", "ratio"),
    [
        (bound(">", 5000), exact(SERT_nM), ">", 5000 / UCL),
        (exact(DAT_nM), bound("<", 0.1), ">", DAT_LCL / 0.1),
        (bound(">", 5000), bound("<", 0.1), ">", 50000),
        (bound("<", 2), exact(SERT_nM), "<", 2 / LCL),
        (exact(DAT_nM), bound(">", 5000), "<", DAT_UCL / 5000),
        (bound("<", 2), bound(">", 5000), "<", 2 / 5000),
    ],
)
def test_claims_from_bounds(off, primary, qualifier, ratio):
    answer = ratio_of(off, primary)
    assert answer["qualifier"] == qualifier
    assert answer["ratio"] == pytest.approx(ratio)
    assert answer["ratio_point"] == pytest.approx(off.value_nM / primary.value_nM)
    assert np.isnan(answer["lower"])


def test_one_sided_limits_by_hand():
    """Mean 1 and SD 0.1 of log10 over n = 4: t(3; 0.95) = 2.353363, half-width 0.1176682."""
    x = 1 + 0.1 * np.array([-1, -1, 1, 1]) * np.sqrt(3) / 2
    assert one_sided_limit_nM(x, "upper") == pytest.approx(10**1.1176682, rel=1e-6)
    assert one_sided_limit_nM(x, "lower") == pytest.approx(10**0.8823318, rel=1e-6)
    assert np.isnan(one_sided_limit_nM([1.0], "upper"))


@pytest.mark.parametrize("sign", [">", "<"])
def test_bounds_that_point_the_same_way_determine_nothing(sign):
    answer = ratio_of(bound(sign, 5000), bound(sign, 1))
    assert answer["qualifier"] == ""
    assert np.isnan(answer["ratio"])
    assert "not determined" in answer["reason"]


def test_one_experiment_makes_no_claim_from_a_bound():
    (row,) = selectivity(side("SERT", [0.58]) + side("DAT", [5000], ">")).itertuples()
    assert row.qualifier == ""
    assert np.isnan(row.ratio)
    assert row.ratio_point == pytest.approx(5000 / 0.58)
    assert "no bound can be claimed" in row.flags
    assert row.statement.startswith("no ratio: one experiment on the exact side")


def test_one_experiment_each_gives_a_ratio_without_interval():
    (row,) = selectivity(side("SERT", [0.5]) + side("DAT", [500])).itertuples()
    assert (row.qualifier, row.ratio) == ("=", pytest.approx(1000))
    assert np.isnan(row.lower)
    assert "no interval" in row.flags


def test_a_ki_limited_by_depletion_serves_as_denominator_only():
    """Ki(SERT) < 0.6: then S > LCL(DAT)/0.6; as numerator it never makes a 'more than'."""
    (row,) = selectivity(side("SERT", [0.6] * 3, "<") + side("DAT", DAT_nM)).itertuples()
    assert (row.qualifier, row.ratio) == (">", pytest.approx(DAT_LCL / 0.6))
    (row,) = selectivity(side("SERT", SERT_nM) + side("DAT", [100] * 3, "<")).itertuples()
    assert (row.qualifier, row.ratio) == ("<", pytest.approx(100 / LCL))


def test_uptake_at_one_target_and_binding_at_the_other_are_never_divided():
    """An uptake IC50 of 0.58 nM and a binding Ki of 3400 nM are not '5862-fold'."""
    rows = side("SERT", [0.58] * 3, kind="uptake_inhibition", assay="sert_uptake")
    table = selectivity(rows + side("DAT", [3400] * 3))
    assert (table.qualifier == "").all()
    assert table.ratio.isna().all()
    assert table.ratio_point.isna().all()
    (ki,) = table[table.quantity == "Ki"].itertuples()
    assert "no human binding Ki at the primary target" in ki.statement
    assert "SERT has human uptake IC50" in ki.statement


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"species": "rat"}, "no human binding Ki at the primary target; SERT has rat binding"),
        ({"simulated": True}, "(simulated), which must not be compared"),
        ({"kind": "response"}, "SERT has human response IC50"),
        ({"compound": "Y"}, "no human binding Ki at the primary target"),
    ],
)
def test_unlike_sides_are_refused_with_the_reason(other, words):
    table = selectivity(side("SERT", SERT_nM, **other) + side("DAT", DAT_nM))
    row = table[(table.compound == "X") & ~table.simulated & (table.quantity == "Ki")].iloc[0]
    assert row.qualifier == ""
    assert words in row.statement


def test_a_binding_ic50_is_no_basis_for_a_ratio():
    table = selectivity(side("SERT", SERT_nM) + side("DAT", DAT_nM))
    assert table.quantity.tolist() == ["Ki"]
    uptake = {"kind": "uptake_inhibition"}
    table = selectivity(side("SERT", SERT_nM, **uptake) + side("DAT", DAT_nM, **uptake))
    # of uptake either is one: the substrate hardly shifts the IC50
    assert table.quantity.tolist() == ["IC50", "Ki"]
    assert table.ratio.tolist() == pytest.approx([5346.743] * 2, rel=1e-6)
    mixed = selectivity(side("SERT", SERT_nM) + side("DAT", DAT_nM, **uptake))
    assert set(mixed.qualifier) == {""}


def test_a_ki_that_is_not_given_is_said():
    none = {"ki_qualifier": "", "ki_nM": np.nan}
    table = selectivity(side("SERT", SERT_nM, **none) + side("DAT", DAT_nM))
    assert table.statement.tolist() == ["no ratio: Ki(SERT) not available"]
    table = selectivity(side("SERT", SERT_nM) + side("DAT", DAT_nM, **none))
    assert table.statement.tolist() == ["no ratio: Ki(DAT) not available"]


def test_ic50_of_unlike_assays_are_not_joined():
    uptake = {"kind": "uptake_inhibition"}
    rows = side("SERT", SERT_nM, assay="u1", **uptake) + side("SERT", SERT_nM, assay="u2", **uptake)
    table = selectivity(rows + side("DAT", DAT_nM, assay="u3", **uptake))
    (row,) = table[table.quantity == "IC50"].itertuples()
    assert row.qualifier == ""
    assert "SERT was measured in unlike assays (u1, u2)" in row.statement


def test_ki_of_two_assays_are_joined():
    rows = [*side("SERT", SERT_nM[:2]), curve(0.95, "other", assay="second")]
    (row,) = selectivity(rows + side("DAT", DAT_nM)).itertuples()
    assert (row.ratio, row.upper) == pytest.approx((5346.743, 11137.98), rel=2e-6)


def test_every_off_target_and_no_target_without_a_primary():
    rows = side("SERT", SERT_nM) + side("DAT", DAT_nM) + side("NET", [200, 300])
    assert selectivity(rows).target.tolist() == ["DAT", "NET"]
    assert len(selectivity(rows, {"DAT": "off-target"})) == 0
    assert len(selectivity([])) == 0


def test_equal_values_have_an_interval_of_no_width():
    found = welch([2.0, 2.0], [1.0, 1.0])
    assert (10**found.mean, *found.limits()) == (10.0, 10.0, 10.0)


def side_by_side(target, values, **more):
    """One curve an experiment, the experiments shared with the other targets."""
    return [curve(v, f"day {i}", target=target, **more) for i, v in enumerate(values)]


def test_experiments_side_by_side_are_paired():
    (row,) = selectivity(side_by_side("SERT", SERT_nM) + side_by_side("DAT", DAT_nM)).itertuples()
    other = ttest_rel(np.log10(DAT_nM), np.log10(SERT_nM))
    low, high = other.confidence_interval(0.95)
    assert row.method == "paired t"
    assert row.ratio == pytest.approx(5346.743, rel=1e-6)
    assert (row.lower, row.upper) == pytest.approx((10**low, 10**high), rel=1e-9)
    assert row.statement.endswith("n = 3 at SERT, 3 at DAT, side by side)")


def test_a_day_without_its_partner_leaves_welch():
    rows = side_by_side("SERT", [*SERT_nM, 0.6]) + side_by_side("DAT", DAT_nM)
    assert selectivity(rows).method.tolist() == ["Welch"]


LIMIT = np.log10(10000)
TOBIT = fit_tobit(Sample(np.log10([5200.0, 7400.0]), np.array([[LIMIT, np.inf]] * 2)), 0.12, 19)


def partly(fit, qualifier=">"):
    exact = fit.sample.exact
    return Side(qualifier, 10**fit.mu, exact, len(fit.sample), ("a", "b"), fit)


def test_the_joint_profile_of_two_known_sds():
    """The classical profile: the smallest Delta whose best mu keeps the joint deviance."""
    sert = fit_tobit(Sample(np.log10(SERT_nM)), 0.1, 19)
    primary = Side("=", 10**sert.mu, np.log10(SERT_nM), 3, (), sert)
    q = student.ppf(0.95, 19) ** 2

    def log_l(mu, delta):
        off = norm.logpdf(TOBIT.sample.exact, mu + delta, 0.12).sum()
        off += 2 * norm.logsf(LIMIT, mu + delta, 0.12)
        return off + norm.logpdf(np.log10(SERT_nM), mu, 0.1).sum()

    def profile(delta):
        options = {"xatol": 1e-12}
        found = minimize_scalar(
            lambda mu: -log_l(mu, delta), bounds=(-2, 1), method="bounded", options=options
        )
        return -found.fun

    top = profile(TOBIT.mu - sert.mu)
    bound = np.log10(joint_bound(partly(TOBIT), primary, -1))
    assert bound < TOBIT.mu - sert.mu
    assert 2 * (top - profile(bound)) == pytest.approx(q, rel=1e-5)
    upper = np.log10(joint_bound(partly(TOBIT), primary, +1))
    assert upper > TOBIT.mu - sert.mu
    assert 2 * (top - profile(upper)) == pytest.approx(q, rel=1e-5)


def test_without_censoring_the_joint_bound_adds_the_reaches_in_squares():
    """Two exact sides of known SD: Delta - sqrt(reach1² + reach2²)."""
    x, y = np.array([3.4, 3.6, 3.5]), np.array([0.1, -0.1, 0.0])
    fits = [fit_tobit(Sample(v), sd, 19) for v, sd in ((x, 0.12), (y, 0.3))]
    off, primary = (Side("=", 10**f.mu, f.sample.exact, 3, (), f) for f in fits)
    reach = student.ppf(0.95, 19) * np.hypot(0.12, 0.3) / np.sqrt(3)
    assert np.log10(joint_bound(off, primary, -1)) == pytest.approx(3.5 - reach, rel=1e-6)


def test_a_limit_on_the_other_side_is_taken_as_certain():
    lower = TOBIT.limit(TOBIT.cutoff(0.9), -1)
    answer = ratio_of(partly(TOBIT), bound("<", 0.1))
    assert (answer["qualifier"], answer["method"]) == (">", "joint profile")
    assert answer["ratio"] == pytest.approx(10**lower / 0.1, rel=1e-9)
    assert ratio_of(partly(TOBIT), bound(">", 0.1))["qualifier"] == ""


def reference_runs(target, sd, n=8):
    """A run chart of `n` runs with exactly this SD."""
    z = np.array([1, -1] * (n // 2)) / np.sqrt(n / (n - 1))
    rows = [
        curve(10 ** (sd * v), f"r{i}", target=target, assay=f"{target}_a", role="reference")
        for i, v in enumerate(z)
    ]
    return combine_experiments(usable(typed(pd.DataFrame(rows), CURVES)))


def test_a_partly_censored_off_target_claims_the_bound_of_the_joint_profile():
    charts = runcharts_of(pd.concat([reference_runs("DAT", 0.12), reference_runs("SERT", 0.1)]))
    rows = side("SERT", SERT_nM, assay="SERT_a")
    rows += side("DAT", [5200, 7400], assay="DAT_a")
    rows += [curve(10000, f"c{i}", qualifier=">", target="DAT", assay="DAT_a") for i in range(2)]
    (row,) = selectivity(rows, charts=charts).itertuples()
    fit = fit_tobit(TOBIT.sample, 0.12, 7)
    expected = joint_bound(partly(fit), exact(SERT_nM), -1)
    assert (row.qualifier, row.method, row.n_target) == (">", "joint profile", 4)
    assert row.ratio == pytest.approx(expected, rel=1e-6)
    assert row.ratio_point == pytest.approx(10**fit.mu / 0.641895, rel=1e-6)
    assert row.statement.startswith("more than")
    assert "one-sided 95 %" in row.statement
    assert "taken as certain" not in row.flags
    # without a chart no likelihood: the smallest limit, taken as certain
    (row,) = selectivity(rows).itertuples()
    assert (row.qualifier, row.method) == (">", "bounds")


def test_closer_than_the_minimum_significant_ratio():
    """SD 0.3 and 0.4: MSR 10."""
    charts = runcharts_of(pd.concat([reference_runs("DAT", 0.4), reference_runs("SERT", 0.3)]))
    near = side("SERT", [1.0, 1.0, 1.1], assay="SERT_a")
    for values, told in (([8, 9, 9], True), ([11, 12, 13], False)):
        (row,) = selectivity(near + side("DAT", values, assay="DAT_a"), charts=charts).itertuples()
        assert ("closer than the minimum significant ratio of 10.0" in row.flags) == told


CLASSES = {"selective": 10.0, "highly selective": 100.0}


@pytest.mark.parametrize(
    ("qualifier", "ratio", "lower", "name"),
    [
        ("=", 500, 99, "selective"),
        ("=", 500, 100, "highly selective"),
        ("=", 500, 9, ""),
        ("=", 500, np.nan, ""),
        (">", 101, np.nan, "highly selective"),
        ("<", 500, np.nan, ""),
        ("", np.nan, np.nan, ""),
    ],
)
def test_a_class_hangs_on_the_bound_not_on_the_point(qualifier, ratio, lower, name):
    answer = {"qualifier": qualifier, "ratio": ratio, "lower": lower}
    assert class_of(answer, CLASSES) == name


def side_with(target, r, kd_sd, ligand_sd, radioligand):
    """A row of experiments.csv by Cheng-Prusoff at L/Kd = r."""
    kd, ligand = log10_ki_shifts(r, ligand_sd=ligand_sd, kd_sd=kd_sd)
    shifts = {"log10_ki_shift_kd": kd, "log10_ki_shift_ligand": ligand}
    names = {"radioligand": radioligand, "kd_from": "1 nM", "sites_from": "", "assay": target}
    return {"target": target, "log10_ki_shift_sites": np.nan} | names | shifts


@pytest.mark.parametrize(
    ("off", "primary", "shared"),
    [
        ((1.0, 0.1, 0.05), (0.2, 0.15, 0.05), True),
        ((1.0, 0.1, 0.05), (1.0, 0.1, 0.05), True),
        ((0.5, 0.1, 0.05), (2.0, 0.15, 0.08), False),
    ],
)
def test_variance_of_the_constants_by_simulation(off, primary, shared):
    """log10 of Ki(off)/Ki(primary) = log10 (1 + r_p)/(1 + r_o) with small errors of Kd and L."""
    rng, n, small = np.random.default_rng(1), 400_000, 0.1

    def r(side, ligand):
        return side[0] * np.exp(small * (ligand - side[1] * rng.normal(size=n)))

    ligands = [side[2] * rng.normal(size=n) for side in (off, primary)]
    first, second = (off, ligands[0]), (primary, ligands[0] if shared else ligands[1])
    log_ratio = np.log10((1 + r(*second)) / (1 + r(*first)))
    rows = side_with("DAT", *off, "L"), side_with("SERT", *primary, "L" if shared else "M")
    expected = constants_variance(zip((1.0, -1.0), rows, strict=True))
    assert np.var(log_ratio) / small**2 == pytest.approx(expected, rel=0.02)


def test_equal_occupancy_cancels_a_shared_ligand():
    def variance(*ligands):
        rows = [side_with(t, 1.0, np.nan, 0.2, x) for t, x in zip("DS", ligands, strict=True)]
        return constants_variance(zip((1.0, -1.0), rows, strict=True))

    assert variance("L", "L") == 0
    # r/(1 + r) = 1/2 of 0.2 on each side; a ligand without a name is that of its assay
    assert variance("L", "M") == pytest.approx(2 * 0.1**2 / np.log(10) ** 2)
    assert variance("", "") == variance("L", "M")


def test_the_constants_widen_a_second_interval_only():
    shift = 0.5 * 0.2 / np.log(10)
    about = {"log10_ki_shift_kd": shift, "kd_from": "5 nM", "radioligand": "L"}
    rows = side("SERT", SERT_nM, **about) + side("DAT", DAT_nM, **about)
    (row,) = selectivity(rows).itertuples()
    assert (row.lower, row.upper) == pytest.approx((2566.68, 11137.98), rel=2e-6)
    own = student.ppf(0.975, 2.91393) * 0.0984823
    half = np.sqrt(own**2 + 2 * (1.959963985 * 0.5 * 0.2 / np.log(10)) ** 2)
    expected = 5346.743 * 10 ** np.array([-half, half])
    assert (row.constants_lower, row.constants_upper) == pytest.approx(expected, rel=1e-5)
    (row,) = selectivity(side("SERT", SERT_nM) + side("DAT", DAT_nM)).itertuples()
    assert np.isnan(row.constants_lower)


def test_the_window_is_the_smallest_bound():
    """DAT 5347 (2567 at least), NET > 4299.87 with limits of 5000: the point does not count."""
    off = side("DAT", DAT_nM) + side("NET", [5000] * 3, ">")
    (row,) = windows_of(selectivity(side("SERT", SERT_nM) + off)).itertuples()
    assert (row.primary, row.n_off_targets, row.narrowest_target) == ("SERT", 2, "DAT")
    assert row.lower_bound == pytest.approx(2566.68, rel=2e-6)
    assert (row.not_beyond_100_fold, row.without_bound) == ("", "")


def test_off_targets_not_shown_beyond_a_hundredfold():
    """A point 156-fold away whose bound is 67; one experiment; and a limit downward."""
    off = side("DAT", [70, 100, 140]) + side("NET", [9e3]) + side("TOO", [100] * 3, "<")
    roles = ROLES | {"TOO": "off-target"}
    table = selectivity(side("SERT", SERT_nM) + off, roles)
    (row,) = windows_of(table).itertuples()
    dat = table[table.target == "DAT"].iloc[0]
    assert dat.ratio > 100 > dat.lower
    assert (row.narrowest_target, row.not_beyond_100_fold) == ("DAT", "DAT; NET; TOO")
    assert row.without_bound == "NET; TOO"
    assert np.isnan(row.lower_bound)
    assert len(windows_of(table.iloc[:0])) == 0
