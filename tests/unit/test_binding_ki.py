"""When a Ki is given: the decision table."""

from dataclasses import replace

import numpy as np
import pytest

from reuptake.binding.cheng_prusoff import bias_pct
from reuptake.binding.conditions import Conditions
from reuptake.binding.ki import ExactKi, judge_ki
from reuptake.binding.mass_balance import free_radioligand_nM

# [3H]citalopram at its Kd, few sites: R_T 0.01 nM
CLEAR = Conditions(
    ligand_nM=5.3,
    kd_nM=5.3,
    transporter_nM=0.01,
    alpha=0.0,
    bound_pct=2.0,
    assumed_negligible=False,
    missing=(),
    notes=(),
)
UNKNOWN = replace(CLEAR, transporter_nM=np.nan)
NEGLIGIBLE = replace(UNKNOWN, assumed_negligible=True)
CURVE = {
    "status": "ok",
    "ic50_qualifier": "=",
    "ic50_nM": 12.0,
    "ic50_lower_nM": 10.0,
    "ic50_upper_nM": 15.0,
    "hill": 1.0,
}
MORE = CURVE | {"status": "incomplete", "ic50_qualifier": ">", "ic50_nM": 10000.0}
LESS = CURVE | {"status": "incomplete", "ic50_qualifier": "<", "ic50_nM": 12.0}
# the exact simulations of sites 0.06, 0.24 and 0.6 nM at L = Kd = 5.3 and a true Ki of 0.58
SITES = {0.06: 1.1917, 0.24: 1.2875, 0.60: 1.4822}


def ki(curve=CURVE, conditions=CLEAR):
    """Qualifier, value, method and flags as one text."""
    out = judge_ki(curve, conditions)
    return out["ki_qualifier"], out["ki_nM"], out["ki_method"], "; ".join(out["ki_flags"])


def test_clear_conditions_give_cheng_prusoff_with_its_interval():
    out = judge_ki(CURVE, CLEAR)
    assert (out["ki_qualifier"], out["ki_nM"], out["ki_method"]) == ("=", 6.0, "cheng_prusoff")
    assert (out["ki_lower_nM"], out["ki_upper_nM"]) == pytest.approx((5.0, 7.5), rel=1e-12)
    assert out["ki_flags"] == []
    assert out["depletion_radioligand_pct"] == 2.0
    assert out["depletion_competitor_pct"] == pytest.approx(100 * 0.005 / 12)
    assert 0 < out["depletion_bias_pct"] < 1


@pytest.mark.parametrize(("curve", "sign", "nM"), [(MORE, ">", 5000.0), (LESS, "<", 6.0)])
def test_a_bound_is_transformed_and_has_no_interval(curve, sign, nM):
    out = judge_ki(curve, CLEAR)
    assert (out["ki_qualifier"], out["ki_nM"], out["ki_method"]) == (sign, nM, "cheng_prusoff")
    assert np.isnan(out["ki_lower_nM"])
    assert np.isnan(out["ki_upper_nM"])


def test_an_unbounded_limit_stays_unbounded():
    curve = CURVE | {"status": "ambiguous", "ic50_lower_nM": 0.0, "ic50_upper_nM": np.inf}
    out = judge_ki(curve, CLEAR)
    assert (out["ki_qualifier"], out["ki_lower_nM"], out["ki_upper_nM"]) == ("=", 0.0, np.inf)


@pytest.mark.parametrize(
    ("sites", "qualifier", "method", "bias"),
    [(0.06, "=", "cheng_prusoff", 2.7), (0.24, "<", "bound", 11.0), (0.60, "<", "bound", 27.8)],
)
def test_predicted_bias_decides_where_the_sites_are_known(sites, qualifier, method, bias):
    """The passing 5.5 % of bound radioligand does not save the third."""
    curve = CURVE | {"ic50_nM": SITES[sites]}
    out = judge_ki(curve, replace(CLEAR, transporter_nM=sites, bound_pct=5.5))
    assert out["depletion_bias_pct"] == pytest.approx(bias, abs=0.06)
    assert out["depletion_competitor_pct"] == pytest.approx(50 * sites / SITES[sites])
    assert (out["ki_qualifier"], out["ki_method"]) == (qualifier, method)
    assert out["ki_nM"] == pytest.approx(SITES[sites] / 2)
    assert ("depletion" in " ".join(out["ki_flags"])) == (method == "bound")
    assert np.isnan(out["ki_lower_nM"]) == (method == "bound")


def test_a_bias_between_five_and_ten_percent_is_flagged():
    # R_T 0.14 nM: (R_T/2)/(Ki (1 + L/Kd)) is about 6 %
    curve = CURVE | {"ic50_nM": 1.16 + 0.07}
    qualifier, _, method, flags = ki(curve, replace(CLEAR, transporter_nM=0.14))
    assert (qualifier, method) == ("=", "cheng_prusoff")
    assert "predicted bias of Cheng-Prusoff" in flags


@pytest.mark.parametrize(("sd", "flagged"), [(0.3, False), (0.45, True)])
def test_a_bias_that_the_error_of_the_sites_leaves_open_is_told(sd, flagged):
    """R_T 0.06 biases by 2.7 %; at 0.24, fourfold (3.09 SD of 0.45), it would be 11 %."""
    curve = CURVE | {"ic50_nM": SITES[0.06]}
    sites = replace(CLEAR, transporter_nM=0.06, transporter_sd=sd)
    assert ki(curve, sites)[2] == "cheng_prusoff"
    assert ("which its error allows" in ki(curve, sites)[3]) == flagged


def test_hardly_a_biased_plate_has_a_bare_cheng_prusoff_value():
    """R_T told with an error of 30 %: of those with a true bias over 10 %, one in a thousand is.

    That is what the one-sided 99.9 % limit of R_T promises.
    """
    rng = np.random.default_rng(20260302)
    sites = 10 ** rng.uniform(np.log10(0.03), np.log10(3), 3000)
    true_ki = sites / 10 ** rng.uniform(-2, 1, 3000)
    free = free_radioligand_nM(sites, 5.3, 5.3)
    ic50 = true_ki * (1 + free / 5.3) + sites / 2
    biased = np.flatnonzero(bias_pct(ic50, 5.3, 5.3, sites) > 10)
    assert len(biased) > 1000
    bare = 0
    for i in biased:
        told = replace(CLEAR, transporter_nM=sites[i] * np.exp(0.3 * rng.standard_normal()))
        qualifier, _, method, flags = ki(CURVE | {"ic50_nM": ic50[i]}, told)
        assert method == "bound" or qualifier == "="
        bare += qualifier == "=" and "bias of Cheng-Prusoff" not in flags
    assert bare <= 0.001 * len(biased)


def test_both_other_guards_pass_and_the_bias_still_decides():
    """[125I]RTI-55 0.05/0.98, R_T 0.06: 5.52 % bound, G2 4.45 %, e = +10.48 %."""
    conditions = replace(CLEAR, ligand_nM=0.05, kd_nM=0.98, transporter_nM=0.06, bound_pct=5.52)
    out = judge_ki(CURVE | {"ic50_nM": 0.6735}, conditions)
    assert out["depletion_competitor_pct"] == pytest.approx(4.45, abs=0.01)
    assert out["depletion_bias_pct"] == pytest.approx(10.48, abs=0.02)
    assert (out["ki_qualifier"], out["ki_method"]) == ("<", "bound")


def test_much_radioligand_bound_does_not_decide_where_the_bias_is_known():
    """Guard G1 fails, but a weak competitor is hardly misjudged."""
    curve = CURVE | {"ic50_nM": 1000.0}
    assert ki(curve, replace(CLEAR, transporter_nM=0.24, bound_pct=12.0))[0] == "="


def test_an_ic50_below_what_the_sites_hold():
    curve = CURVE | {"ic50_nM": 0.2}
    qualifier, nM, method, flags = ki(curve, replace(CLEAR, transporter_nM=1.8))
    assert (qualifier, nM, method) == ("<", 0.1, "bound")
    assert "unbounded" in flags


@pytest.mark.parametrize(
    ("conditions", "curve", "qualifier", "method", "words"),
    [
        # R_T unknown
        (NEGLIGIBLE, CURVE, "=", "cheng_prusoff", "depletion assumed negligible"),
        (NEGLIGIBLE, MORE, ">", "cheng_prusoff", "depletion assumed negligible"),
        (replace(NEGLIGIBLE, ligand_nM=50.0), CURVE, "=", "cheng_prusoff", "assumed negligible"),
        (UNKNOWN, CURVE, "<", "bound", "depletion not assessable"),
        (UNKNOWN, LESS, "<", "bound", "depletion not assessable"),
        (UNKNOWN, MORE, "", "none", "depletion not assessable"),
        (replace(UNKNOWN, ligand_nM=10.6), CURVE, "<", "bound", "depletion not assessable"),
        (replace(UNKNOWN, ligand_nM=10.7), CURVE, "", "none", "L > 2 Kd"),
        # nobody's word against a measured depletion
        (replace(NEGLIGIBLE, bound_pct=10.0), CURVE, "<", "bound", "10.0 % of the radioligand"),
        (replace(NEGLIGIBLE, bound_pct=np.nan), CURVE, "=", "cheng_prusoff", "negligible"),
        # R_T known, the guard fails
        (replace(CLEAR, transporter_nM=9.0, ligand_nM=50.0), CURVE, "", "none", "L > 2 Kd"),
        (replace(CLEAR, transporter_nM=9.0), CURVE, "<", "bound", "depletion: predicted bias"),
        (replace(CLEAR, transporter_nM=9.0), LESS, "<", "bound", "depletion: predicted bias"),
        (replace(CLEAR, transporter_nM=0.0), CURVE, "<", "bound", "depletion not assessable"),
        # a curve that is no competition at one site
        (CLEAR, CURVE | {"status": "partial"}, "", "none", "partial inhibition"),
        (CLEAR, CURVE | {"hill": 0.6}, "=", "cheng_prusoff", "Hill slope 0.600"),
    ],
)
def test_decision_table(conditions, curve, qualifier, method, words):
    found, nM, how, flags = ki(curve, conditions)
    assert (found, how) == (qualifier, method)
    assert np.isnan(nM) == (not qualifier)
    assert words in flags


def test_a_bound_from_depletion_never_points_up():
    """'At least' and 'at most' do not combine: refused, and said why."""
    qualifier, nM, method, flags = ki(MORE, replace(CLEAR, transporter_nM=1e5, kd_nM=5.3))
    assert (qualifier, method) == ("", "none")
    assert np.isnan(nM)
    assert "the IC50 is a bound in the other direction" in flags


@pytest.mark.parametrize(
    "missing", [("Kd",), ("species",), ("Kd", "radioligand concentration", "species")]
)
def test_what_is_missing_is_listed(missing):
    qualifier, nM, method, flags = ki(CURVE, replace(CLEAR, missing=missing, kd_nM=np.nan))
    assert (qualifier, method) == ("", "none")
    assert np.isnan(nM)
    assert f"no Ki: {', '.join(missing)} missing" in flags


def test_a_failed_curve_has_no_ki():
    failed = CURVE | {"status": "failed", "ic50_qualifier": "", "ic50_nM": np.nan}
    qualifier, nM, method, _ = ki(failed)
    assert (qualifier, method) == ("", "none")
    assert np.isnan(nM)


def test_notes_of_the_conditions_reach_every_ki():
    notes = ("not recorded: temperature",)
    for curve in (CURVE, MORE, CURVE | {"status": "partial"}):
        assert ki(curve, replace(CLEAR, notes=notes))[3].startswith(notes[0])


@pytest.mark.parametrize(
    ("name", "change", "ic50_nM", "verdict"),
    [
        ("G1", {"bound_pct": 9.99}, 12.0, "pass"),
        ("G1", {"bound_pct": 10.0}, 12.0, "fail"),
        ("G1", {"bound_pct": np.nan}, 12.0, "not known"),
        # R_T/2 over IC50: 4.9, 5, 10 and 10.1 %
        ("G2", {"transporter_nM": 1.176}, 12.0, "pass"),
        ("G2", {"transporter_nM": 1.2}, 12.0, "warn"),
        ("G2", {"transporter_nM": 2.4}, 12.0, "warn"),
        ("G2", {"transporter_nM": 2.43}, 12.0, "fail"),
        # Ki 6 nM: a tenth of the sites at 60 nM
        ("G3", {"transporter_nM": 59.0}, 12.0, "pass"),
        ("G3", {"transporter_nM": 61.0}, 12.0, "fail"),
        ("G3", {"transporter_nM": np.nan}, 12.0, "not known"),
        ("G4", {}, 12.0, "not known"),
        ("G4", {"kd_of_depleted_fit": True}, 12.0, "pass"),
        # the exact simulations of sites 0.06, 0.24 and 0.6 nM: 2.7, 11.0 and 27.8 %
        ("G5", {"transporter_nM": 0.06}, SITES[0.06], "pass"),
        ("G5", {"transporter_nM": 0.24}, SITES[0.24], "fail"),
        ("G5", {"transporter_nM": 0.60}, SITES[0.60], "fail"),
        ("G5", {"transporter_nM": 0.15}, 1.2875, "warn"),
        # tracer [125I]RTI-55: both others pass, the bias is 10.48 %
        ("G5", {"transporter_nM": 0.06, "ligand_nM": 0.05, "kd_nM": 0.98}, 0.6735, "fail"),
        ("G2", {"transporter_nM": 0.06, "ligand_nM": 0.05, "kd_nM": 0.98}, 0.6735, "pass"),
    ],
)
def test_verdicts_of_the_guards(name, change, ic50_nM, verdict):
    guards = judge_ki(CURVE | {"ic50_nM": ic50_nM}, replace(CLEAR, **change))["guards"]
    assert f"{name} {verdict}" in guards.split("; ")


@pytest.mark.parametrize(
    ("ki_nM", "lower_nM", "verdict"), [(0.5, 0.3, "pass"), (0.05, 0.03, "fail"), (0.5, 0, "fail")]
)
def test_titration_of_sites_by_the_exact_fit(ki_nM, lower_nM, verdict):
    """R_T 0.6 nM: below 0.06 nM, or with an open interval, the sites are titrated."""
    exact = ExactKi(ki_nM, lower_nM, 1.0, np.nan, 0.05, fits=True)
    out = judge_ki(CURVE | {"ic50_nM": 1.48}, replace(CLEAR, transporter_nM=0.6), exact)
    assert f"G3 {verdict}" in out["guards"]
