"""Selectivity ratios: published numbers, bounds, and what is never compared."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind
from test_potency import curve

from reuptake.formatting import significant
from reuptake.potency import experiments_of, potencies_of
from reuptake.selectivity import Side, one_sided_limit_nM, ratio_of, selectivities_of, welch_ratio
from reuptake.tables import CURVES, typed

SERT_nM = [0.48, 0.58, 0.95]
DAT_nM = [2900, 4100, 3400]
ROLES = {"SERT": "primary", "DAT": "off-target", "NET": "off-target"}


def exact(values):
    log10 = np.log10(values)
    return Side("=", 10 ** log10.mean(), log10, len(values))


def bound(qualifier, value, n=3):
    return Side(qualifier, value, np.array([]), n)


def selectivity(rows, roles=ROLES):
    experiments = experiments_of(typed(pd.DataFrame(rows), CURVES))
    return selectivities_of(experiments, potencies_of(experiments), roles)


def side(target, values, qualifier="=", **more):
    """One curve an experiment at a target."""
    return [
        curve(v, f"{target}-{i}", qualifier=qualifier, target=target, **more)
        for i, v in enumerate(values)
    ]


def test_both_exact():
    ratio, lower, upper, df = welch_ratio(np.log10(DAT_nM), np.log10(SERT_nM))
    assert ratio == pytest.approx(5346.743, rel=1e-6)
    assert df == pytest.approx(2.91393, rel=1e-5)
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
    ratio, lower, upper, _ = welch_ratio([2.0, 2.0], [1.0, 1.0])
    assert (ratio, lower, upper) == (10.0, 10.0, 10.0)
