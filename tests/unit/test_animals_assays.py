"""Forced swim and PCA: from an animals file to the rows of the result tables."""

import numpy as np
import pandas as pd
import pytest
from animal_sets import JUDGES, PCA, SWIM, SWIM_S, PCA_ng_per_g, file_of, frame

from reuptake.animals import forced_swim, pca
from reuptake.animals.frame import frame_of
from reuptake.drops.animals import levels, read_animals

SWIM_COLUMNS = (
    "drop,run,group,role,treatment,dose_mg_per_kg,n,mean_s,sd_s,difference_s,difference_lower_s,"
    "difference_upper_s,p_dunnett,hedges_g,reduction_pct,reduction_lower_pct,reduction_upper_pct,"
    "flags"
)
TEST_COLUMNS = "drop,run,test,statistic,df1,df2,p"
PCA_COLUMNS = (
    "drop,run,group,role,treatment,dose_mg_per_kg,n,mean_ng_per_g,sd_ng_per_g,p_vs_pca,"
    "p_vs_vehicle,antagonism_pct,antagonism_lower_pct,antagonism_upper_pct,flags"
)


def swim(groups, assay=SWIM, **columns):
    return forced_swim.analyse(frame(file_of(groups, **columns), assay), {"a": assay})


def depletion(groups, **columns):
    return pca.analyse(frame(file_of(groups, **columns), PCA), {"a": PCA})


def by_group(table):
    return table.set_index("group")


def test_the_promised_columns_come_first():
    swum, depleted = swim(SWIM_S), depletion(PCA_ng_per_g)
    for table, names in (
        (swum["forced_swim"], SWIM_COLUMNS),
        (swum["forced_swim_tests"], TEST_COLUMNS),
        (depleted["pca_antagonism"], PCA_COLUMNS),
    ):
        assert ",".join(table.columns).startswith(names + ",")


def test_forced_swim_example():
    out = swim(SWIM_S)
    rows = out["forced_swim"]
    assert list(rows["group"]) == ["Vehicle", "1", "3", "10"]
    rows = by_group(rows)
    assert rows["mean_s"].to_numpy() == pytest.approx([206, 199.4, 165.2, 115.4])
    assert rows["sd_s"].to_numpy() == pytest.approx([25.6688, 23.9360, 24.5845, 24.4867], rel=1e-5)
    three = rows.loc["3"]
    assert three.p_dunnett == pytest.approx(0.00204755, rel=1e-5)
    assert (three.difference_lower_s, three.difference_upper_s) == pytest.approx(
        (-67.861432, -13.738568), rel=1e-6
    )
    assert three.reduction_pct == pytest.approx(19.8058, rel=1e-5)
    assert three.hedges_g == pytest.approx(-1.5548, rel=1e-4)
    assert list(rows["n"]) == [10] * 4
    assert rows.loc["Vehicle", ["difference_s", "p_dunnett", "hedges_g"]].isna().all()
    assert list(rows["minimum_effective"].fillna(False)) == [False, False, True, False]
    assert rows.loc["3", "flags"] == ""
    assert rows.loc["10", "flags"] == "suspiciously large effect: g = -3.5"
    tests = out["forced_swim_tests"].set_index("test")
    assert list(tests.index) == ["anova", "welch", "kruskal", "brown_forsythe", "shapiro"]
    assert tests.loc["welch", "df2"] == pytest.approx(19.99449, rel=1e-6)
    contrasts = out["forced_swim_contrasts"]
    trend = contrasts[contrasts["method"] == "williams"]
    assert list(trend["group"]) == ["10", "3 + 10", "1 + 3 + 10"]
    assert trend["p"].to_numpy() == pytest.approx([1.088e-9, 5.579e-8, 1.194e-5], rel=5e-4)


def test_a_trend_is_tested_only_where_it_was_planned():
    out = swim(SWIM_S, SWIM | {"trend": False})
    assert "williams" not in set(out["forced_swim_contrasts"]["method"])


def test_animals_at_the_limits_of_the_test():
    groups = SWIM_S | {"Vehicle": [300, 300, 300, 300, 201, 228, 176, 219, 195, 234]}
    groups |= {"10": [0, 0, 88, 142, 105, 127]}
    rows = by_group(swim(groups)["forced_swim"])
    assert "4 of 10 animals at the ceiling (300 s)" in rows.loc["Vehicle", "flags"]
    assert "2 of 6 animals at the floor (0 s)" in rows.loc["10", "flags"]
    assert (rows.loc["Vehicle", "n_ceiling"], rows.loc["10", "n_floor"]) == (4, 2)


def test_small_groups_and_single_animals():
    rows = by_group(
        swim({"Vehicle": [200, 210, 190], "1": [150], "3": [100, 120, 90, 60]})["forced_swim"]
    )
    assert "n = 3: fewer than 5 animals" in rows.loc["Vehicle", "flags"]
    one = rows.loc["1"]
    assert "one animal: no SD" in one["flags"]
    assert np.isnan(one.sd_s)
    assert np.isnan(one.hedges_g)
    assert 0 < one.p_dunnett < 1  # on the variance of the other groups


def test_no_scatter_no_test():
    out = swim({"Vehicle": [200] * 5, "3": [150] * 5})
    rows = by_group(out["forced_swim"])
    assert "values all equal" in rows.loc["3", "flags"]
    assert "no comparison: no scatter" in rows.loc["3", "flags"]
    assert rows[["p_dunnett", "difference_s", "reduction_pct"]].isna().all(axis=None)
    assert out["forced_swim_tests"].empty


def test_a_control_of_zero_has_no_percentage():
    rows = by_group(swim({"Vehicle": [0] * 5, "3": [20, 30, 0, 10, 5]})["forced_swim"])
    assert np.isnan(rows.loc["3", "reduction_pct"])
    assert "no % reduction" in rows.loc["3", "flags"]


def test_an_unbounded_reduction_says_so():
    groups = {"Vehicle": [0, 0, 0, 40, 0, 0], "3": [20, 30, 0, 10, 5]}
    row = by_group(swim(groups)["forced_swim"]).loc["3"]
    assert "interval unbounded" in row["flags"]
    assert np.isnan(row.reduction_lower_pct)
    assert row.reduction_pct == pytest.approx(100 * (1 - 13 / (40 / 6)))


def test_a_dose_that_is_not_recorded():
    text = file_of(SWIM_S).replace(",10,mg/kg,", ",,,")
    rows = by_group(forced_swim.analyse(frame(text, SWIM), {"a": SWIM})["forced_swim"])
    assert rows.loc["10", "flags"].startswith("dose not recorded")
    assert "dose not recorded" not in rows.loc["Vehicle", "flags"]


def test_excluded_animals_are_counted_and_left_out():
    text = file_of(SWIM_S, exclude=lambda g, i: "true" if (g, i) == ("3", 0) else "")
    row = by_group(forced_swim.analyse(frame(text, SWIM), {"a": SWIM})["forced_swim"]).loc["3"]
    assert (row.n, row.n_excluded) == (9, 1)
    assert row.mean_s == pytest.approx(np.mean(SWIM_S["3"][1:]))
    assert "1 excluded" in row["flags"]


def test_scorers_are_averaged_and_their_agreement_told():
    lines = ["animal,group,role,treatment,dose,unit,value,scorer"]
    for i, row in enumerate(JUDGES):
        group, role = ("Vehicle", "vehicle") if i < 3 else ("drug", "treated")
        for judge, value in enumerate(row):
            lines.append(f"A{i},{group},{role},{group},,,{value},J{judge}")
    out = forced_swim.analyse(frame("\n".join(lines) + "\n", SWIM), {"a": SWIM})
    agreement = out["scorer_agreement"]
    assert len(agreement) == 6
    first = agreement.iloc[0]
    assert (first.icc, first.icc_lower, first.icc_upper) == pytest.approx(
        (0.2897638, 0.018787, 0.761084), abs=1e-6
    )
    assert (first.n, first.n_scorers, first.agreement) == (6, 4, "poor")
    assert (first["first"], first["second"]) == ("J0", "J1")
    rows = by_group(out["forced_swim"])
    assert rows.loc["Vehicle", "n"] == 3
    assert rows.loc["Vehicle", "mean_s"] == pytest.approx(np.mean(JUDGES[:3]))
    assert "poor agreement of the scorers: ICC(2,1) = 0.29" in rows.loc["drug", "flags"]


def test_an_animal_that_one_scorer_missed():
    lines = file_of(SWIM_S, scorer=lambda g, i: "AB").splitlines()
    second = [line.replace(",AB", ",CD") for line in lines[1:-1]]
    text = "\n".join([*lines, *second]) + "\n"
    out = forced_swim.analyse(frame(text, SWIM), {"a": SWIM})
    assert out["scorer_agreement"].iloc[0].n == 39
    assert "1 animals not judged by every scorer" in out["forced_swim"].iloc[0]["flags"]


def test_blocks_enter_as_fixed_effects():
    """A shift of 60 s between two days is taken out of the error."""
    day = {name: [v + 60 * (i % 2) for i, v in enumerate(values)] for name, values in
           {k: [x / 2 for x in v] for k, v in SWIM_S.items()}.items()}  # fmt: skip
    plain = by_group(swim(day)["forced_swim"])
    blocked = by_group(swim(day, block=lambda g, i: f"day {i % 2}")["forced_swim"])
    assert "block in the model as a fixed effect" in blocked.loc["3", "flags"]
    assert blocked.loc["3", "difference_s"] == pytest.approx(plain.loc["3", "difference_s"])
    widths = [(r.difference_upper_s - r.difference_lower_s) for r in (plain.loc["3"],
              blocked.loc["3"])]  # fmt: skip
    assert widths[1] < 0.6 * widths[0]


def test_cages_of_one_group_are_the_units():
    """Dunnett on cage means: five cages of two a group."""
    out = swim(SWIM_S, cage=lambda g, i: f"{g}/{i // 2}")
    rows = by_group(out["forced_swim"])
    means = {g: np.reshape(v, (5, 2)).mean(axis=1) for g, v in SWIM_S.items()}
    other = by_group(swim({g: list(v) for g, v in means.items()})["forced_swim"])
    assert rows["p_dunnett"].to_numpy() == pytest.approx(
        other["p_dunnett"].to_numpy(), rel=1e-9, nan_ok=True
    )
    assert (rows.loc["3", "n"], rows.loc["3", "n_units"]) == (10, 5)
    assert rows.loc["3", "sd_s"] == pytest.approx(np.std(SWIM_S["3"], ddof=1))
    assert "random effect of the cage" in rows.loc["3", "flags"]


def test_cages_with_several_groups_are_blocks():
    rows = by_group(swim(SWIM_S, cage=lambda g, i: f"c{i}")["forced_swim"])
    assert "cage in the model as a fixed effect" in rows.loc["3", "flags"]
    assert rows.loc["3", "n_units"] == 10


def test_one_cage_a_group_cannot_be_told_apart():
    rows = by_group(swim(SWIM_S, cage=lambda g, i: g)["forced_swim"])
    assert "effects of cage and treatment not told apart" in rows.loc["3", "flags"]
    assert rows.loc["3", "p_dunnett"] == pytest.approx(0.00204755, rel=1e-5)


def test_single_animals_in_cages_change_nothing():
    rows = by_group(swim(SWIM_S, cage=lambda g, i: f"{g}/{i}")["forced_swim"])
    assert rows.loc["3", "p_dunnett"] == pytest.approx(0.00204755, rel=1e-5)
    assert rows.loc["3", "flags"] == ""


def test_unequal_variances_and_skewed_residuals_are_flagged():
    groups = {"Vehicle": [200, 201, 199, 200, 202, 198], "1": [10, 290, 150, 80, 250, 40]}
    groups["3"] = [100, 101, 99, 100, 98, 102]
    out = swim(groups)
    assert "variances differ" in by_group(out["forced_swim"]).loc["1", "flags"]
    tests = out["forced_swim_tests"].set_index("test")
    assert "see welch" in tests.loc["brown_forsythe", "flags"]


def test_a_variance_that_grows_with_the_mean_adds_the_log_scale():
    rng = np.random.default_rng(2)
    groups = {
        name: list(np.round(np.exp(rng.normal(np.log(level), 0.5, 12)), 1))
        for name, level in (("Vehicle", 90), ("1", 30), ("3", 8), ("10", 2))
    }
    out = swim(groups)
    assert "variance grows with the mean" in out["forced_swim"].iloc[0]["flags"]
    logs = out["forced_swim_contrasts"].query("method == 'dunnett_log'")
    assert len(logs) == 3
    expected = np.mean(np.log10(groups["10"])) - np.mean(np.log10(groups["Vehicle"]))
    assert logs.iloc[-1].estimate == pytest.approx(expected)


def test_runs_do_not_mix():
    one = frame(file_of(SWIM_S), SWIM)
    two = frame(file_of(SWIM_S | {"10": SWIM_S["3"]}), SWIM).assign(run="s")
    both = forced_swim.analyse(pd.concat([two, one]), {"a": SWIM})["forced_swim"]
    alone = forced_swim.analyse(one, {"a": SWIM})["forced_swim"]
    pd.testing.assert_frame_equal(both[both["run"] == "r"].reset_index(drop=True), alone)
    assert set(both["run"]) == {"r", "s"}


def test_other_readouts_are_asked_for_by_name():
    text = file_of(SWIM_S, readout=lambda g, i: "latency")
    animals = frame(text, SWIM)
    assert forced_swim.analyse(animals, {"a": SWIM})["forced_swim"].empty
    out = forced_swim.analyse(animals, {"a": SWIM}, "latency")["forced_swim"]
    assert set(out["readout"]) == {"latency"}
    assert len(out) == 4


def test_the_real_forced_swim(shared):
    assay = SWIM | {"species": "mouse", "control_group": "WT_Control_Vehicle", "trend": False}
    content = (shared / "real-drops" / "fst-mouse-fluoxetine" / "animals.csv").read_bytes()
    problems: list = []
    found = levels("a.csv", read_animals("a.csv", content, assay, problems), {}, problems)
    animals = frame_of(found, drop="d", run="fst", assay="a", species="mouse")
    rows = forced_swim.analyse(animals, {"a": assay})["forced_swim"]
    assert problems == []
    assert rows["n"].sum() == 67
    control = rows.iloc[0]
    assert (control.group, control.n) == ("WT_Control_Vehicle", 10)
    assert (control.mean_s, control.sd_s) == pytest.approx((51.2, 38.9267), rel=1e-6)
    assert rows["p_dunnett"].iloc[1:].between(0, 0.002).all()
    treated = rows[rows["role"] != "vehicle"]
    assert treated["flags"].str.contains("dose not recorded").all()
    assert not rows["minimum_effective"].fillna(False).any()
    assert rows["reduction_pct"].iloc[1:].lt(-100).all()  # not clipped


def test_pca_example():
    out = depletion(PCA_ng_per_g)
    rows = by_group(out["pca_antagonism"])
    assert list(rows.index) == ["Vehicle", "PCA", "1", "3", "10"]
    means = [791.333, 303.833, 370.333, 547.5, 723.167]
    assert rows["mean_ng_per_g"].to_numpy() == pytest.approx(means, abs=5e-4)
    anova = out["pca_tests"].set_index("test").loc["anova"]
    found = (anova.statistic, anova.df1, anova.df2, anova.p)
    assert found == pytest.approx((219.09956, 4, 25, 4.54e-19), rel=2e-3)
    assert anova.statistic == pytest.approx(219.09956, rel=1e-7)
    doses = rows.loc[["1", "3", "10"]]
    assert doses["antagonism_pct"].to_numpy() == pytest.approx(
        [13.641026, 49.982906, 86.017094], rel=1e-6
    )
    assert doses["antagonism_lower_pct"].to_numpy() == pytest.approx(
        [5.2702, 42.5178, 78.1955], abs=6e-5
    )
    assert rows.loc["1", "p_vs_pca"] == pytest.approx(0.00853089, rel=1e-5)
    assert rows.loc["PCA", "depletion_pct"] == pytest.approx(61.60489, rel=1e-6)
    assert rows.loc["PCA", "p_vs_vehicle"] == rows.loc["Vehicle", "p_vs_pca"]
    # the gate: a two-sided t of 23.981791 on 25 degrees of freedom
    assert rows.loc["PCA", "p_vs_vehicle"] == pytest.approx(1.0e-18, rel=0.5)
    assert rows.loc[["Vehicle", "PCA"], "antagonism_pct"].isna().all()
    (half,) = out["pca_ed50"].itertuples()
    assert (half.treatment, half.qualifier) == ("Sert-IN-2", "=")
    assert half.ed50_mg_per_kg == pytest.approx(3.022916, rel=1e-5)
    assert np.log10(half.ed50_mg_per_kg) == pytest.approx(0.480426, rel=1e-5)
    assert half.ed50_slope_1_mg_per_kg == pytest.approx(3.0945, rel=1e-5)
    methods = out["pca_contrasts"].query("method == 'dunnett'")
    assert list(methods["versus"]) == ["PCA"] * 3 + ["Vehicle"] * 3


@pytest.mark.parametrize(
    ("challenge", "words"),
    [
        ([v - 5 for v in PCA_ng_per_g["Vehicle"]], "does not deplete"),
        ([v * 0.7 for v in PCA_ng_per_g["Vehicle"]], "depletes by 30.0 %, less than 40 %"),
        ([v + 200 for v in PCA_ng_per_g["Vehicle"]], "does not deplete"),
    ],
)
def test_without_depletion_the_assay_is_invalid(challenge, words):
    out = depletion(PCA_ng_per_g | {"PCA": challenge})
    rows = out["pca_antagonism"]
    assert rows["flags"].str.contains("assay invalid").all()
    assert words in rows["flags"].iloc[0]
    columns = ["antagonism_pct", "antagonism_lower_pct", "antagonism_upper_pct"]
    assert rows[columns].isna().all(axis=None)
    (half,) = out["pca_ed50"].itertuples()
    assert (half.qualifier, np.isnan(half.ed50_mg_per_kg)) == ("", True)


def test_antagonism_is_not_clipped():
    groups = PCA_ng_per_g | {"1": [250, 262, 241, 255, 270, 259], "10": [901, 925, 880, 910]}
    rows = by_group(depletion(groups)["pca_antagonism"])
    assert rows.loc["1", "antagonism_pct"] < 0
    assert rows.loc["10", "antagonism_pct"] > 100
    assert "not clipped" in rows.loc["1", "flags"]
    assert "n = 4: fewer than 5 animals" in rows.loc["10", "flags"]


def test_doses_not_recorded_have_no_ed50():
    text = file_of(PCA_ng_per_g).replace(",10,mg/kg,", ",,,")
    out = pca.analyse(frame(text, PCA), {"a": PCA})
    assert "dose not recorded" in out["pca_ed50"].iloc[0]["flags"]
    assert out["pca_antagonism"]["antagonism_pct"].notna().sum() == 3


def test_two_groups_of_one_dose_have_no_ed50():
    text = file_of(PCA_ng_per_g)
    text += "".join(
        f"alone-{i},alone,treated,Sert-IN-2,10,mg/kg,{v}\n" for i, v in enumerate((800, 790, 810))
    )
    out = pca.analyse(frame(text, PCA), {"a": PCA})
    flags = out["pca_ed50"].iloc[0]["flags"]
    assert "10 and alone" in flags or "alone and 10" in flags
    assert "was one not challenged?" in flags


def test_a_group_without_challenge_is_no_dose():
    text = file_of(PCA_ng_per_g)
    text += "".join(f"n-{i},intact,naive,none,,,{v}\n" for i, v in enumerate((800, 790, 810)))
    rows = by_group(pca.analyse(frame(text, PCA), {"a": PCA})["pca_antagonism"])
    assert rows.loc["intact", ["antagonism_pct", "p_vs_pca"]].isna().all()
    assert "not one of the doses" in rows.loc["intact", "flags"]


def test_levels_below_the_limit():
    groups = PCA_ng_per_g | {"PCA": [290, 341, 290, 322, 300, 310]}
    loq = {"PCA": 295}
    out = depletion(groups, loq=lambda g, i: loq.get(g, 20))
    rows = by_group(out["pca_antagonism"])
    assert rows.loc["PCA", "n_below_loq"] == 2
    assert "2 below the limit" in rows.loc["PCA", "flags"]
    assert np.isnan(rows.loc["PCA", "sd_ng_per_g"])
    # below the mean of the limits, above nothing
    assert 280 < rows.loc["PCA", "mean_ng_per_g"] < np.mean([295, 341, 295, 322, 300, 310])
    assert rows.loc["3", "antagonism_pct"] == pytest.approx(50, abs=2)
    assert out["pca_ed50"].iloc[0].qualifier == ""
    assert "left-censoring" in rows.loc["3", "flags"]


def test_a_challenge_group_all_below_the_limit_gives_no_percentages():
    out = depletion(PCA_ng_per_g, loq=lambda g, i: 400 if g == "PCA" else 20)
    rows = by_group(out["pca_antagonism"])
    assert rows["antagonism_pct"].isna().all()
    assert np.isnan(rows.loc["PCA", "mean_ng_per_g"])
    assert "every animal below the limit" in rows.loc["PCA", "flags"]
