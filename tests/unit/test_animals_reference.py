"""Every comparison beside R: multcomp, mvtnorm, psych, rstatix, survival and R itself.

tests/data/reference/animals.R made the expected numbers; its session file names versions.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reuptake.animals import agreement, omnibus, sensitivity
from reuptake.animals.censored import fit_censored
from reuptake.animals.ed50 import ed50
from reuptake.animals.effects import antagonism_pct, hedges_g, reduction_pct
from reuptake.animals.groups import against, fit_groups
from reuptake.animals.williams import williams

FOLDER = Path(__file__).parents[1] / "data" / "reference"
SETS = ["balanced", "unequal", "pca"]


@cache
def expected():
    frame = pd.read_csv(FOLDER / "animals_expected.csv", keep_default_na=False, dtype={"item": str})
    return {tuple(row[:4]): float(row[4]) for row in frame.itertuples(index=False)}


@cache
def data(name):
    frame = pd.read_csv(FOLDER / "animals_input.csv", keep_default_na=False)
    return frame[frame["set"] == name].reset_index(drop=True)


@cache
def model(name):
    frame = data(name)
    blocks = {"block": frame["block"]} if name == "blocks" else None
    return fit_groups(frame["value"], frame["group"].tolist(), blocks)


def theirs(name, method, item, *quantities):
    return [expected()[name, method, str(item), quantity] for quantity in quantities]


@pytest.mark.parametrize("name", [*SETS, "blocks"])
def test_dunnett(name):
    """p within 1e-5 of multcomp's, whose integration is no better."""
    mine = model(name)
    control, *family = mine.groups
    found = against(mine, control, family)
    (critical,) = theirs(name, "dunnett", "", "critical")
    rel = 1e-4 if name == "blocks" else 1e-7
    assert found.critical == pytest.approx(critical, rel=rel)
    for i, group in enumerate(family):
        difference, t, p, lower, upper = theirs(
            name, "dunnett", group, "difference", "t", "p", "lower", "upper"
        )
        assert found.difference[i] == pytest.approx(difference, rel=1e-9)
        assert found.t[i] == pytest.approx(t, rel=1e-9)
        assert found.p[i] == pytest.approx(p, rel=1e-5, abs=1e-5)
        half = (upper - lower) / 2
        assert (found.lower[i], found.upper[i]) == pytest.approx((lower, upper), abs=1e-4 * half)


@pytest.mark.parametrize("name", SETS)
def test_williams(name):
    mine = model(name)
    found = williams(mine.mean, mine.covariance, mine.n, mine.df)
    for i in range(len(mine.groups) - 1):
        estimate, t, p = theirs(name, "williams", i + 1, "estimate", "t", "p")
        assert (found.estimate[i], found.t[i]) == pytest.approx((estimate, t), rel=1e-9)
        assert found.p[i] == pytest.approx(p, abs=5e-6)  # multcomp's own error
        if len(mine.groups) == 4:
            (exact,) = theirs(name, "williams", i + 1, "p_exact")
            assert found.p[i] == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("name", [*SETS, "blocks"])
def test_analysis_of_variance(name):
    test = omnibus.anova(model(name))
    assert [test.statistic, test.p] == pytest.approx(
        theirs(name, "anova", "", "statistic", "p"), rel=1e-9
    )


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("method", ["welch", "kruskal", "brown_forsythe", "shapiro"])
def test_omnibus(name, method):
    found = {test.test: test for test in omnibus.all_tests(model(name))}[method]
    rel = 1e-5 if method == "shapiro" else 1e-9
    assert [found.statistic, found.p] == pytest.approx(
        theirs(name, method, "", "statistic", "p"), rel=rel
    )
    if method == "welch":
        assert [found.df2] == pytest.approx(theirs(name, method, "", "df2"), rel=1e-9)


@pytest.mark.parametrize("name", SETS)
def test_games_howell(name):
    """R's ptukey errs by some 1e-8 (a direct integration sides with ours); rstatix rounds."""
    mine = model(name)
    for row in sensitivity.games_howell(mine.units, mine.groups).itertuples():
        df, p, rounded = theirs(
            name, "games_howell", f"{row.group}|{row.versus}", "df", "p", "p_rounded"
        )
        assert row.df == pytest.approx(df, rel=1e-9)
        assert row.p == pytest.approx(p, rel=1e-5, abs=2e-8)
        assert row.p == pytest.approx(rounded, abs=5.1e-4)


@pytest.mark.parametrize("name", SETS)
def test_dunnett_t3(name):
    mine = model(name)
    for row in sensitivity.t3_against_control(mine.units, mine.groups, mine.groups[0]).itertuples():
        assert [row.p] == pytest.approx(theirs(name, "dunnett_t3", row.group, "p"), rel=1e-6)


@pytest.mark.parametrize("name", SETS)
def test_dunn_with_holm(name):
    mine = model(name)
    control, *family = mine.groups
    frame = sensitivity.dunn_against_control(mine.units, mine.groups, control, family)
    for row in frame.itertuples():
        assert [row.statistic, row.p] == pytest.approx(
            theirs(name, "dunn_holm", row.group, "statistic", "p"), rel=1e-9
        )


@pytest.mark.parametrize("name", SETS)
def test_hedges_g_and_reduction(name):
    mine = model(name)
    compared = 0
    for i, group in enumerate(mine.groups[1:], start=1):
        reduction = reduction_pct(
            mine.mean[i], mine.mean[0], mine.covariance[np.ix_([i, 0], [i, 0])], mine.df
        )
        assert [reduction.value, reduction.lower, reduction.upper] == pytest.approx(
            theirs(name, "reduction", group, "value", "lower", "upper"), rel=1e-8
        )
        if (name, "hedges_g", group, "value") in expected():
            compared += 1
            g = hedges_g(mine.units[i], mine.units[0])
            assert [g.value, g.lower, g.upper] == pytest.approx(
                theirs(name, "hedges_g", group, "value", "lower", "upper"), rel=1e-6
            )
    assert compared


@pytest.mark.parametrize("dose", ["dose1", "dose3", "dose10"])
def test_antagonism(dose):
    mine = model("pca")
    i = [mine.at(name) for name in (dose, "PCA", "Vehicle")]
    found = antagonism_pct(*mine.mean[i], mine.covariance[np.ix_(i, i)], mine.df)
    assert [found.value, found.lower, found.upper] == pytest.approx(
        theirs("pca", "antagonism", dose, "value", "lower", "upper"), rel=1e-8
    )


def test_ed50():
    """R's profile interpolates by splines: limits within 1e-3."""
    levels = dict(zip(model("pca").groups, model("pca").units, strict=True))
    doses = {"dose1": 1.0, "dose3": 3.0, "dose10": 10.0}
    found = ed50(
        np.concatenate([np.full(len(levels[name]), dose) for name, dose in doses.items()]),
        np.concatenate([levels[name] for name in doses]),
        levels["Vehicle"],
        levels["PCA"],
    )
    value, hill, ss, lower, upper = theirs(
        "pca", "ed50", "", "ed50", "hill", "ss", "lower", "upper"
    )
    assert (found.value, found.free.hill, found.free.ss) == pytest.approx(
        (value, hill, ss), rel=1e-5
    )
    assert (found.lower, found.upper) == pytest.approx((lower, upper), rel=1e-3)
    assert [found.one.ed50, found.one.ss] == pytest.approx(
        theirs("pca", "ed50", "slope 1", "ed50", "ss"), rel=1e-5
    )


def test_icc():
    frame = data("scorers")
    scores = np.column_stack([part["value"] for _, part in frame.groupby("group")])
    found = agreement.icc_agreement(scores)
    assert [found.value, found.lower, found.upper] == pytest.approx(
        theirs("scorers", "icc", "ICC2", "value", "lower", "upper"), rel=1e-9
    )
    ours = [agreement.icc_one_way(scores), agreement.icc_consistency(scores)]
    assert ours == pytest.approx(
        [*theirs("scorers", "icc", "ICC1", "value"), *theirs("scorers", "icc", "ICC3", "value")],
        rel=1e-9,
    )


def test_levels_below_quantification():
    """survreg's variances are those of maximum likelihood, ours N/(N - g) times them."""
    frame = data("censored")
    found = fit_censored(frame["value"], frame["below"] == 1, frame["group"].tolist())
    inflate = len(frame) / found.df
    for i, group in enumerate(found.groups):
        mean, variance = theirs("censored", "tobit", group, "mean", "variance")
        assert found.mean[i] == pytest.approx(mean, rel=1e-6)
        assert found.covariance[i, i] == pytest.approx(variance * inflate, rel=1e-5)
    (sigma,) = theirs("censored", "tobit", "", "sigma")
    assert found.msw == pytest.approx(sigma**2 * inflate, rel=1e-5)
