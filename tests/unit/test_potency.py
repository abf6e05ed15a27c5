"""From curves to experiments to potencies: what n is, and what bounds may claim."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm as normal
from scipy.stats import t as student

from reuptake.potency import (
    bound_of,
    combine_curves,
    distinct_flags,
    experiments_of,
    potencies_of,
    t_interval,
)
from reuptake.tables import CURVES, typed

# three experiments of three wells each
NINE = [0.47, 0.48, 0.49, 0.57, 0.58, 0.59, 0.93, 0.95, 0.97]


def curve(nM, experiment="e1", *, qualifier="=", quantity="ki", **more):
    """A row of curves.csv with the same value as Ki and IC50 unless told otherwise."""
    row = {
        "drop": "d",
        "run": experiment,
        "assay": "sert_binding",
        "plate": "P1",
        "role": "sample",
        "kind": "competition_binding",
        "target": "SERT",
        "species": "human",
        "compound": "X",
        "experiment": experiment,
        "log10_ic50_se": 0.02,
        "df": 20,
        "plate_verdict": "pass",
        "simulated": False,
        "flags": "",
        "ki_flags": "",
    }
    for prefix in ("ki", "ic50"):
        row |= {
            f"{prefix}_qualifier": qualifier,
            f"{prefix}_nM": nM,
            f"{prefix}_lower_nM": 0.9 * nM if qualifier == "=" else np.nan,
            f"{prefix}_upper_nM": 1.2 * nM if qualifier == "=" else np.nan,
        }
    return row | more


def potency(rows, quantity="Ki"):
    """The potency rows of a list of curves."""
    table = potencies_of(experiments_of(typed(pd.DataFrame(rows), CURVES)))
    return table[table.quantity == quantity].reset_index(drop=True)


def test_geometric_mean_and_t_interval():
    mean, low, high = t_interval(np.log10([0.48, 0.58, 0.95]))
    assert 10**mean == pytest.approx(0.641895, rel=1e-6)
    assert 9 - mean == pytest.approx(9.192536, rel=1e-6)
    assert (10**low, 10**high) == pytest.approx((0.267437, 1.540659), rel=2e-6)


def test_wells_taken_for_experiments_would_narrow_the_interval():
    _, low, high = t_interval(np.log10(NINE))
    assert (10**low, 10**high) == pytest.approx((0.50740, 0.81182), rel=1e-5)


def test_three_plates_of_three_experiments_are_n_3():
    """The trap, through the real chain: nine curves in, three experiments out."""
    rows = [curve(NINE[i], f"e{i // 3}", plate=f"P{i % 3}") for i in range(9)]
    (row,) = potency(rows).itertuples()
    assert (row.n_experiments, row.n_censored, row.qualifier) == (3, 0, "=")
    assert (row.lower_nM, row.upper_nM) == pytest.approx((0.26741, 1.54043), rel=2e-5)
    assert row.sd_log10 / np.sqrt(3) == pytest.approx(0.088374, rel=1e-3)
    assert row.p_potency == pytest.approx(9 - np.log10(row.value_nM))
    experiments = experiments_of(typed(pd.DataFrame(rows), CURVES))
    assert experiments[experiments.quantity == "Ki"].n_curves.tolist() == [3, 3, 3]


def test_curves_of_one_experiment_by_inverse_variance():
    """10 nM (SE 0.1) and 20 nM (SE 0.05): weights 100 and 400, log10 = (100 + 400 lg 20)/500."""
    curves = [
        {"qualifier": "=", "value_nM": 10.0, "log10_se": 0.1, "df": 9},
        {"qualifier": "=", "value_nM": 20.0, "log10_se": 0.05, "df": 12},
    ]
    curves = [c | {"lower_nM": 1.0, "upper_nM": 99.0} for c in curves]
    out = combine_curves(curves)
    log10_value = (100 + 400 * np.log10(20)) / 500
    half = student.ppf(0.975, 21) / np.sqrt(500)
    assert (out["qualifier"], out["n_curves"]) == ("=", 2)
    assert out["value_nM"] == pytest.approx(10**log10_value, rel=1e-12)
    assert out["lower_nM"] == pytest.approx(10 ** (log10_value - half), rel=1e-9)
    assert out["upper_nM"] == pytest.approx(10 ** (log10_value + half), rel=1e-9)


def test_one_curve_keeps_its_own_asymmetric_interval():
    one = {"qualifier": "=", "value_nM": 10.0, "lower_nM": 4.0, "upper_nM": 17.0}
    out = combine_curves([one | {"log10_se": 0.1, "df": 9}])
    assert (out["value_nM"], out["lower_nM"], out["upper_nM"]) == (10.0, 4.0, 17.0)


@pytest.mark.parametrize("se", [np.nan, 0.0])
def test_without_standard_errors_the_plain_mean_and_no_interval(se):
    both = [{"qualifier": "=", "value_nM": v, "log10_se": se, "df": 9} for v in (10.0, 1000.0)]
    out = combine_curves([c | {"lower_nM": 1.0, "upper_nM": 9.0} for c in both])
    assert out["value_nM"] == pytest.approx(100.0)
    assert np.isnan(out["lower_nM"])


@pytest.mark.parametrize(
    ("qualifiers", "values", "answer"),
    [
        ([">", ">"], [5000, 10000], (">", 5000)),
        (["=", ">"], [8000, 5000], (">", 5000)),
        (["=", ">"], [3000, 5000], (">", 3000)),
        (["<", "<"], [0.1, 0.3], ("<", 0.3)),
        (["=", "<"], [0.2, 0.1], ("<", 0.2)),
    ],
)
def test_bounds(qualifiers, values, answer):
    """Without intervals the values stand in for their limits."""
    assert bound_of(results(qualifiers, values)) == answer


def results(qualifiers, values, lower=np.nan, upper=np.nan):
    return [
        {"qualifier": q, "value_nM": v, "lower_nM": lower, "upper_nM": upper}
        for q, v in zip(qualifiers, values, strict=True)
    ]


def test_an_exact_result_enters_a_bound_with_the_limit_of_its_interval():
    """An estimate is not a limit: 3000 (2000 to 4500) beside > 5000 claims > 2000."""
    assert bound_of(results("=>", [3000, 5000], lower=2000, upper=4500)) == (">", 2000)
    assert bound_of(results("=<", [0.2, 0.1], lower=0.1, upper=0.4)) == ("<", 0.4)


def test_bounds_in_both_directions_claim_nothing():
    qualifier, value = bound_of(results("><", [5000, 1]))
    assert qualifier == ""
    assert np.isnan(value)
    (row,) = potency([curve(5000, "a", qualifier=">"), curve(1, "b", qualifier="<")]).itertuples()
    assert (row.qualifier, row.n_experiments, row.n_censored) == ("", 2, 2)
    assert "limits in both directions" in row.flags


def test_flags_of_the_ki_do_not_stand_at_the_ic50():
    rows = [curve(10, "a", flags="partial; no Ki: Kd missing", ki_flags="no Ki: Kd missing")]
    found = experiments_of(typed(pd.DataFrame(rows), CURVES))
    flags = {row.quantity: row.flags for row in found.itertuples()}
    assert flags == {"Ki": "partial; no Ki: Kd missing", "IC50": "partial"}


def test_all_censored_gives_the_smallest_limit_and_no_estimate():
    rows = [curve(10000, "a", qualifier=">"), curve(5000, "b", qualifier=">")]
    (row,) = potency(rows).itertuples()
    assert (row.qualifier, row.value_nM, row.n_experiments, row.n_censored) == (">", 5000, 2, 2)
    assert np.isnan(row.lower_nM)
    assert np.isnan(row.upper_nM)
    assert "2 of 2 experiments" in row.method


def test_partly_censored_is_neither_averaged_nor_dropped():
    """5200, 7400, > 10,000, > 10,000: not 6203 (dropped), not 7876 (substituted).

    The curves' lower limits are 0.9 of their values; Tobit's interval begins at 4931 (T-22).
    """
    values = [(5200, "="), (7400, "="), (10000, ">"), (10000, ">")]
    rows = [curve(v, f"e{i}", qualifier=q) for i, (v, q) in enumerate(values)]
    (row,) = potency(rows).itertuples()
    assert row.qualifier == ">"
    assert row.value_nM == pytest.approx(0.9 * 5200)
    assert (row.n_experiments, row.n_censored) == (4, 2)


def test_one_experiment_keeps_the_interval_of_its_fit_and_says_so():
    (row,) = potency([curve(10.0)]).itertuples()
    assert (row.value_nM, row.lower_nM, row.upper_nM) == pytest.approx((10.0, 9.0, 12.0))
    assert row.n_experiments == 1
    assert "n = 1" in row.flags
    assert "single experiment" in row.method


def test_a_named_experiment_joins_runs_of_two_drops():
    apart = [curve(10.0, "d1/A", drop="d1"), curve(12.0, "d2/A", drop="d2")]
    joined = [row | {"experiment": "week 10"} for row in apart]
    assert potency(apart).n_experiments.tolist() == [2]
    assert potency(joined).n_experiments.tolist() == [1]


def test_a_ki_is_joined_over_assays_and_an_ic50_is_not():
    rows = [curve(10.0, "a"), curve(40.0, "b", assay="sert_binding_2")]
    (ki,) = potency(rows).itertuples()
    assert (ki.n_experiments, ki.assay) == (2, "")
    assert ki.value_nM == pytest.approx(20.0)
    ic50 = potency(rows, "IC50")
    assert ic50.assay.tolist() == ["sert_binding", "sert_binding_2"]
    assert ic50.n_experiments.tolist() == [1, 1]


def test_an_experiment_in_two_assays_of_a_target_counts_once():
    rows = [curve(10.0, "a"), curve(40.0, "a", assay="sert_binding_2"), curve(20.0, "b")]
    (ki,) = potency(rows).itertuples()
    assert ki.n_experiments == 2
    assert ki.value_nM == pytest.approx(20.0)


def test_simulated_and_real_never_meet():
    rows = [curve(10.0, "a"), curve(20.0, "b", simulated=True)]
    table = potency(rows)
    assert table.simulated.tolist() == [False, True]
    assert table.n_experiments.tolist() == [1, 1]


@pytest.mark.parametrize(
    "other",
    [{"species": "rat"}, {"target": "DAT"}, {"kind": "uptake_inhibition"}, {"compound": "Y"}],
)
def test_unlike_measurements_stay_apart(other):
    rows = [curve(10.0, "a"), curve(20.0, "b", **other)]
    assert sorted(potency(rows, "IC50").n_experiments) == [1, 1]


def test_a_ki_of_uptake_never_joins_one_of_binding():
    rows = [curve(0.58, "a", kind="uptake_inhibition"), curve(0.9, "b")]
    table = potency(rows, "Ki").set_index("modality")
    assert table.value_nM.to_dict() == {"uptake": 0.58, "binding": 0.9}
    assert table.n_experiments.tolist() == [1, 1]
    assert len(potency([curve(0.58, kind="response")], "Ki")) == 0


def test_an_error_that_all_curves_share_does_not_fall_with_their_number():
    """Two curves, own SE 0.02 each (40 df), and 0.06 of Kd: half is not that of 0.0632/sqrt 2."""
    rows = [curve(1.0, plate=f"P{i}", log10_ki_shift_kd=0.06) for i in range(2)]
    (row,) = (
        experiments_of(typed(pd.DataFrame(rows), CURVES)).query("quantity == 'Ki'").itertuples()
    )
    own = student.ppf(0.975, 40) * 0.02 / np.sqrt(2)
    assert np.log10(row.upper_nM) == pytest.approx(np.hypot(own, 1.959964 * 0.06), rel=1e-6)
    (row,) = (
        experiments_of(typed(pd.DataFrame(rows), CURVES)).query("quantity == 'IC50'").itertuples()
    )
    assert np.log10(row.upper_nM) == pytest.approx(own, rel=1e-6)


def test_a_binding_curve_without_ki_leaves_an_empty_answer_not_a_gap():
    none = {"ki_qualifier": "", "ki_nM": np.nan, "flags": "no Ki: Kd missing"}
    (row,) = potency([curve(10.0, **none)]).itertuples()
    assert (row.qualifier, row.n_experiments, row.method) == ("", 0, "none")
    assert np.isnan(row.value_nM)
    assert "no Ki: Kd missing" in row.flags
    assert potency([curve(10.0, **none)], "IC50").value_nM.tolist() == [10.0]


def test_failed_plates_and_failed_curves_stay_out():
    rows = [
        curve(10.0, "a"),
        curve(99.0, "b", plate_verdict="fail"),
        curve(np.nan, "c", qualifier=""),
    ]
    (row,) = potency(rows).itertuples()
    assert (row.n_experiments, row.value_nM) == (1, pytest.approx(10.0))


def test_reference_curves_do_not_drown_the_test():
    sample, reference = curve(10.0, "a"), curve(40.0, "b", role="reference")
    assert potency([sample, reference]).value_nM.tolist() == [pytest.approx(10.0)]
    alone = potency([reference])
    assert alone.value_nM.tolist() == [pytest.approx(40.0)]
    assert "from reference curves" in alone["flags"][0]
    # a compound's reference curves elsewhere are its own affair
    elsewhere = curve(40.0, "b", role="reference", target="DAT")
    assert sorted(potency([sample, elsewhere]).target) == ["DAT", "SERT"]


def test_flags_that_differ_in_a_number_stand_once():
    texts = ["bias 5.1 %; nominal", "bias 6.2 %", "", "nominal; not recorded: lot"]
    assert distinct_flags(texts) == ["bias 5.1 %", "nominal", "not recorded: lot"]


def test_no_curves_at_all():
    empty = experiments_of(typed(pd.DataFrame(), CURVES))
    assert len(empty) == 0
    assert len(potencies_of(empty)) == 0


SDS = {("sert_binding", "Ki", False): (0.12, 19.0), ("sert_binding", "IC50", False): (0.12, 19.0)}
PARTLY = [(5200, "="), (7400, "="), (10000, ">"), (10000, ">")]


def partly_censored(**more):
    return [curve(v, f"e{i}", qualifier=q, **more) for i, (v, q) in enumerate(PARTLY)]


def answer(rows, sds):
    table = potencies_of(experiments_of(typed(pd.DataFrame(rows), CURVES)), sds)
    return table[table.quantity == "Ki"].iloc[0]


def test_partly_censored_with_the_sd_of_the_run_chart():
    """Maximum over mu of two exact terms and two tails, on a grid, at SD 0.12."""
    row = answer(partly_censored(), SDS)
    mu = np.linspace(3.8, 4.2, 400_001)
    x = np.log10([5200.0, 7400.0])
    log_l = normal.logpdf(x[0], mu, 0.12) + normal.logpdf(x[1], mu, 0.12)
    log_l += 2 * normal.logsf(4.0, mu, 0.12)
    inside = mu[2 * (log_l.max() - log_l) <= student.ppf(0.975, 19) ** 2]
    assert row.qualifier == "="
    assert np.log10(row.value_nM) == pytest.approx(mu[log_l.argmax()], abs=2e-6)
    assert np.log10([row.lower_nM, row.upper_nM]) == pytest.approx(inside[[0, -1]], abs=2e-6)
    assert (row.sd_log10, row.sd_df, row.n_censored) == (pytest.approx(0.12), 19, 2)
    assert row.limits_nM == "> 10,000; > 10,000"
    assert "SD 0.12 log10 known from 19 df of the run chart" in row.method


def test_compounds_closer_than_the_minimum_significant_ratio_are_named():
    """SD 0.12: MSR 10^(0.24 sqrt 2) = 2.185; the reference is one of them."""
    values = {"A": 1.0, "B": 2.1, "C": 2.3, "D": 100.0}
    rows = [curve(v, "e", compound=name) for name, v in values.items()]
    rows += [curve(2.2, "e", compound="R", role="reference")]
    rows += [curve(1.0, "e", compound="L", qualifier=">")]
    rows += [curve(1.0, "e", compound="E", assay="elsewhere", target="DAT")]
    table = potencies_of(experiments_of(typed(pd.DataFrame(rows), CURVES)), {}, SDS)
    ki = table[table.quantity == "Ki"].set_index("compound")
    assert ki.msr["A"] == pytest.approx(2.185, rel=1e-3)
    assert ki.indistinguishable_from.to_dict() == {
        "A": "B",
        "B": "R; C; A",
        "C": "R; B",
        "D": "",
        "E": "",
        "L": "",
        "R": "C; B",
    }
    assert np.isnan(ki.msr["E"])
    without = potencies_of(experiments_of(typed(pd.DataFrame(rows), CURVES)), SDS)
    assert without.msr.isna().all()


def test_of_many_like_compounds_ten_are_named():
    rows = [curve(1 + 0.01 * i, "e", compound=f"c{i:02d}") for i in range(12)]
    table = potencies_of(experiments_of(typed(pd.DataFrame(rows), CURVES)), {}, SDS)
    told = table[table.quantity == "Ki"].indistinguishable_from
    assert told.iloc[0] == "; ".join([*(f"c{i:02d}" for i in range(1, 11)), "and more"])
    rows = rows[:11]
    table = potencies_of(experiments_of(typed(pd.DataFrame(rows), CURVES)), {}, SDS)
    told = table[table.quantity == "Ki"].indistinguishable_from
    assert "and more" not in told.iloc[0]


def test_six_exact_values_fit_their_own_sd():
    values = [(v, "=") for v in (4000, 5200, 7400, 6100, 8000, 9000)] + [(10000, ">")]
    rows = [curve(v, f"e{i}", qualifier=q) for i, (v, q) in enumerate(values)]
    row = answer(rows, {})
    assert row.qualifier == "="
    assert np.isnan(row.sd_df)
    assert "SD fitted, biased low" in row.method


def test_an_sd_of_another_assay_or_of_one_of_two_is_not_used():
    rows = partly_censored(assay="elsewhere")
    assert answer(rows, SDS).qualifier == ">"
    assert answer(partly_censored()[:2] + rows[2:], SDS).qualifier == ">"


def test_limits_by_depletion_take_no_part_in_a_likelihood():
    """Ki < x is a bound that hangs on the value itself, not on the tested range."""
    rows = [curve(1.0, "a"), curve(2.0, "b"), curve(3.0, "c", qualifier="<", ki_method="bound")]
    row = answer(rows, SDS)
    assert (row.qualifier, row.value_nM) == ("<", pytest.approx(3.0))
    assert "depletion" in row.method


def test_the_secondary_answer_weighs_by_the_errors_of_the_fits():
    """Values and errors of the set 'close' of tests/data/reference/metafor.csv."""
    pairs = zip((-0.3188, -0.2366, -0.0223), (0.05, 0.06, 0.04), strict=True)
    rows = [curve(10**x, f"e{i}", log10_ic50_se=se) for i, (x, se) in enumerate(pairs)]
    (row,) = potency(rows).itertuples()
    found = np.log10([row.random_nM, row.random_lower_nM, row.random_upper_nM])
    assert found == pytest.approx((-0.190189906459, -0.611874597321, 0.231494784402), rel=1e-9)
    assert row.tau_log10**2 == pytest.approx(0.0262718356494, rel=1e-9)
    assert row.i2_pct == pytest.approx(91.5133526415, rel=1e-9)
    assert row.value_nM == pytest.approx(10 ** np.mean([-0.3188, -0.2366, -0.0223]))
    (row,) = potency([r | {"log10_ic50_se": np.nan} for r in rows]).itertuples()
    assert np.isnan(row.random_nM)


def test_constants_of_an_experiment():
    about = {"radioligand": "[3H]L", "kd_from": "2 nM", "sites_from": "4 pmol/mg"}
    rows = [
        curve(10.0, "a", plate=f"P{i}", log10_ki_shift_kd=shift, **about)
        for i, shift in enumerate((0.02, 0.04))
    ]
    table = experiments_of(typed(pd.DataFrame(rows), CURVES))
    ki, ic50 = (table[table.quantity == q].iloc[0] for q in ("Ki", "IC50"))
    assert (ki.radioligand, ki.kd_from, ki.sites_from) == ("[3H]L", "2 nM", "4 pmol/mg")
    assert ki.log10_ki_shift_kd == pytest.approx(0.03)
    assert np.isnan(ki.log10_ki_shift_sites)
    assert np.isnan(ic50.log10_ki_shift_kd)


def test_an_error_of_kd_that_all_experiments_share_does_not_average_out():
    """Ki 0.48, 0.58, 0.95 nM with one Kd, known to 15 %, at L = Kd: SE 0.0325721 of log10.

    The t interval is 0.267437 to 1.540659 nM, half-width 0.380242; with 1.959964 SE of the Kd
    0.385564, that is 0.264180 to 1.559655. Three Kd's of the same error would leave a third
    of its square.
    """
    shift = 0.5 * 0.15 / np.log(10)
    rows = [
        curve(v, f"e{i}", log10_ki_shift_kd=shift, kd_from="5.3 nM (Agnel 1996)")
        for i, v in enumerate((0.48, 0.58, 0.95))
    ]
    (row,) = potency(rows).itertuples()
    assert (row.lower_nM, row.upper_nM) == pytest.approx((0.267437, 1.540659), rel=2e-6)
    limits = row.constants_lower_nM, row.constants_upper_nM
    assert limits == pytest.approx((0.264180, 1.559655), rel=5e-6)
    apart = [row | {"kd_from": f"2026-0{i}-sat/A"} for i, row in enumerate(rows)]
    (row,) = potency(apart).itertuples()
    half = np.hypot(0.3802425, 1.959964 * shift / np.sqrt(3))
    assert row.constants_upper_nM == pytest.approx(0.641895 * 10**half, rel=5e-6)
    (ic50,) = potency(rows, "IC50").itertuples()
    assert np.isnan(ic50.constants_lower_nM)


def test_constants_of_unknown_error_and_of_one_experiment():
    (row,) = potency([curve(v, f"e{v}") for v in (1.0, 2.0)]).itertuples()
    assert np.isnan(row.constants_lower_nM)
    # the interval of a single fit holds them already
    (row,) = potency([curve(10.0, log10_ki_shift_kd=0.03)]).itertuples()
    limits = row.constants_lower_nM, row.constants_upper_nM
    assert limits == pytest.approx((row.lower_nM, row.upper_nM), rel=1e-12)
